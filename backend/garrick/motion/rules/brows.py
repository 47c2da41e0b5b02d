"""Brows that mark some of the accents."""

from __future__ import annotations

import numpy as np

from garrick.core.arkit import ARKIT_INDEX
from garrick.core.easing import smoothstep

_SHARE = 0.22  # of the accents: one in four or five
_EARLY, _RISE, _FALL = 0.06, 0.14, 0.35  # seconds; a raise begins 60 ms before its accent (Flecha-Garcia 2010)
_RAISE = {
    "browInnerUp": 0.34,
    "browOuterUpLeft": 0.26,
    "browOuterUpRight": 0.26,
    "eyeWideLeft": 0.06,
    "eyeWideRight": 0.06,
}


def brow_raises(accents: np.ndarray, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(A,) seconds of the pitch accents, (F,) seconds -> (F, 52) weights to add."""
    curve = np.zeros(len(times))
    for accent in accents:
        happens, size, hold = rng.random(), rng.uniform(0.6, 1.0), rng.uniform(0.1, 0.3)
        if happens > _SHARE:
            continue
        start, end = accent - _EARLY, accent - _EARLY + _RISE + hold
        curve = np.maximum(
            curve, size * smoothstep((times - start) / _RISE) * smoothstep((end + _FALL - times) / _FALL)
        )
    face = np.zeros((len(times), 52))
    for name, weight in _RAISE.items():
        face[:, ARKIT_INDEX[name]] = curve * weight
    return face
