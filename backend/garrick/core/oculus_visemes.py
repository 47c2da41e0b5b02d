"""The fifteen visemes of Oculus Lipsync as mouth shapes, and a face seen as a mix of them.

Characters with visemes but without ARKit keys have one key for a whole mouth shape. How much of each there is in a face
follows from the face: the mix whose mouth comes nearest to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arkit import ARKIT_INDEX

_SHAPES: dict[str, dict[str, float]] = {
    "PP": {"mouthPress": 0.4, "mouthRollLower": 0.3, "mouthRollUpper": 0.3},
    "FF": {"mouthRollLower": 0.5, "mouthUpperUp": 0.15, "jawOpen": 0.06},
    "TH": {"jawOpen": 0.15, "tongueOut": 0.4, "mouthLowerDown": 0.2},
    "DD": {"jawOpen": 0.12, "mouthUpperUp": 0.1, "mouthLowerDown": 0.25},
    "kk": {"jawOpen": 0.18, "mouthStretch": 0.15, "mouthLowerDown": 0.12},
    "CH": {"mouthFunnel": 0.5, "mouthPucker": 0.25, "jawOpen": 0.08, "mouthShrugUpper": 0.2},
    "SS": {"mouthStretch": 0.35, "mouthSmile": 0.15, "jawOpen": 0.05, "mouthLowerDown": 0.25},
    "nn": {"jawOpen": 0.1, "mouthLowerDown": 0.15, "mouthStretch": 0.1},
    "RR": {"mouthFunnel": 0.3, "mouthPucker": 0.3, "jawOpen": 0.12},
    "aa": {"jawOpen": 0.6, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    "E": {"jawOpen": 0.3, "mouthStretch": 0.35, "mouthSmile": 0.2, "mouthLowerDown": 0.3},
    "ih": {"jawOpen": 0.18, "mouthSmile": 0.35, "mouthStretch": 0.25, "mouthLowerDown": 0.2},
    "oh": {"jawOpen": 0.4, "mouthFunnel": 0.5, "mouthPucker": 0.15},
    "ou": {"jawOpen": 0.15, "mouthPucker": 0.6, "mouthFunnel": 0.35},
}
"""What each viseme looks like in ARKit weights; a name without a side means both sides. Silence is the mouth at rest."""

VISEMES: tuple[str, ...] = tuple(_SHAPES)

SILENCE = "sil"
"""The fifteenth: what the others leave."""

_PASSES = 60  # of coordinate descent: within 1e-4 of the end for these fourteen shapes


def _columns(name: str) -> list[int]:
    if name in ARKIT_INDEX:
        return [ARKIT_INDEX[name]]
    return [ARKIT_INDEX[name + side] for side in ("Left", "Right")]


_USED = sorted({column for shape in _SHAPES.values() for name in shape for column in _columns(name)})


def face_of(name: str) -> np.ndarray:
    """(52,) face weights of one viseme."""
    face = np.zeros(len(ARKIT_INDEX), np.float32)
    for part, weight in _SHAPES[name].items():
        face[_columns(part)] = weight
    return face


def viseme_weights(face: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(F, 52) weights -> (F, K) weights 0..1 of the named visemes: the nearest mix, by least squares without negatives.

    names: of VISEMES, the ones that the character has. Lips that are closed over an open jaw count as closed.
    """
    seen = np.asarray(face, np.float64).copy()
    jaw = ARKIT_INDEX["jawOpen"]
    seen[:, jaw] = np.maximum(0.0, seen[:, jaw] - seen[:, ARKIT_INDEX["mouthClose"]])
    seen = seen[:, _USED]
    shapes = np.array([face_of(name)[_USED] for name in names]).reshape(len(names), len(_USED))
    likeness, overlap = seen @ shapes.T, shapes @ shapes.T
    weights = np.zeros((len(seen), len(names)))
    for _ in range(_PASSES):
        for k in range(len(names)):
            rest = likeness[:, k] - weights @ overlap[:, k] + weights[:, k] * overlap[k, k]
            weights[:, k] = np.clip(rest / overlap[k, k], 0.0, 1.0)
    return weights
