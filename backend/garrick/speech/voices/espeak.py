"""espeak-ng's own voice: robotic, but it speaks about 130 languages and is always there."""

from __future__ import annotations

import numpy as np

from garrick.speech import espeak
from garrick.speech.reading import Passage

_WORDS_PER_MINUTE = 140.0  # a recogniser understands 165 less well (23 % of words wrong against 15 %)
_SLOWEST, _FASTEST = 80, 449  # of the engine's formant synthesis; faster than that it changes its method


class EspeakVoice:
    """See `garrick.speech.voices.engine.Engine`. variant: "" or a voice variant such as "f3"."""

    rate = 22050
    by_espeak = True

    def __init__(self, variant: str) -> None:
        self._variant = f"+{variant}" if variant else ""

    def say(self, passage: Passage, speed: float) -> np.ndarray:
        pace = int(np.clip(round(_WORDS_PER_MINUTE * speed), _SLOWEST, _FASTEST))
        samples, rate = espeak.say(passage.text, passage.language + self._variant, pace)
        assert rate == self.rate
        return samples
