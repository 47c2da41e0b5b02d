"""Speech: a voice with what was heard in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Phone:
    """One phone: ARPAbet without stress ("AA" .. "ZH") or "SIL"; seconds; confidence 0..1 (see `garrick.speech.phones`)."""

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
    """How it was said; tracks are sampled every `hop` seconds (value i belongs to time i * hop).

    semitones:    (T,) float32, F0 over the speaker's median, interpolated through unvoiced parts.
    voiced:       (T,) bool.
    energy:       (T,) float32, dB below the loudest syllable (<= 0).
    accents:      (A,) float32, seconds of the pitch accents.
    pauses:       (P, 2) float32, seconds at which each pause between two stretches of speech starts and ends.
    phrase_ends:  (E,) float32, seconds: where a pause starts, and where the speech is over.
    phrase_tones: (E,) float32, semitones by which the pitch rises (falls when negative) at each of them; 0 where no
                  voice carries it. Statements fall, questions and what is to go on rise.
    rate:         (T,) float32, syllables a second of speech around that time; 0 where nobody speaks near it.
    """

    hop: float
    semitones: np.ndarray
    voiced: np.ndarray
    energy: np.ndarray
    accents: np.ndarray
    pauses: np.ndarray
    phrase_ends: np.ndarray
    phrase_tones: np.ndarray
    rate: np.ndarray


@dataclass(frozen=True)
class Speech:
    """A voice, ready to be performed.

    waveform:      (N,) float32, -1..1, 16 kHz mono: what is analysed.
    playback:      (M, C) int16, full scale 32768, C = 1 or 2: what is heard, at `playback_rate` Hz.
    phones:        cover 0..duration without gaps, in order; pauses are "SIL".
    words:         empty when no text is known; of a text that a recording does not say in full, those that it says.
    text:          what is said, or "".
    marks:         what the text asks for besides words, in order of time.
    language:      of the text, such as "en-us", or "".
    transcribed:   the text was found by listening: it may hold mistakes.
    warnings:      sentences for the user.
    """

    waveform: np.ndarray
    playback: np.ndarray
    playback_rate: int
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]
    prosody: Prosody
    text: str = ""
    marks: tuple[Mark, ...] = ()
    language: str = ""
    transcribed: bool = False
    warnings: tuple[str, ...] = ()

    SAMPLE_RATE = 16000

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.playback) / self.playback_rate
