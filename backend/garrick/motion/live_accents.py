"""Pitch accents heard while they pass: a rise of the voice, before or just after it turns.

A whole recording has an accent where the pitch stands out on both sides (`speech.prosody`). Live there is one as soon as it
has risen far enough: foreseen while it still rises, or heard when it has begun to fall. On 102 s of recordings three in four
of the whole's accents are known so, half of them 15 ms before their peak and nine in ten by 60 ms after it, placed 43 ms off
on average; for each of them there are 0.8 rises that are none of the whole's accents. At the peak nothing tells these apart:
neither how far or how high the voice has risen, nor its loudness or the time since it began. The fall afterwards does, for
three in four, 110 ms after the peak; that is too late for a stroke.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.speech.prosody import HOP, pitch_curve
from garrick.speech.speech import Speech

_HEARD = 0.8  # seconds of sound in which the pitch is taken
_RISE, _FALL = 2.0, 0.2  # semitones up to the peak since the pitch was last as high, and down from it
_RISING, _COMES = (
    0.03,
    0.03,
)  # seconds before the end in which it still rises; then the peak is taken to come so much later
_LATEST = 0.35  # seconds before the end of the sound in which the peak lies
_VOICED = 0.05  # seconds from the peak to a voiced moment
_APART = 0.3  # seconds


@dataclass(frozen=True)
class Accent:
    """time: seconds of its peak.    rise: semitones."""

    time: float
    rise: float


class LiveAccents:
    """One voice."""

    def __init__(self) -> None:
        self._last = -np.inf

    def hear(self, sound: np.ndarray, end: float) -> Accent | None:
        """The accent that is just being passed, once; sound: (N,) float32, 16 kHz, the latest, up to `end` seconds."""
        semitones, voiced = pitch_curve(sound[-round(_HEARD * Speech.SAMPLE_RATE) :])
        first = max(0, len(semitones) - round(_LATEST / HOP))
        peak = first + int(np.argmax(semitones[first:]))
        time = end - (len(semitones) - 1 - peak) * HOP
        near = round(_VOICED / HOP)
        higher = np.flatnonzero(semitones[:peak] > semitones[peak])
        rise = float(semitones[peak] - semitones[higher[-1] + 1 if len(higher) else 0 : peak + 1].min())
        rising = len(semitones) - 1 - peak <= round(_RISING / HOP)
        fallen = float(semitones[peak] - semitones[peak:].min())
        time += _COMES if rising and fallen < _FALL else 0.0
        if (
            peak == first
            or rise < _RISE
            or (fallen < _FALL and not rising)
            or time < self._last + _APART
            or not voiced[max(0, peak - near) : peak + near + 1].any()
        ):
            return None
        self._last = time
        return Accent(time, rise)
