"""Feelings on the face: each its own, gone where another begins, and never stronger than the lips' duties."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.motion.emotion import AUTO, EMOTIONS, Feeling, emotional_face, feelings_of, felt
from garrick.motion.mood import moods
from garrick.motion.perform import Manner, run
from garrick.speech.speech import Mark, Word
from motion_samples import closed_portrait, said

TIMES = np.arange(250) / 25
FELT = [name for name in EMOTIONS if name != "neutral"]


def performed(emotion: str, strength: float = 1.0, marks: tuple[Mark, ...] = ()):
    speech = said([("SIL", 0.3), *[("AA", 0.15), ("M", 0.1), ("IY", 0.15), ("B", 0.1)] * 12, ("SIL", 0.5)])
    manner = Manner(head_motion=0, gestures=0, emotion=emotion, emotion_strength=strength)
    return run(replace(speech, marks=marks), closed_portrait(), Fraction(25), manner, RunContext())


@pytest.mark.parametrize("name", FELT)
def test_an_emotion_moves_its_muscles_and_more_of_it_moves_them_more(name: str) -> None:
    calm, weak, strong = performed("neutral"), performed(name, 0.4), performed(name, 1.0)
    moved = [(shown.face - calm.face).mean(axis=0) for shown in (weak, strong)]
    own = EMOTIONS[name].face() > 0.15
    assert np.abs(moved[1]).max() > 0.15
    assert np.linalg.norm(moved[1][own]) > 1.6 * np.linalg.norm(moved[0][own])


@pytest.mark.parametrize("name", FELT)
def test_lips_close_on_every_bilabial_whatever_is_felt(name: str) -> None:
    shown, head, portrait = performed(name), load_head(), closed_portrait()
    gaps = np.array([head.lip_gap(head.vertices(portrait.identity, face)) for face in shown.face])
    times = np.arange(len(shown)) / 25
    for count in range(24):
        centre = 0.3 + 0.5 * (count // 2) + (0.2 if count % 2 == 0 else 0.45)
        assert gaps[np.abs(times - centre) <= 0.061].min() < 0.0009


def test_a_mark_changes_what_is_felt_from_there_on() -> None:
    speech = replace(said([("AA", 8.0)]), marks=(Mark("happy", 2.0), Mark("wave", 3.0), Mark("neutral", 6.0)))
    feelings = feelings_of(speech, "sad", 0.3)
    assert feelings == [
        Feeling("sad", 0.3, feelings[0].start),
        Feeling("happy", 0.5, 2.0),
        Feeling("neutral", 0.5, 6.0),
    ]
    levels = dict(zip(EMOTIONS, felt(feelings, TIMES, np.random.default_rng(0)).T, strict=True))
    assert levels["sad"][:50].min() > 0.2
    assert levels["sad"][75:].max() == 0
    assert levels["happy"][:50].max() == 0
    assert levels["happy"][70:150].min() > 0.35
    assert levels["happy"][175:].max() == 0


def test_one_feeling_gives_way_to_the_next_without_a_jump() -> None:
    levels = felt([Feeling("angry", 1, -1), Feeling("happy", 1, 5)], TIMES, np.random.default_rng(1))
    assert np.abs(np.diff(levels, axis=0)).max() < 0.2


def test_a_speaking_mouth_shows_less_of_it_and_the_brows_as_much() -> None:
    levels = np.zeros((2, len(EMOTIONS)))
    levels[:, list(EMOTIONS).index("sad")] = 1
    silent, speaking = emotional_face(levels, np.array([0.0, 1.0]))
    assert speaking[ARKIT_INDEX["mouthFrownLeft"]] < 0.7 * silent[ARKIT_INDEX["mouthFrownLeft"]]
    assert speaking[ARKIT_INDEX["browInnerUp"]] == silent[ARKIT_INDEX["browInnerUp"]]


WORDS = ("I", "am", "so", "happy", "today", "but", "then", "we", "lost", "it", "and", "it", "was", "terrible")


def worded(swing: float, marks: tuple[Mark, ...] = (), language: str = "en-us"):
    """Two phrases of seven words, the second of them sad; the melody swings by so many semitones."""
    speech = said([("AA", 1.4), ("SIL", 0.6), ("AA", 1.4), ("SIL", 0.4)])
    times = [0.2 * row + (0.6 if row > 6 else 0.0) for row in range(14)]
    words = tuple(Word(text, start, start + 0.2) for text, start in zip(WORDS, times, strict=True))
    semitones = (swing * np.sin(np.arange(len(speech.prosody.semitones)) / 7)).astype(np.float32)
    prosody = replace(speech.prosody, semitones=semitones)
    return replace(speech, words=words, prosody=prosody, marks=marks, language=language)


@pytest.mark.parametrize(("swing", "second"), [(0.5, "sad"), (8.0, "angry")])
def test_words_say_whether_and_the_melody_how(swing: float, second: str) -> None:
    first, then = moods(worded(swing))
    assert (first[0], then[0]) == ("happy", second)
    assert 0.3 < first[1] <= 1
    assert then[2] == pytest.approx(2.0 - 0.15)


def test_auto_obeys_marks_and_feels_nothing_in_other_languages() -> None:
    assert [feeling.emotion for feeling in feelings_of(worded(1), AUTO, 0.7)] == ["neutral", "happy", "sad"]
    marked = feelings_of(worded(1, (Mark("afraid", 1.0),)), AUTO, 0.7)
    assert [feeling.emotion for feeling in marked] == ["neutral", "happy", "afraid"]
    assert [feeling.emotion for feeling in feelings_of(worded(1, (), "de"), AUTO, 0.7)] == ["neutral"]
