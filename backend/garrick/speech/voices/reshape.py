"""Pitch, length and loudness of speech changed after the fact, formants kept: Praat's overlap-add (PSOLA)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import parselmouth
from parselmouth.praat import call

_LOWEST, _HIGHEST = 65.0, 450.0  # Hz
_RAMP, _STEP = 0.03, 1e-4  # seconds in which loudness, and length, change


@dataclass(frozen=True)
class Change:
    """What happens between two times (seconds): semitones up, times as long, decibels louder."""

    start: float
    end: float
    semitones: float = 0.0
    longer: float = 1.0
    decibels: float = 0.0


WEIGHTS = {"strong": (3.0, 1.2, 3.0), "moderate": (2.0, 1.12, 2.0), "reduced": (-1.5, 0.92, -3.0)}
"""Level of emphasis -> semitones, length, decibels: accented English syllables are a few semitones higher, 10 to 25 %
longer and 1 to 4 dB louder than the others."""


def reshape(sound: np.ndarray, rate: int, semitones: float, longer: float, changes: Sequence[Change]) -> np.ndarray:
    """(N,) float32 -> (M,) float32, all of it `semitones` higher, `longer` times as long, and the changes besides.

    changes: in order, not over each other.
    """
    samples = sound.astype(np.float64)
    times = np.arange(len(samples)) / rate
    for change in changes:
        inside = np.clip(np.minimum(times - change.start, change.end - times) / _RAMP + 0.5, 0.0, 1.0)
        samples *= 10 ** (change.decibels * inside / 20)
    manipulation = call(parselmouth.Sound(samples, rate), "To Manipulation", 0.01, _LOWEST, _HIGHEST)
    pitch = call(manipulation, "Extract pitch tier")
    if call(pitch, "Get number of points") == 0:  # nothing is voiced: there is no pitch to change
        return samples.astype(np.float32)
    duration = len(samples) / rate
    call(pitch, "Multiply frequencies", 0.0, duration, 2 ** (semitones / 12))
    lengths = call(manipulation, "Extract duration tier")
    call(lengths, "Add point", 0.0, longer)
    for change in changes:
        call(pitch, "Multiply frequencies", change.start, change.end, 2 ** (change.semitones / 12))
        for time, times_as_long in (
            (change.start, 1.0),
            (change.start + _STEP, change.longer),
            (change.end - _STEP, change.longer),
            (change.end, 1.0),
        ):
            call(lengths, "Add point", time, longer * times_as_long)
    call([pitch, manipulation], "Replace pitch tier")
    call([lengths, manipulation], "Replace duration tier")
    shaped = call(manipulation, "Get resynthesis (overlap-add)")
    return np.asarray(shaped.values[0], np.float32)
