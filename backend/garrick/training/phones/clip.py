"""One synthetic utterance and the phones that are in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.signal

from garrick.speech.acoustic import CLASSES
from garrick.speech.alphabet import SILENCE, to_arpabet

RATE = 16000
SHORT_PART = 0.38  # of the time of two sounds that an engine counts as one: the second, an r or a glide


@dataclass(frozen=True)
class Clip:
    """A voice and its phones.

    waveform: (N,) float32, 16 kHz.
    phones:   (symbol of CLASSES, end in seconds), in order from 0; the last one ends with the sound.
    voice:    engine and voice, e.g. "flite/slt".
    """

    waveform: np.ndarray
    phones: tuple[tuple[str, float], ...]
    voice: str

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.waveform) / RATE

    def labels(self, count: int, hop: float) -> np.ndarray:
        """(count,) int8: the class at the middle of each frame, i * hop seconds."""
        ends = np.array([end for _, end in self.phones])
        ids = np.array([CLASSES.index(symbol) for symbol, _ in self.phones], np.int8)
        return ids[np.minimum(np.searchsorted(ends, np.arange(count) * hop, side="right"), len(ids) - 1)]


def resampled(sound: np.ndarray, rate: int) -> np.ndarray:
    """(N,) at `rate` Hz -> (M,) float32 at RATE."""
    shared = int(np.gcd(rate, RATE))
    return scipy.signal.resample_poly(sound, RATE // shared, rate // shared).astype(np.float32)


def from_ipa(segments: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """(IPA, end) of an engine -> (ARPAbet, end). Pauses are "SIL"; two phones in one segment share its time."""
    phones: list[tuple[str, float]] = []
    start = 0.0
    for ipa, end in segments:
        symbols = to_arpabet(ipa) or (SILENCE,)
        shares = {1: (1.0,), 2: (1 - SHORT_PART, 1.0)}.get(len(symbols)) or np.arange(1, len(symbols) + 1) / len(
            symbols
        )
        phones += [(symbol, start + share * (end - start)) for symbol, share in zip(symbols, shares, strict=True)]
        start = end
    return tuple(phones)
