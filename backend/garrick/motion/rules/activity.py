"""When somebody speaks: pauses, turns, and the envelope that opens and closes the mouth for speech."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garrick.core.easing import smoothstep
from garrick.motion.rules.visemes import SILENCE
from garrick.speech.speech import Phone

ONSET = 0.14  # seconds of preparation before speech: 120-150 ms (Schwartz and Savariaux 2014)
RELEASE_LEAD, RELEASE = 0.03, 0.15  # the mouth starts to close before the sound ends and is closed 150 ms into a pause


def spoken_spans(phones: Sequence[Phone], join: float = 0.0) -> np.ndarray:
    """(S, 2) seconds: start and end of each stretch of speech; pauses of up to `join` seconds are part of a stretch."""
    spans: list[list[float]] = []
    for phone in phones:
        if phone.symbol == SILENCE or phone.end <= phone.start:
            continue
        if spans and phone.start - spans[-1][1] <= max(join, 1e-9):
            spans[-1][1] = phone.end
        else:
            spans.append([phone.start, phone.end])
    return np.array(spans).reshape(-1, 2)


def activity(phones: Sequence[Phone], times: np.ndarray) -> np.ndarray:
    """(F,) 0..1: 1 while speech sounds, exactly 0 in a pause between closing and the next preparation."""
    envelope = np.zeros(len(times))
    for start, end in spoken_spans(phones):
        rise = smoothstep((times - start + ONSET) / ONSET)
        fall = smoothstep((end + RELEASE - times) / (RELEASE + RELEASE_LEAD))
        envelope = np.maximum(envelope, np.minimum(rise, fall))
    return envelope
