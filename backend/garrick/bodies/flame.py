"""FLAME behind the same interface: the user's own licensed files, read by smplx, with our 52 shapes carried over.

FLAME (Li et al. 2017) has no ARKit shapes: ours are transferred to its surface after a similarity fit of the two heads,
and so are the 468 landmarks. Its own identity components, joints and skin weights are used as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from garrick.bodies.head import PARTS, Head, load_head
from garrick.bodies.surface import closest_points, nearest
from garrick.core.arkit import ARKIT_INDEX
from garrick.errors import MissingError

IDENTITY_COMPONENTS = 100
_ROUNDS = 12
_REACH = 0.015  # metres within which two surfaces are taken to match


def load_flame(folder: Path, gender: str = "neutral") -> Head:
    """Load FLAME_<GENDER>.pkl or .npz (with flame_static_embedding.pkl beside it, as smplx wants) as a Head.

    Raises MissingError when the files are not there. Pickles run code when opened: load only files you trust.
    """
    import smplx

    stem = f"FLAME_{gender.upper()}"
    kinds = [kind for kind in ("npz", "pkl") if (folder / f"{stem}.{kind}").is_file()]
    if not kinds or not (folder / "flame_static_embedding.pkl").is_file():
        raise MissingError(
            f"{folder} does not hold {stem}.pkl (or .npz) and flame_static_embedding.pkl.",
            "Download FLAME under its own licence and name its folder.",
        )
    model: Any = smplx.FLAME(
        str(folder), gender=gender, ext=kinds[0], num_betas=IDENTITY_COMPONENTS, num_expression_coeffs=1
    )
    ours = load_head()
    template = model.v_template.numpy().astype(np.float32)
    basis = np.moveaxis(model.shapedirs.numpy(), 2, 0).astype(np.float32)
    regressor = model.J_regressor.numpy().astype(np.float32)
    joints = regressor @ template
    faces = np.asarray(model.faces, np.int32)
    weights = model.lbs_weights.numpy().astype(np.float32)
    scale, turn, shift = _similarity(ours, template, joints)
    placed = ((ours.template @ turn.T) * scale + shift).astype(np.float32)
    eyes = weights[:, 3:].max(axis=1) > 0.5
    skin = np.isin(ours.vertex_parts, [PARTS.index(part) for part in ("skin", "mouth", "socket")])
    shapes = _carry_shapes(ours, placed, template, skin, eyes) @ turn.T * scale
    landmarks = closest_points(ours.landmarks(placed), template, faces[~eyes[faces].all(axis=1)])
    return Head(
        template=template,
        identity_basis=basis,
        face_basis=shapes.astype(np.float32),
        joint_template=joints,
        joint_basis=np.einsum("jv,bvc->bjc", regressor, basis),
        weights=weights,
        quads=faces[:, [0, 1, 2, 2]],  # a triangle is a quad whose last two corners coincide
        quad_uvs=faces[:, [0, 1, 2, 2]],
        uvs=_cylinder(template),
        quad_parts=np.where(eyes[faces].all(axis=1), PARTS.index("eye"), PARTS.index("skin")).astype(np.uint8),
        mirror=nearest(template * (-1, 1, 1), template),
        lips=_carry_lips(ours, placed, template, shapes),
        slider_map=np.zeros((9, len(basis)), np.float32),
        average_adult=np.zeros(len(basis), np.float32),
        landmark_corners=landmarks.corners.astype(np.int32),
        landmark_weights=landmarks.weights.astype(np.float32),
        credits="FLAME: the user's own licensed files. Expression shapes carried over from Garrick's CC0 head.",
    )


def _similarity(ours: Head, template: np.ndarray, joints: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale, rotation and shift that lay our head on theirs: by the joints first, then by the surfaces (ICP)."""
    scale, turn, shift = _umeyama(ours.joint_template[1:], joints[1:])
    face = (ours.vertex_parts == 0) & (ours.weights[:, 0] == 0)
    for _ in range(_ROUNDS):
        placed = (ours.template[face] @ turn.T) * scale + shift
        matches = nearest(placed, template)
        close = np.linalg.norm(template[matches] - placed, axis=1) < _REACH
        if close.sum() < 50:
            break
        scale, turn, shift = _umeyama(ours.template[face][close], template[matches[close]])
    return scale, turn, shift


def _umeyama(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The similarity that carries source (n, 3) to target (n, 3) in least squares (Umeyama 1991)."""
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, s, vt = np.linalg.svd(b.T @ a)
    sign = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn = u @ sign @ vt
    scale = float((s * np.diag(sign)).sum() / (a**2).sum())
    return scale, turn, target.mean(axis=0) - scale * turn @ source.mean(axis=0)


def _carry_shapes(
    ours: Head, placed: np.ndarray, template: np.ndarray, skin: np.ndarray, eyes: np.ndarray
) -> np.ndarray:
    """(52, V, 3) our offsets at the nearest points of our skin, fading where the surfaces part."""
    triangles = ours.triangles[skin[ours.triangles].all(axis=1)]
    prints = closest_points(template, placed, triangles)
    shapes = prints.carry(ours.face_basis)
    fade = np.exp(-((np.maximum(prints.distance - 0.004, 0) / 0.012) ** 2))
    return shapes * np.where(eyes, 0, fade)[:, None]


def _carry_lips(ours: Head, placed: np.ndarray, template: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """(V,) uint8 as Head.lips: vertices near our lips' middle, lower where jawOpen takes them down."""
    middle = placed[ours.lips > 0]
    near = np.linalg.norm(middle[nearest(template, middle)] - template, axis=1) < 0.004
    lower = shapes[ARKIT_INDEX["jawOpen"]][:, 1] < -0.006
    return np.where(near, np.where(lower, 2, 1), 0).astype(np.uint8)


def _cylinder(template: np.ndarray) -> np.ndarray:
    """(V, 2) uvs about the vertical axis: FLAME's own layout is not part of the model file."""
    u = 0.5 + np.arctan2(template[:, 0], template[:, 2]) / (2 * np.pi)
    v = (template[:, 1] - template[:, 1].min()) / np.ptp(template[:, 1])
    return np.column_stack([u, v]).astype(np.float32)
