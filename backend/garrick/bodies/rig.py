"""The rig description: mesh, shapes and skeleton of one portrait's head, as data that any host can build from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.head import JOINTS, PARENTS, PARTS, Head
from garrick.bodies.mouth import mouth_offsets
from garrick.core.arkit import ARKIT_NAMES
from garrick.perception.portrait import Portrait

_CHANNELS = {"neck": "head_rotation", "left_eye": "gaze.left", "right_eye": "gaze.right"}
_COLORS = {
    "skin": (0.60, 0.39, 0.30),
    "mouth": (0.16, 0.03, 0.03),
    "socket": (0.45, 0.22, 0.18),
    "tongue": (0.42, 0.12, 0.11),
    "eye": (0.80, 0.78, 0.75),
    "teeth": (0.78, 0.72, 0.60),
    "gums": (0.40, 0.12, 0.11),
}
_SMALLEST = 2e-6  # metres; smaller offsets are the rounding of the source

ASPECT = 1.25
"""Width of the head's texture over its height: beside the square of the skin there is a strip of four cells."""

_CELL, _MARGIN = 0.25, 0.012  # of the texture's height


@dataclass(frozen=True)
class Layout:
    """Where the head's surface lies in its texture; only crowns of teeth and folds of gums lie over one another.

    uvs: (U, 2) float32 0..1, v up. quad_uvs: (Q, 4) int32 into them. eyes: left and right eyeball's square, azimuthal
    about the pupil: left edge, lower edge and side in units of the texture's height.
    """

    uvs: np.ndarray
    quad_uvs: np.ndarray
    eyes: tuple[tuple[float, float, float], tuple[float, float, float]]


def layout(head: Head) -> Layout:
    """The head's own unwrapping beside cells for eyeballs, teeth and gums, which share one place in it."""
    uvs = head.uvs.astype(np.float64).copy()
    side = _CELL - 2 * _MARGIN
    corners = [(1 + _MARGIN, row * _CELL + _MARGIN) for row in range(4)]
    for part, corner in (("teeth", corners[1]), ("gums", corners[0])):
        texels, points = _corners(head, head.quad_parts == PARTS.index(part))
        # from above: the arch is a horseshoe, and its colour depends on how far inside the mouth it lies
        span = np.ptp(points[:, [0, 2]], axis=0).max()
        uvs[texels] = corner + side * (points[:, [0, 2]] - points[:, [0, 2]].min(axis=0)) / span
    eyes = []
    for joint, corner in ((3, corners[3]), (4, corners[2])):
        ball = (head.quad_parts == PARTS.index("eye")) & (head.weights[head.quads[:, 0], joint] > 0.5)
        texels, _ = _corners(head, ball)
        uvs[texels] = corner + side * head.uvs[texels]
        eyes.append((*corner, side))
    uvs[:, 0] /= ASPECT
    return Layout(uvs.astype(np.float32), head.quad_uvs, (eyes[0], eyes[1]))


def _corners(head: Head, quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The uvs that some quads (Q,) bool use, and (n, 3) where their vertices rest."""
    texels, first = np.unique(head.quad_uvs[quads], return_index=True)
    return texels, head.template[head.quads[quads].ravel()[first]]


def rig_arrays(head: Head, portrait: Portrait) -> dict[str, np.ndarray]:
    """The arrays of rig.npz for a fitted portrait.

    Mesh: vertices (V, 3) metres in head space without expression, lower teeth and tongue as frames show them, loops and
    polygon_sizes, uv (in the head's texture, see `layout`) and photo_uv (in the portrait picture, in its pose) a corner, v
    up; material, material_names, material_colors (linear).
    Shapes: shape_names and sparse offsets; shape s owns entries shape_starts[s] : shape_starts[s + 1].
    Skeleton: joint_names, joint_parents, joint_positions, weights (V, J), joint_channels (what turns the joint).
    """
    corners, _ = _polygons(head)
    return identity_rig(head, portrait.identity) | {"photo_uv": _photo_uv(head, portrait)[head.quads[corners]]}


def identity_rig(head: Head, identity: np.ndarray) -> dict[str, np.ndarray]:
    """`rig_arrays` of an identity (B,), without photo_uv."""
    vertices = head.vertices(identity)
    vertices = vertices + mouth_offsets(head, vertices)
    starts, touched, deltas = [0], [], []
    for shape in head.face_basis:
        moved = np.flatnonzero(np.abs(shape).max(axis=1) > _SMALLEST)
        touched.append(moved)
        deltas.append(shape[moved])
        starts.append(starts[-1] + len(moved))
    corners, sizes = _polygons(head)
    place = layout(head)
    return {
        "vertices": vertices.astype(np.float32),
        "loops": head.quads[corners].astype(np.int32),
        "polygon_sizes": sizes,
        "uv": place.uvs[place.quad_uvs[corners]],
        "material": head.quad_parts,
        "material_names": np.array(PARTS),
        "material_colors": np.array([_COLORS[part] for part in PARTS], np.float32),
        "shape_names": np.array(ARKIT_NAMES),
        "shape_starts": np.array(starts, np.int32),
        "shape_vertices": np.concatenate(touched).astype(np.int32),
        "shape_deltas": np.concatenate(deltas).astype(np.float32),
        "joint_names": np.array(JOINTS),
        "joint_parents": np.array(PARENTS, np.int32),
        "joint_positions": head.joints(identity).astype(np.float32),
        "weights": head.weights,
        "joint_channels": np.array([_CHANNELS.get(joint, "") for joint in JOINTS]),
    }


def _polygons(head: Head) -> tuple[np.ndarray, np.ndarray]:
    """(Q, 4) bool, which corners of the quads count: a triangle is a quad whose last two coincide. (Q,) how many."""
    corners = np.ones(head.quads.shape, bool)
    corners[:, 3] = head.quads[:, 3] != head.quads[:, 2]
    return corners, corners.sum(axis=1).astype(np.int32)


def _photo_uv(head: Head, portrait: Portrait) -> np.ndarray:
    """(V, 2) where each vertex lies in the portrait picture, 0..1, v up."""
    posed = head.vertices(portrait.identity, portrait.face, neck=portrait.head_rotation)
    width, height = portrait.camera.size
    pixels = portrait.camera.project(posed)[:, :2]
    return np.column_stack([pixels[:, 0] / width, 1 - pixels[:, 1] / height]).astype(np.float32)
