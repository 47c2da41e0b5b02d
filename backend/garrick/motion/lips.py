"""Where the lips of one person are, from the weights alone: the fitted head's lips and front teeth, nothing else of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from garrick.bodies.head import PARTS, Head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.edits import OPENERS

_JAW, _CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
_RAISERS = [ARKIT_INDEX[name] for name in ("mouthClose", "mouthShrugLower", "mouthPressLeft", "mouthPressRight")]
_SHRUG, _ROLL_UPPER = ARKIT_INDEX["mouthShrugLower"], ARKIT_INDEX["mouthRollUpper"]
_LOWER_DOWN = [ARKIT_INDEX["mouthLowerDownLeft"], ARKIT_INDEX["mouthLowerDownRight"]]
_UPPER_UP = [ARKIT_INDEX["mouthUpperUpLeft"], ARKIT_INDEX["mouthUpperUpRight"]]
_TOUCH = -0.0005  # metres: lips press into each other, by more than the renderer's last-pixel nudge parts them (0.2 mm)
_DROPPED = 0.22  # jawOpen up to which it helps a lower lip that sinks


@dataclass(frozen=True)
class Lips:
    """The middle of the mouth of one person; heights are metres and linear in the 52 weights.

    upper, lower:             (U,), (L,) heights of the lip vertices with no expression.
    upper_basis, lower_basis: (52, U), (52, L) what each weight adds.
    incisors:                 height of the upper front teeth's edge, which no weight moves.
    """

    upper: np.ndarray
    lower: np.ndarray
    upper_basis: np.ndarray
    lower_basis: np.ndarray
    incisors: float

    def gap(self, face: np.ndarray) -> np.ndarray:
        """(..., 52) weights -> (...,) metres between the lips; below 0 they press into each other."""
        above, below = self.beside_teeth(face)
        return above - below

    def beside_teeth(self, face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(..., 52) -> (...,) metres of the upper lip's edge, and of the lower lip's, over the edge of the upper teeth."""
        upper = (self.upper + face @ self.upper_basis).min(axis=-1)
        lower = (self.lower + face @ self.lower_basis).max(axis=-1)
        return upper - self.incisors, lower - self.incisors

    def closed(self, face: np.ndarray) -> np.ndarray:
        """(N, 52) -> (N, 52): the least change that makes the lips touch.

        First what parts them gives way, then mouthClose rises, then the jaw closes; each only as far as it must.
        """
        for channels, limit in ((OPENERS, 0.0), (_CLOSE, 1.0), (_JAW, 0.0)):
            shut = face.copy()
            shut[:, channels] = limit
            face = _towards(face, shut, lambda between: self.gap(between) <= _TOUCH)
        return face

    def around_teeth(self, face: np.ndarray, above: float, below: tuple[float, float]) -> np.ndarray:
        """(N, 52) -> (N, 52): the least change that brings the lips where the upper teeth's edge asks for them.

        above: metres that the upper lip's edge is over it at least.    below: metres between which the lower lip's edge is
        over it. Each weight goes as far as it must; where all of them do not do it, lips come as near as they can.
        """
        lowest, highest = below
        for channels, limit in ((_RAISERS, 0.0), (_LOWER_DOWN, 1.0), (_JAW, _DROPPED)):
            sunk = face.copy()
            sunk[:, channels] = limit if limit == 0 else np.maximum(sunk[:, channels], limit)
            face = _towards(face, sunk, lambda between: self.beside_teeth(between)[1] <= highest)
        for channels, limit in ((_JAW, 0.0), (_SHRUG, 1.0)):
            risen = face.copy()
            risen[:, channels] = limit
            face = _towards(face, risen, lambda between: self.beside_teeth(between)[1] >= lowest)
        for channels, limit in ((_ROLL_UPPER, 0.0), (_UPPER_UP, 1.0)):
            bared = face.copy()
            bared[:, channels] = limit
            face = _towards(face, bared, lambda between: self.beside_teeth(between)[0] >= above)
        return face


def _towards(face: np.ndarray, goal: np.ndarray, there: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(N, 52) on the way from `face` to `goal`, just so far that it is there (by bisection), or all the way."""
    short = np.zeros((len(face), 1))
    enough = np.where(there(face), 0.0, 1.0)[:, None]
    for _ in range(12):
        middle = (short + enough) / 2
        done = there(face + (goal - face) * middle)[:, None]
        short, enough = np.where(done, short, middle), np.where(done, middle, enough)
    return face + (goal - face) * enough


def lips_of(head: Head, identity: np.ndarray) -> Lips:
    """The lips of a person, (B,) standard deviations."""
    rest = head.vertices(identity)[:, 1]
    upper, lower = head.lips == 1, head.lips == 2
    teeth = np.flatnonzero(head.vertex_parts == PARTS.index("teeth"))
    return Lips(
        rest[upper].astype(np.float64),
        rest[lower].astype(np.float64),
        head.face_basis[:, upper, 1].astype(np.float64),
        head.face_basis[:, lower, 1].astype(np.float64),
        float(rest[teeth[: len(teeth) // 2]].min()),  # the upper jaw's come first
    )
