"""Speech: a voice with what was heard in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Phone:
    """One phone: ARPAbet without stress ("AA" .. "ZH") or "SIL"; seconds; confidence 0..1."""

    symbol: str
    start: float
    end: float
    confidence: float = 1.0


@dataclass(frozen=True)
class Word:
    """One spoken word and its times in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Mark:
    """Something that the text asks for besides words, such as "laugh", and when, in seconds."""

    name: str
    time: float


@dataclass(frozen=True)
class Prosody:
    """How it was said, sampled every `hop` seconds (value i belongs to time i * hop).

    semitones: (T,) float32, F0 over the speaker's median, interpolated through unvoiced parts.
    voiced:    (T,) bool.
    energy:    (T,) float32, dB below the loudest syllable (<= 0).
    accents:   (A,) float32, seconds of the pitch accents.
    """

    hop: float
    semitones: np.ndarray
    voiced: np.ndarray
    energy: np.ndarray
    accents: np.ndarray


@dataclass(frozen=True)
class Speech:
    """A voice, ready to be performed.

    waveform:      (N,) float32, -1..1, 16 kHz mono: what is analysed.
    playback:      (M, C) float32, -1..1, C = 1 or 2: what is heard, at `playback_rate` Hz.
    phones:        cover 0..duration without gaps, in order; pauses are "SIL".
    words:         empty when no text is known.
    text:          what is said, or "".
    marks:         what the text asks for besides words, in order of time.
    """

    waveform: np.ndarray
    playback: np.ndarray
    playback_rate: int
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]
    prosody: Prosody
    text: str = ""
    marks: tuple[Mark, ...] = ()

    SAMPLE_RATE = 16000

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.playback) / self.playback_rate
