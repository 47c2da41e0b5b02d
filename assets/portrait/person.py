"""Who is in the sample portrait: one identity on our head, and the same body under it for clothes. No bpy.

Everything is in Garrick's space, metres, with the head joint at the origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from garrick.bodies import identity
from garrick.bodies.build import Source
from garrick.bodies.head import Head, load_head
from garrick.bodies.makehuman import METRES, macro_targets, read_base_mesh, read_bone_weights, read_target
from garrick.core.arkit import ARKIT_INDEX

MACROS = {
    "age": 0.62, "gender": 0.12, "weight": 0.42, "muscle": 0.5, "height": 0.5, "proportions": 0.85,
    "african": 0.18, "asian": 0.27, "caucasian": 0.55,
}  # fmt: skip
"""Sliders of the body data: an adult woman of mixed descent; not made after anybody."""

LOCALS = {
    "nose/nose-scale-horiz-decr": 0.30,
    "mouth/mouth-scale-horiz-decr": 0.16,
    "mouth/mouth-upperlip-volume-decr": 0.15,
    "ears/l-ear-wing-decr": 0.6,
    "ears/r-ear-wing-decr": 0.6,
    "ears/l-ear-scale-decr": 0.35,
    "ears/r-ear-scale-decr": 0.35,
    "chin/chin-width-decr": 0.25,
    "eyes/l-eye-scale-incr": 0.25,
    "eyes/r-eye-scale-incr": 0.25,
}
"""Local targets on top, folder/name -> weight."""

RELAXED = {"mouthSmileLeft": 0.17, "mouthSmileRight": 0.15, "cheekSquintLeft": 0.08, "cheekSquintRight": 0.08}
"""A neutral face at ease, as ARKit weights."""

LOWERED_ARM = 38.0  # degrees from the source's A-pose towards the body
SHIRT = "helper-tights"


@dataclass(frozen=True)
class Person:
    """head: our head model; identity: (100,); vertices: (V, 3) of the head, relaxed;
    body: (N, 3) the source's body with arms lowered; shirt: (Q, 4) quads of it for clothes;
    """

    head: Head
    identity: np.ndarray
    vertices: np.ndarray
    body: np.ndarray
    shirt: np.ndarray


def make_person(data: Path) -> Person:
    """Shape the body, fit the head's identity to it. data: the registry's `body_data` folder."""
    base = read_base_mesh(data / "mpfb2" / "3dobjs" / "base.obj")
    shaped = base.vertices + _offsets(data / "mpfb2" / "targets", len(base.vertices))
    source, head = Source.cut(base, data), load_head()
    joint = shaped[base.group_vertices("joint-head")].mean(axis=0)
    body = (shaped - joint) * METRES
    coefficients = _fit_identity(head, body[source.skin_ids])
    face = np.zeros(52, np.float32)
    for name, weight in RELAXED.items():
        face[ARKIT_INDEX[name]] = weight
    return Person(
        head=head,
        identity=coefficients,
        vertices=head.vertices(coefficients, face),
        body=_lower_arms(base, body, data / "mpfb2" / "rigs" / "standard"),
        shirt=base.quads[base.groups[SHIRT]],
    )


def _offsets(folder: Path, count: int) -> np.ndarray:
    """(count, 3) decimetres: the macro targets of `MACROS` and the locals of `LOCALS`."""
    sliders = np.array([[MACROS[name] for name in identity.MACROS]])
    targets = list(macro_targets(folder))
    labels = identity.Targets(np.zeros((0, 0, 3), np.float32), tuple(label for _, label in targets), {})
    weights = identity.macro_weights(labels, sliders)[0]
    paths = {path: weight for (path, _), weight in zip(targets, weights, strict=True) if weight > 0}
    paths |= {folder / f"{name}.target.gz": weight for name, weight in LOCALS.items() if weight}
    return np.sum([weight * read_target(path, count) for path, weight in paths.items()], axis=0)


def _fit_identity(head: Head, skin: np.ndarray) -> np.ndarray:
    """(100,) least squares on the skin, with the prior's weight of one vertex in a millimetre."""
    basis = head.identity_basis[:, : len(skin)].reshape(len(head.identity_basis), -1).T.astype(np.float64)
    rest = (skin - head.template[: len(skin)]).ravel()
    normal = basis.T @ basis + 1e-6 * np.eye(basis.shape[1])
    return np.linalg.solve(normal, basis.T @ rest).astype(np.float32)


def _lower_arms(base, body: np.ndarray, rig: Path) -> np.ndarray:
    """Turn both arms down about the shoulder joints by the source's own skin weights."""
    weights = read_bone_weights(rig, len(body))
    lowered = body.copy()
    for side, sign in (("L", -1.0), ("R", 1.0)):
        arm = np.sum([array for name, array in weights.items() if name.endswith("." + side) and _is_arm(name)], axis=0)
        pivot = body[base.group_vertices(f"joint-{side.lower()}-shoulder")].mean(axis=0)
        angle = np.radians(LOWERED_ARM) * sign
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        lowered += arm[:, None] * ((body - pivot) @ turn.T + pivot - body)
    return lowered


def _is_arm(bone: str) -> bool:
    return bone.startswith(("upperarm", "lowerarm", "wrist", "finger", "metacarpal"))
