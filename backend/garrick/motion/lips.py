"""How far the lips of one person are apart, from the weights alone: the fitted head's lips and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.head import Head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.edits import OPENERS

_JAW, _CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
_TOUCH = -0.0005  # metres: lips press into each other, by more than the renderer's last-pixel nudge parts them (0.2 mm)


@dataclass(frozen=True)
class Lips:
    """The middle of the mouth of one person; heights are metres and linear in the 52 weights.

    upper, lower:             (U,), (L,) heights of the lip vertices with no expression.
    upper_basis, lower_basis: (52, U), (52, L) what each weight adds.
    """

    upper: np.ndarray
    lower: np.ndarray
    upper_basis: np.ndarray
    lower_basis: np.ndarray

    def gap(self, face: np.ndarray) -> np.ndarray:
        """(..., 52) weights -> (...,) metres between the lips; below 0 they press into each other."""
        upper = (self.upper + face @ self.upper_basis).min(axis=-1)
        lower = (self.lower + face @ self.lower_basis).max(axis=-1)
        return upper - lower

    def closed(self, face: np.ndarray) -> np.ndarray:
        """(N, 52) -> (N, 52): the least change that makes the lips touch.

        First what parts them gives way, then mouthClose rises, then the jaw closes; each only as far as it must.
        """
        for channels, limit in ((OPENERS, 0.0), (_CLOSE, 1.0), (_JAW, 0.0)):
            shut = face.copy()
            shut[:, channels] = limit
            face = self._towards(face, shut)
        return face

    def _towards(self, face: np.ndarray, shut: np.ndarray) -> np.ndarray:
        """(N, 52) on the way from `face` to `shut`, just so far that the lips touch (by bisection), or all the way."""
        apart = np.zeros((len(face), 1))
        touch = np.where(self.gap(face) <= _TOUCH, 0.0, 1.0)[:, None]
        for _ in range(12):
            middle = (apart + touch) / 2
            touches = self.gap(face + (shut - face) * middle)[:, None] <= _TOUCH
            apart, touch = np.where(touches, apart, middle), np.where(touches, middle, touch)
        return face + (shut - face) * touch


def lips_of(head: Head, identity: np.ndarray) -> Lips:
    """The lips of a person, (B,) standard deviations."""
    rest = head.vertices(identity)[:, 1]
    upper, lower = head.lips == 1, head.lips == 2
    return Lips(
        rest[upper].astype(np.float64),
        rest[lower].astype(np.float64),
        head.face_basis[:, upper, 1].astype(np.float64),
        head.face_basis[:, lower, 1].astype(np.float64),
    )
