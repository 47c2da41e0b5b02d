"""Flicker counts what changes where nothing should, and what goes to and fro beside a real clip."""

import numpy as np
import pytest
from garrick.errors import InputError
from garrick.evaluation.flicker import flicker_ratio, restlessness, still_flicker
from hypothesis import given
from hypothesis import strategies as st

EVERYWHERE = np.ones((16, 24), bool)


def clip(levels) -> list[np.ndarray]:
    return [np.full((16, 24, 3), level, np.uint8) for level in levels]


@given(st.lists(st.integers(0, 255), min_size=2, max_size=12))
def test_flicker_is_the_mean_step_of_the_level(levels):
    found = still_flicker(iter(clip(levels)), EVERYWHERE)
    assert found.value == pytest.approx(np.abs(np.diff(levels)).mean())
    assert found.samples == len(levels) - 1
    assert bool(found.warning) == (len(levels) < 11)


def test_what_moves_outside_the_matte_is_no_flicker():
    frames = clip([40] * 12)
    for index, frame in enumerate(frames):
        frame[:, 2 * index : 2 * index + 2] = 255
    assert np.isnan(still_flicker(frames, ~EVERYWHERE).value)
    assert still_flicker(frames, EVERYWHERE).value > 0
    # each frame says itself where it is still: neither where something is, nor where it was a step ago, counts
    own = [~(frame == 255).all(axis=2) for frame in frames]
    assert still_flicker(frames, own).value == 0


def test_noise_of_sigma_s_flickers_by_2_s_over_root_pi():
    sigma = 6.0  # the mean absolute difference of two Gaussian values is 2 sigma / sqrt(pi)
    frames = 128 + np.random.default_rng(0).normal(0, sigma, (12, 64, 64, 3))
    found = still_flicker(np.rint(frames).astype(np.uint8), np.ones((64, 64), bool))
    assert found.value == pytest.approx(2 * sigma / np.sqrt(np.pi), rel=0.02)


@pytest.mark.parametrize("levels", [[], [3]])
def test_one_frame_or_none_cannot_flicker(levels):
    with pytest.raises(InputError, match="from one frame to the next"):
        still_flicker(clip(levels), EVERYWHERE)


def test_steady_change_is_no_restlessness_and_going_to_and_fro_is():
    assert restlessness(*clip([10, 60, 110])) == 0
    assert restlessness(*clip([100, 103, 100])) == 6
    assert restlessness(*clip([0, 255, 0])) == 510


def test_the_ratio_is_that_of_the_frames_that_both_have():
    assert flicker_ratio(np.array([6, 2, np.nan, 50]), np.array([3, 1, 9, np.nan])).value == 2
    nothing = flicker_ratio(np.array([6.0, 2.0]), np.zeros(2))
    assert np.isnan(nothing.value)
    assert nothing.warning
