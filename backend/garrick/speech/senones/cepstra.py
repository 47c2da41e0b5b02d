"""What the senones look at: mel cepstra of 10 ms frames, and how they change, as CMU Sphinx makes them."""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
import scipy.fft

from garrick.speech import features
from garrick.speech.speech import Speech

STREAMS, NUMBERS = 3, 13
"""The cepstrum, its change, and the change of that; numbers in each."""

_BANDS, _LOWEST, _HIGHEST = 25, 130.0, 6800.0  # Hz
_LIFTER = 22
_TOP = 99.5  # percent of the frames are softer than what the loudest syllables are taken to be
_LOUD = 1e-4  # of their power: what still counts for the mean, as long silences would shift it
_SILENT = 1e-6  # of their power: silence
_LEAST = 3e-8  # of their power: what a voice has at least when the noise is taken out
_PIECE = 6000  # frames made at once
_MEMORY, _RISE, _FALL = 0.7, 0.995, 0.5  # of a band's power; of its quiet floor, as it rises and as it falls
_MASK, _MASKED, _MOST = 0.85, 0.2, 20.0  # how a loud sound hides what follows; largest and smallest gain
_AROUND = 4  # bands over which the gain is averaged, either way


def cepstra(waveform: np.ndarray) -> np.ndarray:
    """(N,) float32, 16 kHz -> (T, 3, 13) float32, frame i centred on i * features.HOP, the voice's mean taken out."""
    frames = len(waveform) // features.STEP + 1
    power = np.empty((frames, _BANDS), np.float32)
    for first in range(0, frames, _PIECE):
        begin = max(0, first - 2)
        spectrum = features.power_spectrum(waveform[begin * features.STEP : (first + _PIECE + 2) * features.STEP])
        stop = min(frames, first + _PIECE)
        power[first:stop] = spectrum[first - begin : stop - begin] @ _bands().T
    level = power.mean(axis=1)
    top = max(float(np.percentile(level, _TOP)), 1e-12)
    logs = np.log(_without_noise(np.maximum(power / np.float32(top), np.float32(_SILENT))))
    still = np.asarray(scipy.fft.dct(logs, type=2, norm="ortho", axis=1))[:, :NUMBERS]
    still = still * (1 + _LIFTER / 2 * np.sin(np.pi * np.arange(NUMBERS, dtype=np.float32) / _LIFTER))
    still -= still[level >= min(top * _LOUD, level.max())].mean(axis=0)
    around = np.pad(still, ((3, 3), (0, 0)), "edge")
    change = around[5:-1] - around[1:-5]
    bend = (around[6:] - around[2:-4]) - (around[4:-2] - around[:-6])
    return np.stack([still, change, bend], axis=1).astype(np.float32)


@lru_cache(maxsize=1)
def _bands() -> np.ndarray:
    """(25, 257) triangles of the same area, their corners on the nearest line of the spectrum."""
    low, high = (2595 * np.log10(1 + frequency / 700) for frequency in (_LOWEST, _HIGHEST))
    line = Speech.SAMPLE_RATE / 512
    corners = np.round(700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1) / line) * line
    lines = np.arange(257) * line
    left, peak, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    sides = np.minimum((lines - left) / (peak - left), (right - lines) / (right - peak))
    return (np.clip(sides, 0, None) * 2 / (right - left)).astype(np.float32)


@numba.njit(cache=True, boundscheck=False)
def _without_noise(bands):
    """(T, 25) power -> the same with steady noise and masked sound lowered, as Sphinx's front end does it.

    Kim and Stern, Power-Normalized Cepstral Coefficients (2012): asymmetric filters follow the floor of each band.
    """
    frames, count = bands.shape
    quieter = np.empty_like(bands)
    power, noise = bands[0].copy(), bands[0].copy()
    floor, peak = bands[0] / _MOST, np.zeros_like(bands[0])
    gain = np.empty_like(power)
    for frame in range(frames):
        for band in range(count):
            power[band] = _MEMORY * power[band] + (1 - _MEMORY) * bands[frame, band]
            speed = _RISE if power[band] >= noise[band] else _FALL
            noise[band] = speed * noise[band] + (1 - speed) * power[band]
            signal = max(power[band] - noise[band], _LEAST)
            speed = _RISE if signal >= floor[band] else _FALL
            floor[band] = speed * floor[band] + (1 - speed) * signal
            before = _MASK * peak[band]
            peak[band] = max(signal, before)
            if signal < _MASK * before:
                signal = _MASKED * before
            gain[band] = min(max(max(signal, floor[band]) / power[band], 1 / _MOST), _MOST)
        for band in range(count):
            near = gain[max(0, band - _AROUND) : band + _AROUND + 1]
            quieter[frame, band] = bands[frame, band] * near.mean()
    return quieter
