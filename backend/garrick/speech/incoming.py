"""Sound that arrives in pieces -> 16 kHz for analysis, the same however it was cut."""

from __future__ import annotations

import math

import numpy as np
import scipy.signal

from garrick.errors import InputError
from garrick.speech.speech import Speech

RATES = (8000, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Hz that a stream may have: 20 ms of each are whole samples."""

BLOCK = 320  # samples at 16 kHz that are made at once, 20 ms


class Incoming:
    """A streaming resampler whose clock is the number of samples that came in.

    rate: Hz of what comes in. Raises InputError for one that is not in RATES.
    """

    def __init__(self, rate: int) -> None:
        if rate not in RATES:
            raise InputError(
                f"A stream cannot have {rate} samples a second.",
                f"Use one of {', '.join(map(str, RATES))}.",
            )
        self.rate = rate
        shared = math.gcd(rate, Speech.SAMPLE_RATE)
        self._up, self._down = Speech.SAMPLE_RATE // shared, rate // shared
        self._block = rate // 50
        filtered = 0 if rate == Speech.SAMPLE_RATE else 10 * max(self._up, self._down)
        self._ahead = math.ceil(filtered / self._up)  # half of resample_poly's filter
        self._waiting = np.zeros(self._block, np.float32)  # one block of the past, then what is not yet made
        self._arrived = 0

    @property
    def duration(self) -> float:
        """Seconds that have come in."""
        return self._arrived / self.rate

    def push(self, samples: np.ndarray) -> np.ndarray:
        """(n,) float32 -> (k * BLOCK,) float32 at 16 kHz: all whole blocks that can be made by now."""
        self._arrived += len(samples)
        self._waiting = np.concatenate([self._waiting, samples])
        blocks = []
        while len(self._waiting) >= 2 * self._block + self._ahead:
            heard = self._resampled(self._waiting[: 2 * self._block + self._ahead])
            blocks.append(heard[BLOCK : 2 * BLOCK])
            self._waiting = self._waiting[self._block :]
        return np.concatenate([np.zeros(0, np.float32), *blocks])

    def rest(self) -> np.ndarray:
        """What has come in but is not yet a block, as if silence followed; `push` gives it again when more has come."""
        count = round((len(self._waiting) - self._block) * Speech.SAMPLE_RATE / self.rate)
        return self._resampled(np.pad(self._waiting, (0, self._ahead)))[BLOCK : BLOCK + count]

    def _resampled(self, samples: np.ndarray) -> np.ndarray:
        return scipy.signal.resample_poly(samples, self._up, self._down).astype(np.float32)


def resampled(samples: np.ndarray, source: int, target: int) -> np.ndarray:
    """(n,) at `source` Hz -> (m,) float32 at `target` Hz, as a whole."""
    shared = math.gcd(source, target)
    return scipy.signal.resample_poly(samples, target // shared, source // shared).astype(np.float32)
