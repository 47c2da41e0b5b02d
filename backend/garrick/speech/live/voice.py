"""Whether somebody speaks, while the sound comes: the voice detector on sound whose loudness is not yet known."""

from __future__ import annotations

import numpy as np

from garrick.speech import vad
from garrick.speech.speech import Speech

_STEP = vad.HOP / Speech.SAMPLE_RATE
_LOUDEST, _FORGET = 0.05, 10.0  # full scale 1, what a voice is expected to reach; seconds to forget a louder one
_PAD = 0.1  # seconds around what is found to be speech that may be speech as well
_KEPT = 128  # steps, 4 s


class LiveVoice:
    """One voice; its answers are a function of the sound alone, however it was cut."""

    def __init__(self) -> None:
        self._detector = vad.Detector()
        self._waiting = np.zeros(0, np.float32)
        self._loudest = _LOUDEST
        self._answers = np.zeros(0, np.float32)
        self._spoken = np.zeros(0, bool)
        self._steps = 0

    def push(self, samples: np.ndarray) -> None:
        """Hear (n,) float32 more at 16 kHz."""
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= vad.HOP:
            step, self._waiting = self._waiting[: vad.HOP], self._waiting[vad.HOP :]
            self._loudest *= float(np.exp(-_STEP / _FORGET))
            self._loudest = max(self._loudest, float(np.percentile(np.abs(step), 99.9)), vad.LOUD / vad.MOST_GAIN)
            answer = self._detector.listen(step * (vad.LOUD / self._loudest))
            speaking = answer >= (vad.LEAVE if self._spoken[-1:].any() else vad.ENTER)
            self._answers, self._spoken = (
                np.concatenate([kept, new])[-_KEPT:]
                for kept, new in ((self._answers, answer), (self._spoken, speaking))
            )
            self._steps += 1

    def probability(self, times: np.ndarray) -> np.ndarray:
        """(n,) seconds -> (n,) float32, 0..1: the detector's answer then, or its latest."""
        if not len(self._answers):
            return np.zeros(len(times), np.float32)
        middles = (self._first() + np.arange(len(self._answers)) + 0.5) * _STEP
        return np.interp(times, middles, self._answers).astype(np.float32)

    def near(self, times: np.ndarray) -> np.ndarray:
        """(n,) seconds -> (n,) bool: whether speech was found within _PAD."""
        steps = [np.floor((times + pad) / _STEP).astype(np.int64) - self._first() for pad in (-_PAD, _PAD)]
        counts = np.concatenate([[0], np.cumsum(self._spoken)])
        low, high = (np.clip(step + more, 0, len(self._spoken)) for more, step in enumerate(steps))
        return counts[high] > counts[low]

    def _first(self) -> int:
        """Step of the first answer that is kept."""
        return self._steps - len(self._answers)
