"""Jitter of what is known, dynamics that are halved, and three kinds of diversity."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.evaluation.curves import (
    KINDS,
    UPPER_FACE,
    diversity_features,
    diversity_l1,
    diversity_variance,
    jitter,
    roughness,
    third_difference,
    upper_face_deviation,
    window_features,
)
from hypothesis import given
from hypothesis import strategies as st

FPS = Fraction(25)


@given(st.floats(-3, 3), st.sampled_from([Fraction(12), Fraction(24000, 1001), Fraction(60)]))
def test_a_cubic_jitters_by_six_times_its_factor_at_every_rate(factor: float, fps: Fraction) -> None:
    times = np.arange(60) / float(fps)
    curves = np.stack([factor * times**3, times**2, times, np.ones(60)], axis=1)
    assert third_difference(curves, fps) == pytest.approx(np.full(57, 6 * abs(factor) / 4), abs=1e-6)


def test_jitter_of_a_performance_is_told_by_kind() -> None:
    moving = Performance.rest(50, FPS)
    times = np.arange(50) / 25
    rotation = moving.head_rotation.copy()
    rotation[:, 0], rotation[:, 1] = 0.03 * times**3, 0.04 * times**3
    moving = replace(moving, head_rotation=rotation)
    measured = jitter(moving, "head_rotation")
    assert measured.value == pytest.approx(6 * 0.05, rel=0.01)  # the vector's length, float32 curves
    assert measured.metric.unit == "rad/s^3"
    assert [jitter(moving, kind).value for kind in KINDS if kind != "head_rotation"] == [0.0] * 6


def test_noise_is_rough_and_smooth_motion_is_not(performed: Performance) -> None:
    times = np.arange(100) / 25
    assert roughness((times**3)[:, None], FPS).value == pytest.approx(1, abs=0.01)
    assert roughness(np.zeros((100, 3)), FPS).value == 1
    noise = np.random.default_rng(0).normal(0, 0.01, performed.face.shape)
    assert roughness(noise, FPS).value > 4
    own = roughness(performed.head_rotation, FPS).value
    assert own < 2
    assert roughness(performed.head_rotation + noise[:, :3], FPS).value > 2 * own


def test_the_dynamics_of_an_upper_face_that_moves_half_as_much_are_off_by_half(performed: Performance) -> None:
    face = performed.face
    assert upper_face_deviation(face, face).value == 0
    half = upper_face_deviation(face * 0.5, face)
    assert half.value == pytest.approx(face[:, list(UPPER_FACE)].std(axis=0).mean() / 2, rel=1e-4)
    assert half.each is not None
    assert half.each.max() <= 0  # too still
    mouth = face.copy()
    mouth[:, ARKIT_INDEX["jawOpen"]] = 0
    assert upper_face_deviation(mouth, face).value == 0


def test_diversity_in_its_three_senses() -> None:
    square = np.zeros((100, 52))
    square[::2] = 1
    assert diversity_variance(square).value == pytest.approx(0.25)
    still, open_mouth = np.zeros((100, 52)), np.ones((80, 52)) * 0.5
    assert diversity_l1([still, open_mouth]).value == pytest.approx(0.5)
    assert diversity_l1([still, still, open_mouth]).value == pytest.approx(1 / 3)
    # four windows of one and three of the other, which lie half a weight apart in 52 curves
    apart = 0.5 * np.sqrt(52)
    assert window_features(open_mouth, FPS).shape == (3, 156)
    assert diversity_features([still, open_mouth], FPS).value == pytest.approx(apart * 12 / 21)
    assert diversity_features([still], FPS).value == 0


def test_bad_curves_get_a_sentence(performed: Performance) -> None:
    with pytest.raises(InputError, match="no channel 'jaw'"):
        jitter(performed, "jaw")
    with pytest.raises(InputError, match="four frames"):
        jitter(performed.frames(0, 3), "face")
    with pytest.raises(InputError, match="smoothed"):
        roughness(np.zeros((5, 3)), FPS)
    for face in (np.zeros((0, 52)), np.zeros((1, 52)), np.zeros((9, 51))):
        with pytest.raises(InputError):
            upper_face_deviation(face, performed.face)
    with pytest.raises(InputError):
        diversity_variance(np.zeros((0, 52)))
    with pytest.raises(InputError, match="two windows"):
        diversity_features([np.zeros((30, 52))], FPS)
    with pytest.raises(InputError, match="two windows"):
        diversity_features([], FPS)
    with pytest.raises(InputError, match="two clips"):
        diversity_l1([np.zeros((30, 52))])
    with pytest.raises(InputError, match="same curves"):
        diversity_l1([np.zeros((30, 52)), np.zeros((30, 51))])
    with pytest.raises(InputError, match="have frames"):
        diversity_l1([np.zeros((30, 52)), np.zeros((0, 52))])
