"""Slow noise: how somebody who keeps still moves."""

from __future__ import annotations

import numpy as np

_HZ = (0.05, 0.45)
_WAVES = 9


def wander(times: np.ndarray, columns: int, rng: np.random.Generator) -> np.ndarray:
    """(F, columns) noise of unit deviation, the same at any frame rate; waves of random phase, slow ones stronger."""
    frequency = np.geomspace(*_HZ, _WAVES)[:, None] * rng.uniform(0.85, 1.15, (_WAVES, columns))
    phase = rng.uniform(0, 2 * np.pi, (_WAVES, columns))
    strength = frequency**-0.5
    strength /= np.sqrt((strength**2).sum(axis=0) / 2)
    total = np.zeros((len(times), columns))
    for hertz, start, size in zip(frequency, phase, strength, strict=True):
        total += np.sin(2 * np.pi * times[:, None] * hertz + start) * size
    return total
