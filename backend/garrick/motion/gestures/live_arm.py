"""One arm and hand that are told where to go while they move.

Each joint goes from however fast it turns to a pose at rest along the quintic in time that is a minimum-jerk move where it
starts at rest (Flash and Hogan 1985). So a hand that is called elsewhere on its way bends its course, and one that is not
moves as in `curves`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.hand import Side
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.curves import ARM, DELAY, hurried, pose_of

ALL = slice(None)
LEAD = -float(DELAY.min())
"""Seconds by which the joints that go first are before the wrist: a move must be ordered so long before it begins."""

_FASTEST = 6.6  # radians a second of any arm joint: what is never still comes on top
_LOOKS = 16  # moments of a move at which its speed is looked at
_LONGER = 1.15  # by which a move is stretched that would be too fast
_TRIES = 16
_STEP = 2e-3  # seconds between poses from which speeds are taken


@dataclass(frozen=True)
class _Leg:
    """A move of all 19 joints: R = base exp(sum of powers * t^n), t seconds since `start` + `DELAY`, at most `lasts`."""

    start: float
    lasts: float
    base: np.ndarray
    powers: np.ndarray

    @property
    def end(self) -> float:
        return self.start + self.lasts

    def at(self, times: np.ndarray, joints: slice) -> np.ndarray:
        """(F,) seconds -> (F, J, 3, 3)."""
        since = np.clip(times[:, None] - DELAY[joints] - self.start, 0, self.lasts)[..., None]
        powers = self.powers[:, joints]
        turn = powers[-1]
        for power in powers[-2::-1]:
            turn = turn * since + power
        return self.base[joints] @ rotation_matrices(turn)


class LiveArm:
    """An arm that hangs at first."""

    def __init__(self, side: Side) -> None:
        self.side: Side = side
        hang = pose_of("hang", "relaxed", side)
        self._legs = [_Leg(-2.0, 1.0, hang, np.zeros((6, *hang.shape[:-1])))]
        self.goal = hang
        """(19, 3, 3): where it will be when all that was ordered is done."""

    @property
    def arrives(self) -> float:
        """Seconds at which the wrist is at the goal."""
        return self._legs[-1].end

    def go(self, start: float, pose: np.ndarray, lasts: float, fastest: float = _FASTEST) -> float:
        """Move to a (19, 3, 3) pose from `start` seconds on; what was ordered for later is forgotten.

        lasts: seconds, more where an arm joint would be faster than `fastest`. Returns when the wrist arrives.
        """
        self._legs = [leg for leg in self._legs if leg.start < start]
        before, base, after = (self._each(start + step + DELAY) for step in (-_STEP, 0.0, _STEP))
        speed = axis_angles(np.swapaxes(before, -1, -2) @ after) / (2 * _STEP)
        way = axis_angles(np.swapaxes(base, -1, -2) @ pose)
        lasts = max(lasts, hurried(base, pose, fastest), _STEP)
        for _ in range(_TRIES):
            leg = _Leg(start, lasts, base, _quintic(way, speed, lasts))
            if _peak(leg) <= fastest:
                break
            lasts *= _LONGER
        self._legs.append(leg)
        self.goal = pose
        return leg.end

    def poses(self, times: np.ndarray, joints: slice = ALL) -> np.ndarray:
        """(F,) rising seconds, none before what `forget` was told of -> (F, J, 3, 3) of those of the 19 joints."""
        starts = times[:, None] - DELAY[joints]
        found = np.empty((*starts.shape, 3, 3))
        first = sum(leg.start <= starts.min() for leg in self._legs[1:])
        for leg in self._legs[first:]:
            begun = starts >= leg.start if leg is not self._legs[first] else np.ones(starts.shape, bool)
            late = int(np.argmax(begun.any(axis=1))) if begun.any() else len(times)
            found[late:] = np.where(begun[late:, :, None, None], leg.at(times[late:], joints), found[late:])
        return found

    def forget(self, before: float) -> None:
        """Drop what is over before that second."""
        while len(self._legs) > 1 and self._legs[1].start + DELAY.max() < before:
            del self._legs[0]

    def _each(self, moments: np.ndarray) -> np.ndarray:
        """(19, 3, 3): each joint at a moment of its own, (19,) seconds."""
        joints = np.arange(len(moments))
        return self.poses(moments)[joints, joints]


def _quintic(way: np.ndarray, speed: np.ndarray, lasts: float) -> np.ndarray:
    """(6, 19, 3) powers of time: from 0 with a speed, and no push, to a way at rest.

    An acceleration that went on as well would throw a hand that is called back far beyond.
    """
    go, on = way / lasts**3, speed / lasts**2
    rest = np.zeros_like(way)
    return np.stack([rest, speed, rest, 10 * go - 6 * on, (8 * on - 15 * go) / lasts, (6 * go - 3 * on) / lasts**2])


def _peak(leg: _Leg) -> float:
    """Radians a second of the fastest arm joint."""
    times = leg.start + np.linspace(0, leg.lasts, _LOOKS + 1)
    turn = np.zeros((len(times), ARM, 3))
    for power in leg.powers[::-1, :ARM]:
        turn = turn * (times - leg.start)[:, None, None] + power
    found = rotation_matrices(turn)
    steps = axis_angles(np.swapaxes(found[:-1], -1, -2) @ found[1:])
    return float(np.linalg.norm(steps, axis=-1).max()) * _LOOKS / leg.lasts
