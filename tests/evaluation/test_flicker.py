"""Flicker counts what changes where nothing should."""

import numpy as np
import pytest
from garrick.errors import InputError
from garrick.evaluation.flicker import still_flicker
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
