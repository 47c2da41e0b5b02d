"""Brows that mark some of the accents, and questions."""

from __future__ import annotations

import numpy as np

from garrick.core.arkit import ARKIT_INDEX
from garrick.core.easing import smoothstep
from garrick.speech.speech import Prosody

_SHARE = 0.22  # of the accents: one in four or five
_EARLY, _RISE, _FALL = 0.06, 0.14, 0.35  # seconds; a raise begins 60 ms before its accent (Flecha-Garcia 2010)
_ASKED_SHARE, _ASKS, _SURELY = (
    0.6,
    2.0,
    5.0,
)  # of the ends of phrases that rise by semitones: from which, fully from which
_ASKING, _ASKED = 0.45, 0.25  # seconds before and after such an end in which brows stay up
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
    return _raised(curve)


def asking_brows(prosody: Prosody, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F,) seconds -> (F, 52) weights to add: brows that go up, and stay so, with an end that rises as questions do.

    Source: Kim, Cvejic and Davis 2014, who saw brows stay up on echo questions.
    """
    curve = np.zeros(len(times))
    for end, tone in zip(prosody.phrase_ends, prosody.phrase_tones, strict=True):
        happens, size = rng.random(), rng.uniform(0.5, 0.9)
        if happens > _ASKED_SHARE or tone < _ASKS:
            continue
        rise = smoothstep((times - end + _ASKING) / _RISE)
        fall = smoothstep((end + _ASKED + _FALL - times) / _FALL)
        curve = np.maximum(curve, size * np.interp(tone, [_ASKS, _SURELY], [0.4, 1.0]) * rise * fall)
    return _raised(curve)


def _raised(curve: np.ndarray) -> np.ndarray:
    """(F,) 0..1 -> (F, 52) weights."""
    face = np.zeros((len(curve), 52))
    for name, weight in _RAISE.items():
        face[:, ARKIT_INDEX[name]] = curve * weight
    return face
