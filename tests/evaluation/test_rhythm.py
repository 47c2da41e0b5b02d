"""Beats on the onsets score 1, beats far off them nothing, and stillness has none."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.evaluation.metric import CLOSER
from garrick.evaluation.rhythm import (
    SIGMA,
    angular_speed,
    audio_onsets,
    beat_consistency,
    chance_consistency,
    motion_beats,
)
from garrick.speech.speech import Speech
from hypothesis import given
from hypothesis import strategies as st

FPS = Fraction(25)


def test_beats_on_the_onsets_score_1_and_far_off_them_0() -> None:
    onsets = np.arange(0, 20, 2.0)
    assert beat_consistency(onsets, onsets).value == 1
    assert beat_consistency(onsets + 1, onsets).value < 0.01
    assert beat_consistency(onsets, onsets).metric.better == CLOSER


@given(st.floats(0, 0.9))
def test_beats_beside_the_onsets_score_the_gaussian(away: float) -> None:
    onsets = np.arange(1, 21, 2.0)
    assert beat_consistency(onsets + away, onsets).value == pytest.approx(np.exp(-(away**2) / (2 * SIGMA**2)))


def test_onsets_without_a_beat_cost_nothing() -> None:
    assert beat_consistency(np.array([4.0]), np.arange(0, 20, 0.5)).value == 1


def test_chance_is_what_beats_at_any_time_score() -> None:
    onsets = np.array([1.0, 3.5, 4.0, 8.0])
    anywhere = np.random.default_rng(0).uniform(0, 10, 20000)
    assert chance_consistency(onsets, 10.0) == pytest.approx(beat_consistency(anywhere, onsets).value, abs=0.01)


def test_beats_of_a_swinging_head_are_its_turning_points() -> None:
    times = np.arange(250) / 25
    swing = np.zeros((250, 3))
    swing[:, 1] = 0.2 * np.sin(2 * np.pi * 0.5 * times)  # slowest at 0.5, 1.5, 2.5 s ...
    beats = motion_beats(swing, FPS)
    assert beats == pytest.approx(np.arange(0.5, 10, 1.0), abs=0.04)
    assert angular_speed(swing, FPS).max() == pytest.approx(0.2 * np.pi, rel=0.01)
    joints = np.repeat(swing[:, None], 4, axis=1)
    assert motion_beats(joints, FPS) == pytest.approx(beats)


def test_a_head_that_rests_has_no_beats() -> None:
    trembling = np.random.default_rng(0).normal(0, 1e-4, (250, 3))
    assert len(motion_beats(trembling, FPS)) == 0
    measured = beat_consistency(motion_beats(trembling, FPS), np.array([1.0]))
    assert np.isnan(measured.value)
    assert measured.warning


def test_onsets_are_where_sounds_begin() -> None:
    sound = np.random.default_rng(0).normal(0, 1e-4, 16000 * 4).astype(np.float32)
    starts = (0.5, 1.3, 2.0, 3.2)
    for start in starts:
        first = round(start * 16000)
        clock = np.arange(3200) / 16000
        fading = np.exp(-clock / 0.03)  # a sound cut off would click once more
        sound[first : first + 3200] += (0.3 * fading * np.sin(2 * np.pi * 300 * clock)).astype(np.float32)
    assert audio_onsets(sound) == pytest.approx(starts, abs=0.03)
    assert len(audio_onsets(np.zeros(16000, np.float32))) == 0


def test_the_products_heads_nod_with_the_accents(spoken: Speech, performed: Performance) -> None:
    beats = motion_beats(performed.head_rotation, FPS)
    accents = spoken.prosody.accents
    assert beat_consistency(beats, accents).value > chance_consistency(accents, spoken.duration) + 0.05
    onsets = audio_onsets(spoken.waveform)
    assert 3 < len(onsets) / spoken.duration < 10  # syllables and loud consonants


def test_bad_input_gets_a_sentence() -> None:
    with pytest.raises(InputError, match="no onsets"):
        beat_consistency(np.array([1.0]), np.zeros(0))
    with pytest.raises(InputError, match="no sound"):
        audio_onsets(np.zeros(0, np.float32))
    with pytest.raises(InputError, match="two frames"):
        motion_beats(np.zeros((1, 3)), FPS)
    with pytest.raises(InputError, match="by 3"):
        motion_beats(np.zeros((9, 4)), FPS)
