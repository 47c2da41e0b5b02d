"""What every engine can do, and the one that a voice asks for."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from garrick.speech.catalogue import Voice
from garrick.speech.reading import Passage


class Engine(Protocol):
    """A voice that is ready to speak.

    rate:      Hz of what it says.
    by_espeak: its texts are read by espeak-ng's rules, in every language.
    """

    rate: int
    by_espeak: bool

    def say(self, passage: Passage, speed: float) -> np.ndarray:
        """(N,) float32, about -1..1: the passage, `speed` times as fast as usual; same calls, same samples."""
        ...


def open_engine(voice: Voice) -> Engine:
    """Load what the voice needs. Raises MissingError."""
    match voice.engine:
        case "hibari":
            from garrick.speech.voices.hibari import HibariVoice

            return HibariVoice()
        case "piper":
            from garrick.speech.voices.piper import PiperVoice

            return PiperVoice()
        case "kokoro":
            from garrick.speech.voices.kokoro import KokoroVoice

            return KokoroVoice(voice.detail)
        case _:
            from garrick.speech.voices.espeak import EspeakVoice

            return EspeakVoice(voice.detail)
