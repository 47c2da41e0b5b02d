"""Where somebody speaks: Silero's voice-activity net, run by onnxruntime alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import onnxruntime

from garrick.speech.speech import Speech
from garrick.weights import registry

HOP = 512  # new samples a step; the net sees 64 old samples before them (Silero VAD 5 and later)
_CONTEXT = 64
_BLOCK = 2000 * HOP  # samples, about a minute
LOUD, MOST_GAIN = 0.9, 100.0  # of full scale; +40 dB
ENTER, LEAVE = 0.5, 0.35  # Silero's own hysteresis: speech begins above the first and ends below the second
_MIN_SPEECH, _MIN_PAUSE, _PAD = 0.10, 0.20, 0.10  # seconds


def speech_probability(waveform: np.ndarray) -> np.ndarray:
    """(T,) float32, 0..1: how likely each 32 ms step (HOP samples) of a (N,) 16 kHz waveform holds speech.

    The loudest 0.1 % is brought to LOUD first: the net misses quiet and creaky voices otherwise.
    """
    loudest = float(np.percentile(np.abs(waveform), 99.9, overwrite_input=True))
    gain = min(LOUD / max(loudest, 1e-6), MOST_GAIN)
    detector = Detector()
    heard = [np.zeros(0, np.float32)]
    for first in range(0, len(waveform), _BLOCK):  # in blocks, so that a long recording is not held twice
        block = np.float32(gain) * waveform[first : first + _BLOCK]
        heard.append(detector.listen(np.pad(block, (0, -len(block) % HOP))))
    return np.concatenate(heard)


class Detector:
    """The net, with what it remembers from one call to the next."""

    def __init__(self) -> None:
        self._state = np.zeros((2, 1, 128), np.float32)
        self._before = np.zeros(_CONTEXT, np.float32)

    def listen(self, samples: np.ndarray) -> np.ndarray:
        """(T * HOP,) float32, 16 kHz, its loudest parts near LOUD -> (T,) float32, 0..1 speech probability."""
        session, rate = _session(), np.array(Speech.SAMPLE_RATE, np.int64)
        heard = np.concatenate([self._before, np.clip(samples, -1.0, 1.0)])
        probabilities = np.empty(len(samples) // HOP, np.float32)
        for step in range(len(probabilities)):
            window = heard[None, step * HOP : step * HOP + _CONTEXT + HOP]
            output, self._state = session.run(None, {"input": window, "state": self._state, "sr": rate})
            probabilities[step] = np.asarray(output)[0, 0]
        self._before = heard[-_CONTEXT:]
        return probabilities


def segments(probability: np.ndarray, duration: float) -> list[tuple[float, float]]:
    """Spans of speech as (start, end) seconds, in order and apart, each widened by 0.1 s.

    probability: (T,) from `speech_probability`; duration: seconds.
    """
    spans: list[list[float]] = []
    speaking = False
    for step, value in enumerate(probability):
        time = step * HOP / Speech.SAMPLE_RATE
        if not speaking and value >= ENTER:
            speaking = True
            if not spans or time - spans[-1][1] >= _MIN_PAUSE + 2 * _PAD:  # else it was no pause: the last span goes on
                spans.append([time, duration])
        elif speaking and value < LEAVE:
            speaking = False
            spans[-1][1] = time
        if speaking:
            spans[-1][1] = duration
    return [(max(0.0, start - _PAD), min(duration, end + _PAD)) for start, end in spans if end - start >= _MIN_SPEECH]


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # one tiny step at a time: threads only cost
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(registry.path("silero_vad")), options, providers=["CPUExecutionProvider"])
