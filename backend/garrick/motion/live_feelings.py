"""What a live speaker feels: asked for while they speak, or by the marks of a text that is spoken for the stream."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from garrick.context import RunContext
from garrick.motion.emotion import EMOTIONS, Feeling, felt
from garrick.speech.speech import Speech

_KEPT = 3.0  # seconds after its end in which a feeling may still show: it fades for less than one
_MARKED = 0.7  # strength of a text's mark, a clip's own by default


class LiveFeelings:
    """The latest feelings of one speaker, in seconds of the stream."""

    def __init__(self, ctx: RunContext) -> None:
        self._ctx = ctx
        self._feelings = [Feeling("neutral", 0.0, -_KEPT)]

    def feel(self, emotion: str, strength: float, start: float) -> None:
        """Have one of `EMOTIONS` come at a strength 0..1, from a second on that is not before the latest feeling's."""
        self._feelings.append(Feeling(emotion, strength, start))

    def say(self, speech: Speech, start: float) -> None:
        """Feel what the marks of a speech name that begins at `start` seconds; after it, what was felt before."""
        before = self._feelings[-1]
        marks = [mark for mark in speech.marks if mark.name in EMOTIONS]
        for mark in marks:
            self.feel(mark.name, max(before.strength, _MARKED), start + mark.time)
        if marks:
            self.feel(before.emotion, before.strength, start + speech.duration)

    def levels(self, times: np.ndarray) -> np.ndarray:
        """(F, E) 0..1 at (F,) rising seconds, none of them before those of the last call: see `emotion.felt`."""
        ends = [following.start for _, following in pairwise(self._feelings)]
        over = sum(end < times[0] - _KEPT for end in ends) if len(times) else 0
        self._feelings = self._feelings[over:]
        if not any(feeling.strength for feeling in self._feelings):
            return np.zeros((len(times), len(EMOTIONS)))
        return felt(self._feelings, times, self._ctx.rng("emotion"))
