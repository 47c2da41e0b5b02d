"""espeak-ng's own voice: robotic, but it speaks about 130 languages and is always there."""

from __future__ import annotations

import numpy as np

from garrick.speech import espeak
from garrick.speech.reading import Passage

_WORDS_PER_MINUTE = 140.0
_ENGLISH = (130.0, 40, 5)  # words a minute, pitch and gap: a recogniser misses 3 % of its words, at the usual 15 %
_PITCH = 50
_SLOWEST, _FASTEST = 80, 449  # of the engine's formant synthesis; faster than that it changes its method


class EspeakVoice:
    """See `garrick.speech.voices.engine.Engine`. variant: "" or a voice variant such as "f3"."""

    rate = 22050
    by_espeak = True

    def __init__(self, variant: str) -> None:
        self._variant = f"+{variant}" if variant else ""

    def say(self, passage: Passage, speed: float) -> np.ndarray:
        usual, pitch, gap = _ENGLISH if passage.language.startswith("en") else (_WORDS_PER_MINUTE, _PITCH, 0)
        pace = int(np.clip(round(usual * speed), _SLOWEST, _FASTEST))
        samples, rate = espeak.say(passage.text, passage.language + self._variant, pace, pitch, gap)
        assert rate == self.rate
        return samples
