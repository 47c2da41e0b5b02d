"""What the motion nets hear of a voice: its sounds, its melody and loudness, and what the rules make of its phones.

The rules' own curves are by far the best single sign of a captured mouth (`python -m garrick.training.motion measure`):
they rest on phones that were decided from all evidence, so the net starts from exact visemes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.motion.rules import visemes
from garrick.motion.rules.activity import activity
from garrick.motion.rules.coarticulation import blend
from garrick.motion.rules.constraints import closures, hold
from garrick.motion.rules.jali import gestures
from garrick.speech import acoustic, features
from garrick.speech.speech import Phone, Prosody

RATE = Fraction(60)
"""Rows a second: two for each frame of the motion."""
SOUNDS = len(acoustic.CLASSES)
SUNG = 4
RULED = len(visemes.CHANNELS) + 2
FEATURES = SOUNDS + features.BANDS + SUNG + RULED

_BLUR = 0.8  # rows of 10 ms, standard deviation: what the lower rate could not hold
_SEMITONES, _DECIBEL = 4.0, 20.0  # that count as 1
_ACCENT = 0.05  # seconds, standard deviation of the bump that stands for a pitch accent


def heard(waveform: np.ndarray, phones: Sequence[Phone], prosody: Prosody) -> np.ndarray:
    """(N,) float32, 16 kHz -> (T, FEATURES) float32, row i at i / RATE seconds."""
    return of_mels(features.voice_mels(waveform), phones, prosody)


def of_mels(mels: np.ndarray, phones: Sequence[Phone], prosody: Prosody) -> np.ndarray:
    """(T', 40) log mels every 10 ms -> (T, FEATURES) float32.

    In order: the roots of the phones' probabilities (a doubtful phone still shows), the normalised mel bands, the
    prosody, the curves of the rules for the placed phones.
    """
    scaled = features.normalised(mels)
    sounds = np.exp(acoustic.from_mels(scaled) / 2)
    rows = _at_rate(np.concatenate([sounds, scaled, _sung(prosody, len(mels))], axis=1).astype(np.float32))
    return np.concatenate([rows, _ruled(phones, prosody, len(rows))], axis=1)


def _ruled(phones: Sequence[Phone], prosody: Prosody, count: int) -> np.ndarray:
    """(count, RULED) float32: the mouth by the rules, whether somebody speaks, and where lips must close."""
    times = np.arange(count) / float(RATE)
    talking = activity(phones, times)
    mouth = blend(gestures(phones, prosody, RATE), times) * talking[:, None]
    closed = hold(closures(phones), count, RATE)
    return np.concatenate([mouth, talking[:, None], closed[:, None]], axis=1).astype(np.float32)


def _sung(prosody: Prosody, count: int) -> np.ndarray:
    """(count, 4): semitones over the median, voicing, loudness, accents."""
    times = np.arange(count) * features.HOP
    clock = np.arange(len(prosody.semitones)) * prosody.hop
    struck = np.bincount(np.rint(prosody.accents / features.HOP).astype(np.int64), minlength=count)[:count]
    width = _ACCENT / features.HOP
    bumps = gaussian_filter1d(struck * (width * np.sqrt(2 * np.pi)), width, mode="constant")
    return np.stack(
        [
            np.interp(times, clock, prosody.semitones) / _SEMITONES,
            np.interp(times, clock, prosody.voiced.astype(np.float64)),
            np.interp(times, clock, prosody.energy) / _DECIBEL + 1,
            bumps,
        ],
        axis=1,
    )


def _at_rate(rows: np.ndarray) -> np.ndarray:
    """(T', C) every 10 ms -> (T, C) at RATE."""
    smooth = gaussian_filter1d(rows, _BLUR, axis=0, mode="nearest")
    count = int((len(rows) - 1) * features.HOP * float(RATE)) + 1
    at = np.arange(count) / float(RATE) / features.HOP
    low = np.minimum(at.astype(np.int64), len(rows) - 1)
    share = (at - low).astype(np.float32)[:, None]
    return smooth[low] * (1 - share) + smooth[np.minimum(low + 1, len(rows) - 1)] * share
