"""Whether somebody speaks: Silero's detector and our own net together.

The detector alone loses hoarse voices as soon as there is a little noise or echo: of two recordings of a speaker with a
cold it finds all at 20 dB of noise and nothing at 10 dB. The own net still hears them, and takes noise, wind, breath,
clicks and music for silence (`python -m garrick.benchmarks robustness`).
"""

from __future__ import annotations

import numpy as np
import scipy.ndimage

from garrick.speech import features, vad
from garrick.speech.acoustic import SILENT
from garrick.speech.speech import Speech

_OVER = 0.5  # seconds over which the own net's answer is averaged; without a voice that stayed below 0.6
_ENTER, _LEAVE = 0.8, 0.3  # of that average: what counts as much as the detector's vad.ENTER and vad.LEAVE


def find_speech(
    detected: np.ndarray, rows: np.ndarray, duration: float
) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """How likely each step of vad.HOP samples holds speech, (V,) float32 in 0..1, and the spans in which somebody speaks.

    detected: (V,) from `vad.speech_probability` of the sound.
    rows:     (T, 40) log probabilities of ARPABET and silence, every features.HOP seconds from the same instant.
    duration: seconds of the sound.
    Spans are (start, end) seconds, in order and apart; none when nobody speaks.
    """
    spoken = scipy.ndimage.uniform_filter1d(1 - np.exp(rows[:, SILENT]), round(_OVER / features.HOP))
    middles = (np.arange(len(detected)) + 0.5) * vad.HOP / Speech.SAMPLE_RATE
    heard = np.interp(middles, np.arange(len(rows)) * features.HOP, spoken)
    same_scale = np.interp(heard, (0, _LEAVE, _ENTER, 1), (0, vad.LEAVE, vad.ENTER, 1))
    voice = np.maximum(detected, same_scale).astype(np.float32)
    return voice, vad.segments(voice, duration)
