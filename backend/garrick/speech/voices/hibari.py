"""hibari (Apache-2.0): an 8 MB net distilled from Kokoro's "heart", American English, over 100 times real time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from garrick.speech.reading import Passage
from garrick.weights import registry

_NOISE_SEED = 0  # of the voice's breath noise: the same text gives the same sound


class HibariVoice:
    """See `garrick.speech.voices.engine.Engine`."""

    rate = 24000
    by_espeak = False

    def say(self, passage: Passage, speed: float) -> np.ndarray:
        voice = synthesiser()
        return voice.from_ids(voice.ids(passage.letters), speed, np.random.default_rng(_NOISE_SEED))


@lru_cache(maxsize=1)
def synthesiser():
    """hibari's net with the voice inside its package: the only one that needs no download. Raises MissingError."""
    registry.path("hibari")
    from hibari import Hibari

    return Hibari()
