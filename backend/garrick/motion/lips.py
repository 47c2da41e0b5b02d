"""How far the lips of one person are apart, from the weights alone: the fitted head's lips and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.head import Head
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception.portrait import Portrait

OPENERS: tuple[int, ...] = tuple(
    ARKIT_INDEX[name]
    for name in (
        "mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
        "mouthUpperUpRight", "mouthStretchLeft", "mouthStretchRight", "jawForward", "tongueOut",
    )
)  # fmt: skip
"""Weights besides jawOpen that part the lips."""

_JAW, _CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
_TOUCH = -0.0002  # metres: lips that meet press into each other a little
_UPPER_INNER, _LOWER_INNER = 13, 14  # MediaPipe's middle points of the inner lips


@dataclass(frozen=True)
class Lips:
    """The middle of the mouth of one person; heights are metres and linear in the 52 weights.

    upper, lower:             (U,), (L,) heights of the lip vertices with no expression.
    upper_basis, lower_basis: (52, U), (52, L) what each weight adds.
    parted:                   metres by which the person's lips are farther apart in the photo than the fitted head's.
    """

    upper: np.ndarray
    lower: np.ndarray
    upper_basis: np.ndarray
    lower_basis: np.ndarray
    parted: float = 0.0

    def gap(self, face: np.ndarray) -> np.ndarray:
        """(..., 52) weights -> (...,) metres between the lips; below 0 they press into each other."""
        upper = (self.upper + face @ self.upper_basis).min(axis=-1)
        lower = (self.lower + face @ self.lower_basis).max(axis=-1)
        return upper - lower + self.parted

    def closed(self, face: np.ndarray) -> np.ndarray:
        """(N, 52) -> (N, 52): mouthClose raised until the lips touch; jawOpen gives way where that does not suffice."""
        face = face.copy()
        full = face.copy()
        full[:, _CLOSE] = 1.0
        stuck = self.gap(full) > _TOUCH
        face[stuck, _CLOSE] = 1.0
        face[stuck] = self._shut_with(face[stuck], _JAW, 0.0)
        face[~stuck] = self._shut_with(face[~stuck], _CLOSE, 1.0)
        return face

    def _shut_with(self, face: np.ndarray, channel: int, limit: float) -> np.ndarray:
        """Move one weight from its value towards `limit`, just so far that the lips touch (by bisection)."""
        parted = face[:, channel].copy()
        shut = np.where(self.gap(face) <= _TOUCH, parted, limit)
        for _ in range(12):
            face[:, channel] = (parted + shut) / 2
            touches = self.gap(face) <= _TOUCH
            parted = np.where(touches, parted, face[:, channel])
            shut = np.where(touches, face[:, channel], shut)
        face[:, channel] = shut
        return face


def lips_of(head: Head, portrait: Portrait) -> Lips:
    """The lips of the person in the portrait, corrected by what the photo's landmarks say about their opening."""
    rest = head.vertices(portrait.identity)[:, 1]
    upper, lower = head.lips == 1, head.lips == 2
    lips = Lips(
        rest[upper].astype(np.float64),
        rest[lower].astype(np.float64),
        head.face_basis[:, upper, 1].astype(np.float64),
        head.face_basis[:, lower, 1].astype(np.float64),
    )
    posed = head.vertices(
        portrait.identity, portrait.face.astype(np.float32), neck=portrait.head_rotation.astype(np.float32)
    )
    inner = head.landmarks(posed)[[_UPPER_INNER, _LOWER_INNER]]
    modelled = portrait.camera.project(inner)
    across = portrait.landmarks[_LOWER_INNER] - portrait.landmarks[_UPPER_INNER]
    missing = np.linalg.norm(across) - np.linalg.norm(modelled[1, :2] - modelled[0, :2])
    pixel = modelled[:, 2].mean() / portrait.camera.intrinsics[1, 1]  # metres
    return Lips(lips.upper, lips.lower, lips.upper_basis, lips.lower_basis, float(missing * pixel))
