"""What a reading does as a head turns or eyes look around, by itself: the fit's fault, not the face's, and taken off.

Most of the time a face shows little, wherever it is turned. So what most frames read in the same way at the same turn is
the course of the reading; what leaves it is expression. Learnt from each person's own frames.
"""

from __future__ import annotations

import numpy as np

_HELD = 1e-3  # mean square that a feature must vary by to be believed
_ROUNDS = 12


def facing(turn: np.ndarray) -> np.ndarray:
    """(3,) where a face points, sideways and up, and the square of the first; turn: (3, 3) of the head."""
    aside, up = turn[0, 2], turn[1, 2]
    return np.array([aside, up, aside**2])


def learn_course(readings: np.ndarray, features: np.ndarray, counts: np.ndarray, spread: float) -> np.ndarray:
    """(C, K + 1) a constant and a factor for each feature: iteratively reweighted least squares, Cauchy's weights.

    readings: (F, C).    features: (F, K).    counts: (F, C) bool, which readings do.
    spread:   how far readings lie from their course while nothing happens.
    """
    known = _with_one(features)
    held = _HELD * len(known) * np.eye(known.shape[1])
    held[0, 0] = 1e-9
    course = np.zeros((readings.shape[1], known.shape[1]))
    for values, used, own in zip(readings.T, counts.T, course, strict=True):
        weight = used.astype(np.float64)
        for _ in range(_ROUNDS if used.any() else 0):
            weighed = known * weight[:, None]
            own[:] = np.linalg.solve(known.T @ weighed + held, weighed.T @ values)
            weight = used / (1 + ((values - known @ own) / spread) ** 2)
    return course


def course_at(course: np.ndarray, features: np.ndarray, most: float) -> np.ndarray:
    """(F, C) what is read while nothing happens, at most `most` from 0; features: (F, K)."""
    return np.clip(_with_one(features) @ course.T, -most, most)


def _with_one(features: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(features)), features])
