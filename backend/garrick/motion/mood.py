"""What somebody feels who says this: glad or not by the words, how strongly by the melody, phrase by phrase.

Words are weighed by VADER (Hutto and Gilbert 2014), a lexicon with rules for English; in other languages nothing is felt.
Gladness and arousal name a feeling as they lie on Russell's circumplex (1980): glad; or not, and calm; or not, and stirred.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from garrick.speech.speech import Prosody, Speech, Word

_PAUSE = 0.25  # seconds of silence that part two phrases
_FELT = 0.3  # of VADER's compound score, -1..1, from which a phrase is felt at all
_CALM, _STIRRED = 2.0, 4.5  # semitones: deviation of the melody within a phrase, of read and of excited speech
_LEAD = 0.15  # seconds by which a face is ahead of its phrase


def moods(speech: Speech) -> list[tuple[str, float, float]]:
    """Emotion, strength 0..1 and the second from which it is felt, phrase by phrase in order of time."""
    if not speech.language.startswith("en"):
        return []
    found: list[tuple[str, float, float]] = []
    for phrase in _phrases(speech):
        glad = _analyser().polarity_scores(" ".join(word.text for word in phrase))["compound"]
        stirred = _arousal(speech.prosody, phrase[0].start, phrase[-1].end)
        if abs(glad) < _FELT:
            name, strength = "neutral", 0.0
        else:
            name = "happy" if glad > 0 else "angry" if stirred > 0.5 else "sad"
            strength = min(1.0, abs(glad) * (0.7 + 0.5 * stirred))
        if not found or found[-1][0] != name or strength > found[-1][1]:
            found.append((name, strength, max(0.0, phrase[0].start - _LEAD)))
    return found


def _phrases(speech: Speech) -> list[list[Word]]:
    parts: list[list[Word]] = []
    for word in speech.words:
        if parts and word.start - parts[-1][-1].end < _PAUSE:
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts


def _arousal(prosody: Prosody, start: float, end: float) -> float:
    """0 calm .. 1 stirred."""
    span = slice(round(start / prosody.hop), max(round(end / prosody.hop), round(start / prosody.hop) + 1))
    voiced = prosody.semitones[span][prosody.voiced[span]]
    return float(np.clip((voiced.std() - _CALM) / (_STIRRED - _CALM), 0, 1)) if len(voiced) > 1 else 0.0


@lru_cache(maxsize=1)
def _analyser() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # reads its lexicon: 50 ms

    return SentimentIntensityAnalyzer()
