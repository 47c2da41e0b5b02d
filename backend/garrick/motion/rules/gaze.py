"""Where the eyes go: fixations on the listener, glances away, and the saccades between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from garrick.core.easing import smoothstep
from garrick.motion.rules.activity import spoken_spans
from garrick.speech.speech import Phone

_MUTUAL, _MUTUAL_SPREAD = 2.2, 0.5  # seconds of looking at the listener (Rogers 2018), log-normal sigma
_AVERTED, _AVERTED_SPREAD = 0.8, 0.35  # seconds of looking away
_REFIXATION, _REFIXATION_SPREAD = 0.8, 0.4  # seconds between small shifts over the listener's face
FACE = np.radians([0.7, 0.5])  # spread of those shifts, yaw and pitch
TURN_PAUSE = 1.0  # seconds of silence that end a turn
_BOUNDARY = (
    0.4  # seconds over which the end of a phrase draws the eyes back to the listener, and its start lets them off
)
_EARLY, _APART = 0.1, 0.3  # seconds before those at which they go, and between two goings at least
_RETURN = 0.8  # seconds before the end of a turn by which the eyes are back (Ho 2015)
LARGE = np.radians(4.0)  # a shift of this size invites a blink (Evinger 1994)


_NO_PAUSES = np.zeros((0, 2))


@dataclass(frozen=True)
class Fixations:
    """What the eyes rest on, one after the other.

    starts:  (N,) seconds at which the saccade towards it begins; the first is at or before 0.
    offsets: (N, 2) radians, yaw (+ to the subject's left) and pitch (+ up) from the listener.
    """

    starts: np.ndarray
    offsets: np.ndarray

    def at(self, times: np.ndarray) -> np.ndarray:
        """(F,) seconds -> (F, 2) radians. A saccade lasts 25 ms + 2.4 ms a degree (Lee, Badler and Badler 2002)."""
        before = np.concatenate([self.offsets[:1], self.offsets[:-1]])
        duration = 0.025 + 0.0024 * np.degrees(np.linalg.norm(self.offsets - before, axis=1))
        index = np.maximum(np.searchsorted(self.starts, times, side="right") - 1, 0)
        done = smoothstep((times - self.starts[index]) / duration[index])[:, None]
        return before[index] + (self.offsets[index] - before[index]) * done

    def large_shifts(self) -> np.ndarray:
        """(M,) seconds of the shifts of LARGE and more."""
        size = np.linalg.norm(np.diff(self.offsets, axis=0), axis=1)
        return self.starts[1:][size >= LARGE]


def fixations(
    phones: Sequence[Phone], duration: float, rng: np.random.Generator, pauses: np.ndarray = _NO_PAUSES
) -> Fixations:
    """Plan the fixations of a clip: averted at most turn starts, runs of mutual gaze, back at the end.

    pauses: (P, 2) seconds, between phrases. Eyes go to the listener rather where a phrase ends, and off where one starts:
    seven in ten long utterances begin and end so (Kendon 1967).
    """
    starts, offsets = [0.0], [np.zeros(2)]
    for start, end in _glances(phones, rng, pauses):
        _rest_on_face(starts, offsets, start, rng)
        starts.append(start)
        offsets.append(aside(rng))
        starts.append(end)
        offsets.append(rng.normal(0, 1, 2) * FACE)
    _rest_on_face(starts, offsets, duration, rng)
    return Fixations(np.array(starts), np.array(offsets))


def sight_lines(gaze: np.ndarray) -> np.ndarray:
    """(..., 2) yaw and pitch -> (..., 3) unit vectors; zero looks along +Z."""
    yaw, pitch = gaze[..., 0], gaze[..., 1]
    return np.stack([np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)], axis=-1)


def gaze_angles(lines: np.ndarray) -> np.ndarray:
    """(..., 3) vectors of any length -> (..., 2) yaw and pitch in radians; inverse of `sight_lines`."""
    x, y, z = np.moveaxis(lines, -1, 0)
    return np.stack([np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))], axis=-1)


def aside(rng: np.random.Generator) -> np.ndarray:
    """Yaw and pitch of a glance: 4 to 10 degrees to a side, a little up or down."""
    side = rng.choice([-1.0, 1.0])
    return np.radians([side * rng.uniform(4, 10), np.clip(rng.normal(-0.5, 2.5), -5, 5)])


def mutual_time(rng: np.random.Generator) -> float:
    """Draw how long a speaker looks at the listener, seconds."""
    return _spread(rng, _MUTUAL, _MUTUAL_SPREAD)


def averted_time(rng: np.random.Generator) -> float:
    """Draw how long a speaker looks away, seconds."""
    return _spread(rng, _AVERTED, _AVERTED_SPREAD)


def refixation_time(rng: np.random.Generator) -> float:
    """Draw how long the eyes rest on one place of the listener's face, seconds."""
    return _spread(rng, _REFIXATION, _REFIXATION_SPREAD)


def _glances(phones: Sequence[Phone], rng: np.random.Generator, pauses: np.ndarray) -> list[tuple[float, float]]:
    """Start and end of each glance away, in order."""
    glances = []
    for start, end in spoken_spans(phones, join=TURN_PAUSE):
        time = max(start - 0.1, 0.05) if rng.random() < 0.75 else start + mutual_time(rng)
        while True:
            back = _drawn(time + averted_time(rng), pauses[:, 0], time)
            if back > end - _RETURN:
                break
            glances.append((time, back))
            time = _drawn(back + mutual_time(rng), pauses[:, 1], back)
    return glances


def _drawn(time: float, boundaries: np.ndarray, before: float) -> float:
    """The time, or just before the nearest of the (N,) boundaries in its reach; `_APART` from `before` at least."""
    near = boundaries[np.abs(boundaries - time) <= _BOUNDARY] - _EARLY
    near = near[near >= before + _APART]
    return float(near[np.argmin(np.abs(near - time))]) if len(near) else time


def _rest_on_face(starts: list[float], offsets: list[np.ndarray], until: float, rng: np.random.Generator) -> None:
    """Fill the time from the last fixation to `until` with small shifts over the listener's face."""
    time = starts[-1] + refixation_time(rng)
    while time < until - 0.2:
        starts.append(time)
        offsets.append(rng.normal(0, 1, 2) * FACE)
        time += refixation_time(rng)


def _spread(rng: np.random.Generator, mean: float, sigma: float) -> float:
    """A log-normal draw with this mean."""
    return mean * float(np.exp(sigma * rng.standard_normal() - sigma**2 / 2))
