"""What the acoustic nets and the edge search look at: mel bands of a voice, 100 times a second."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft

from garrick.speech.speech import Speech

HOP = 0.01  # seconds; frame i is centred on i * HOP
BANDS = 40
STEP = 160  # samples a frame
_WINDOW, _FFT = 400, 512  # samples at 16 kHz
_PRE_EMPHASIS = 0.97
_PIECE, _CONTEXT = 6000, 2  # frames made at once, and around them so that the windows at the seams are whole
_FLOOR = 1e-7  # power that a mel band always has
_LOUD = 4.0  # nat below the loudest syllables: what still counts as voice
_SAME, _AROUND = 500, 1000  # frames with one mean spectrum, and those before and after that it is taken from as well
_LOWEST, _HIGHEST, _SCALE = -10.0, 6.0, 0.5  # nat from the voice's mean; the nets' unit
_USUAL = np.linspace(-1.0, -4.0, BANDS, dtype=np.float32)  # nat: a voice's mean spectrum before any is heard
_PRIOR, _MEMORY = 20, 300  # frames that it counts as, and that a mean remembers
_FORGET = 0.005  # nat a frame: the loudest syllable fades
_AUDIBLE = -11.0  # nat: quieter frames teach nothing about the voice


def power_spectrum(waveform: np.ndarray) -> np.ndarray:
    """(T, 257) power of 25 ms Hann windows of a (N,) 16 kHz waveform, frame i centred on i * HOP, pre-emphasis 0.97."""
    frames = len(waveform) // STEP + 1
    padded = np.pad(waveform.astype(np.float32), (_WINDOW // 2, _WINDOW // 2 + STEP))
    padded[1:] -= _PRE_EMPHASIS * padded[:-1]
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::STEP][:frames]
    return np.square(np.abs(np.asarray(scipy.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32), _FFT, axis=1))))


def voice_mels(waveform: np.ndarray) -> np.ndarray:
    """(T, 40) float32 `log_mels` of a waveform of any length, made piece by piece so that memory stays small."""
    frames = len(waveform) // STEP + 1
    mels = np.empty((frames, BANDS), np.float32)
    for first in range(0, frames, _PIECE):
        begin = max(0, first - _CONTEXT)
        piece = power_spectrum(waveform[begin * STEP : (first + _PIECE + _CONTEXT) * STEP])
        stop = min(frames, first + _PIECE)
        mels[first:stop] = log_mels(piece[first - begin : stop - begin])
    return mels


def log_mels(spectrum: np.ndarray) -> np.ndarray:
    """(T, 40) natural log of the power in mel bands 60..7,600 Hz, of a (T, 257) `power_spectrum`."""
    return np.log(spectrum @ _mel_bands().T + _FLOOR)


@lru_cache(maxsize=1)
def _mel_bands() -> np.ndarray:
    """(40, 257) triangles, equally wide on O'Shaughnessy's mel scale."""
    low, high = (2595 * np.log10(1 + frequency / 700) for frequency in (60, 7600))
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    bins = np.arange(_FFT // 2 + 1) * Speech.SAMPLE_RATE / _FFT
    left, peak, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    return np.clip(np.minimum((bins - left) / (peak - left), (right - bins) / (right - peak)), 0, None).astype(
        np.float32
    )


def normalised(mels: np.ndarray) -> np.ndarray:
    """(T, 40) log mels -> (T, 40) float32 for the offline net: the mean spectrum of the loud frames around is taken out.

    So neither the recording level nor the colour of the microphone matters, nor that another one is used later on; frames
    far below the voice all look alike.
    """
    scaled = np.empty_like(mels, dtype=np.float32)
    level = mels.mean(axis=1)
    for first in range(0, len(mels), _SAME):
        near = slice(max(0, first - _AROUND), first + _SAME + _AROUND)
        loud = level[near] >= np.percentile(level[near], 95) - _LOUD
        scaled[first : first + _SAME] = _scaled(mels[first : first + _SAME] - mels[near][loud].mean(axis=0))
    return scaled


class RunningNormaliser:
    """The same for frames that come one after another, of one or of several streams at once.

    shape: of one frame's mels, (40,) or (B, 40).
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._mean = np.broadcast_to(_USUAL, shape).astype(np.float32).copy()
        self._loudest = np.full(shape[:-1], -np.inf, np.float32)
        self._count = np.full(shape[:-1], _PRIOR, np.float32)

    def push(self, mels: np.ndarray) -> np.ndarray:
        """(T, ..., 40) log mels -> float32 of the same shape."""
        out = np.empty_like(mels, dtype=np.float32)
        levels = mels.mean(axis=-1)
        for index, (frame, level) in enumerate(zip(mels, levels, strict=True)):
            self._loudest = np.maximum(self._loudest - _FORGET, level)
            loud = level >= self._loudest - _LOUD
            weight = np.where(loud & (level > _AUDIBLE), 1 / self._count, 0)[..., None]
            self._mean += weight * (frame - self._mean)
            self._count = np.minimum(self._count + (weight[..., 0] > 0), _MEMORY)
            out[index] = _scaled(frame - self._mean)
        return out


def _scaled(mels: np.ndarray) -> np.ndarray:
    return (np.clip(mels, _LOWEST, _HIGHEST) * _SCALE).astype(np.float32)
