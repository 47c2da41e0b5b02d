"""The melody and loudness of the latest sound, against the loudest of the last while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from garrick.speech.alphabet import SILENCE
from garrick.speech.prosody import measure_prosody
from garrick.speech.speech import Phone, Prosody, Speech

_NEAR = 0.1  # seconds between what two measurements take for the end of a phrase
_LOUDNESS_MEMORY = 10.0  # seconds after which the loudest syllable is forgotten


class LiveProsody:
    """One voice."""

    def __init__(self) -> None:
        self._prosody: Prosody | None = None
        self._start = 0.0  # seconds at which it starts
        self._loudest = -np.inf

    @property
    def known(self) -> bool:
        """Whether anything has been measured."""
        return self._prosody is not None

    def measure(self, sound: np.ndarray, end: float, phones: Sequence[Phone]) -> None:
        """Hear (N,) float32, 16 kHz, the latest sound, up to `end` seconds; phones: in seconds of the stream."""
        seconds = len(sound) / Speech.SAMPLE_RATE
        start = end - seconds
        prosody = measure_prosody(sound, since(start, phones) or [Phone(SILENCE, 0.0, seconds)])
        loudest = _loudest(sound)
        faded = 20 * (start - self._start) / _LOUDNESS_MEMORY
        self._loudest = max(self._loudest - faded, loudest)
        self._prosody = replace(prosody, energy=prosody.energy + np.float32(loudest - self._loudest))
        self._start = start

    def take(self, prosody: Prosody, start: float) -> None:
        """Take over what is known of a speech that begins at `start` seconds."""
        self._prosody, self._start = prosody, start

    def tone_at(self, end: float) -> float:
        """Semitones by which the pitch rises in the phrase that ends at `end` seconds; 0 where nobody has measured it."""
        if self._prosody is None or not len(self._prosody.phrase_ends):
            return 0.0
        away = np.abs(self._prosody.phrase_ends + self._start - end)
        return float(self._prosody.phrase_tones[np.argmin(away)]) if away.min() < _NEAR else 0.0

    def between(self, start: float, duration: float) -> Prosody:
        """From `start` seconds on for `duration`; beyond what was measured its tracks' ends go on."""
        assert self._prosody is not None
        prosody, seconds = self._prosody, start - self._start
        index = np.arange(int(np.ceil(duration / prosody.hop)) + 1) + round(seconds / prosody.hop)
        index = np.clip(index, 0, len(prosody.energy) - 1)
        accents = prosody.accents - np.float32(seconds)
        return replace(
            prosody,
            semitones=prosody.semitones[index],
            voiced=prosody.voiced[index],
            energy=prosody.energy[index],
            rate=prosody.rate[index],
            accents=accents[(accents >= 0) & (accents <= duration)],
            pauses=prosody.pauses - np.float32(seconds),
            phrase_ends=prosody.phrase_ends - np.float32(seconds),
        )


def since(start: float, phones: Sequence[Phone]) -> list[Phone]:
    """The phones after `start`, in seconds since then."""
    return [
        replace(phone, start=max(phone.start - start, 0.0), end=phone.end - start)
        for phone in phones
        if phone.end > start
    ]


def _loudest(sound: np.ndarray) -> float:
    """dB of the loudest 50 ms."""
    step = Speech.SAMPLE_RATE // 20
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    if len(energy) <= step:
        return 10 * float(np.log10(energy[-1] / max(len(sound), 1) + 1e-10))
    return 10 * float(np.log10((energy[step:] - energy[:-step]).max() / step + 1e-10))
