"""Two motions of one arm made one: gestures that mean something as the vocabulary has them, the rest as it was learned.

Learned beats end a little anyhow; the vocabulary's own keep them to their accents.

What a joint may not do is enforced afterwards, whoever moved it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garrick.bodies.hand import Side
from garrick.core.easing import smoothstep
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.plan import Stroke
from garrick.motion.gestures.vocabulary import GESTURES

FASTEST = 7.5  # radians a second of any joint of an arm: the limit of a stroke, and what is never still
_EARLY, _LATE = (
    0.1,
    0.05,
)  # seconds before a stroke begins and after its hold ends in which it is the vocabulary's alone
_OVER = 0.5  # seconds in which one motion goes over into the other
_BEAT, _BEAT_OVER = 0.6, 0.3  # the most that a plain beat takes of the vocabulary's, and in how many seconds


def ruled_share(strokes: Sequence[Stroke], side: Side, times: np.ndarray) -> np.ndarray:
    """(F,) 0..1: how much of one arm's motion is the vocabulary's, at times (F,) in seconds; all where one is meant."""
    share = np.zeros(len(times))
    for stroke in strokes:
        if side not in stroke.sides:
            continue
        gesture = GESTURES[stroke.gesture]
        start = stroke.time - gesture.lasts - _EARLY
        stop = stroke.time + gesture.repeats * gesture.lasts + gesture.held + _LATE
        outside = np.maximum(np.maximum(start - times, times - stop), 0)
        most, over = (1.0, _OVER) if stroke.meant else (_BEAT, _BEAT_OVER)
        share = np.maximum(share, most * smoothstep(1 - outside / over))
    return share


def blended(one: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(F, J, 3) axis-angle of two motions and (F,) the other's share -> (F, J, 3, 3): on the shortest way between both."""
    start = rotation_matrices(np.asarray(one, np.float64))
    way = axis_angles(np.swapaxes(start, -1, -2) @ rotation_matrices(np.asarray(other, np.float64)))
    return start @ rotation_matrices(way * share[:, None, None])


def slowed(turns: np.ndarray, rate: float, fastest: float = FASTEST) -> np.ndarray:
    """(F, J, 3, 3) -> the same, no joint faster than `fastest` radians a second: what is too fast comes after as it can."""
    most = fastest / rate
    found = np.array(turns)
    steps = np.linalg.norm(axis_angles(np.swapaxes(found[:-1], -1, -2) @ found[1:]), axis=-1)
    for joint in np.flatnonzero((steps > most).any(axis=0)):
        behind = False
        for frame in range(int(np.argmax(steps[:, joint] > most)), len(steps)):
            if not behind and steps[frame, joint] <= most:
                continue
            step = axis_angles(found[frame, joint].T @ turns[frame + 1, joint])
            size = float(np.linalg.norm(step))
            behind = size > most
            if behind:
                found[frame + 1, joint] = found[frame, joint] @ rotation_matrices(step * (most / size))
    return found
