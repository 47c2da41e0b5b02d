"""Feelings on the face: which muscles each of them moves, when it comes and goes, and what it does to head and hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from garrick.core.arkit import ARKIT_INDEX
from garrick.core.easing import smoothstep
from garrick.motion.mood import moods
from garrick.motion.rules.wander import wander
from garrick.speech.speech import Speech

_ONSET, _FADE = 0.35, 0.9  # seconds in which a feeling comes and goes; faces let go more slowly than they light up
_EBB = 0.15  # of its strength that a feeling comes and goes by itself
_SPEAKING = 0.55  # of what the mouth shows is left while it speaks
_MOUTH = ("mouth", "jaw", "cheekPuff")


@dataclass(frozen=True)
class Emotion:
    """weights: ARKit weights at full strength; a name without a side stands for both.

    pitch: degrees by which the head is lowered.    gestures: factor on how much the hands do.
    """

    weights: Mapping[str, float]
    pitch: float = 0.0
    gestures: float = 1.0

    def face(self) -> np.ndarray:
        """(52,) float64."""
        row = np.zeros(len(ARKIT_INDEX))
        for name, weight in self.weights.items():
            sides = (name,) if name in ARKIT_INDEX else (name + "Left", name + "Right")
            row[[ARKIT_INDEX[side] for side in sides]] = weight
        return row


EMOTIONS: dict[str, Emotion] = {
    "neutral": Emotion({}),
    "happy": Emotion({"mouthSmile": 0.8, "cheekSquint": 0.6, "eyeSquint": 0.25, "mouthDimple": 0.15}, -2.0, 1.15),
    "sad": Emotion(
        {"browInnerUp": 0.85, "browDown": 0.2, "mouthFrown": 0.75, "mouthShrugLower": 0.3, "eyeBlink": 0.18}, 7.0, 0.5
    ),
    "angry": Emotion(
        {"browDown": 1.0, "eyeSquint": 0.5, "eyeWide": 0.2, "noseSneer": 0.5, "mouthPress": 0.4, "mouthFrown": 0.25,
         "jawForward": 0.15},
        4.0, 1.3,
    ),
    "afraid": Emotion(
        {"browInnerUp": 0.95, "browOuterUp": 0.35, "browDown": 0.3, "eyeWide": 0.9, "mouthStretch": 0.65}, -1.0, 0.7
    ),
    "surprised": Emotion({"browInnerUp": 0.85, "browOuterUp": 0.95, "eyeWide": 0.85, "jawOpen": 0.16}, -3.0, 1.0),
    "disgusted": Emotion(
        {"noseSneer": 0.95, "mouthUpperUp": 0.4, "browDown": 0.65, "cheekSquint": 0.45, "mouthFrown": 0.4}, -2.0, 0.8
    ),
    "contemptuous": Emotion(
        {"mouthDimpleLeft": 0.8, "mouthSmileLeft": 0.4, "eyeSquint": 0.25, "browOuterUpLeft": 0.2}, -4.0, 0.8
    ),
}  # fmt: skip
"""Name -> feeling; the action units of each are EMFACS's (Ekman and Friesen 1983), the amounts are ours."""


AUTO = "auto"
"""In place of an emotion: what the words and the voice say."""


@dataclass(frozen=True)
class Feeling:
    """An emotion of `EMOTIONS` at a strength 0..1 from a second on, until the next feeling."""

    emotion: str
    strength: float
    start: float


def feelings_of(speech: Speech, emotion: str, strength: float) -> list[Feeling]:
    """What is felt, in order of time: `emotion` throughout, or what words and melody say ("auto"), until a mark changes it.

    A mark of the text, such as [happy], rules from its place on and has at least half strength, even in a clip whose own
    feeling is weaker.
    """
    named = [Feeling(mark.name, max(strength, 0.5), mark.time) for mark in speech.marks if mark.name in EMOTIONS]
    if emotion != AUTO:
        return [Feeling(emotion, strength, -_ONSET), *named]
    first = named[0].start if named else np.inf
    guessed = [Feeling(name, share * strength, start) for name, share, start in moods(speech) if start < first]
    return [Feeling("neutral", 0.0, -_ONSET), *guessed, *named]


def felt(feelings: Sequence[Feeling], times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F, E) 0..1: how strong each of `EMOTIONS` is at (F,) seconds; one fades out while the next comes."""
    levels = np.zeros((len(times), len(EMOTIONS)))
    names = list(EMOTIONS)
    for feeling, following in pairwise([*feelings, Feeling("neutral", 0.0, np.inf)]):
        rise = smoothstep((times - feeling.start) / _ONSET)
        fall = smoothstep((following.start + _FADE - times) / _FADE)
        column = names.index(feeling.emotion)
        levels[:, column] = np.maximum(levels[:, column], feeling.strength * np.minimum(rise, fall))
    ebb = 1 + _EBB * np.tanh(wander(times, len(names), rng))
    return np.clip(levels * ebb, 0, 1)


def emotional_face(levels: np.ndarray, talking: np.ndarray) -> np.ndarray:
    """(F, E) levels and (F,) 0..1 speech activity -> (F, 52) weights to add; a speaking mouth shows less of it."""
    face = levels @ np.stack([emotion.face() for emotion in EMOTIONS.values()])
    mouth = [row for name, row in ARKIT_INDEX.items() if name.startswith(_MOUTH)]
    face[:, mouth] *= 1 - (1 - _SPEAKING) * talking[:, None]
    return face


def lowered(levels: np.ndarray) -> np.ndarray:
    """(F, E) levels -> (F,) degrees by which the head is lowered."""
    return levels @ np.array([emotion.pitch for emotion in EMOTIONS.values()])


def gesturing(levels: np.ndarray) -> float:
    """(F, E) levels -> factor on how much the hands do in the clip."""
    factors = np.array([emotion.gestures for emotion in EMOTIONS.values()])
    return float(1 + (levels @ (factors - 1)).mean())
