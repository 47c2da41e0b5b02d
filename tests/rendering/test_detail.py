"""Detail of a rendering for a soft picture: nearer to the truth where it fits, untouched where it does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from garrick.rendering.detail import add_detail
from PIL import Image


@pytest.fixture(scope="module")
def sharp(sample_portrait) -> np.ndarray:
    return np.asarray(Image.open(sample_portrait).convert("RGB").resize((384, 384), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def soft(sharp) -> np.ndarray:
    return cv2.resize(cv2.resize(sharp, (64, 64), interpolation=cv2.INTER_AREA), (384, 384))


def moved(picture: np.ndarray) -> np.ndarray:
    """A few pixels aside, a little larger and darker: as a rendering that follows a video."""
    matrix = np.array([[1.01, 0.01, -4.0], [-0.01, 1.01, 2.0]])
    return cv2.warpAffine(
        (picture * 0.9).astype(np.uint8), matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE
    )


def error(one: np.ndarray, other: np.ndarray) -> float:
    inner = np.s_[16:-16, 16:-16]
    return float(np.square(one[inner].astype(float) - other[inner]).mean())


def test_a_soft_picture_gains_the_detail_of_a_rendering_that_lies_aside(sharp, soft):
    rendering = moved(sharp)
    made = add_detail(soft, rendering)
    assert error(made, sharp) < 0.5 * error(soft, sharp)
    assert error(made, sharp) < 0.2 * error(rendering, sharp)


def test_a_sharp_picture_stays_as_it_is(sharp):
    assert error(add_detail(sharp, moved(sharp)), sharp) < 3
    np.testing.assert_allclose(add_detail(sharp, sharp), sharp, atol=1)


def test_colours_stay_the_picture_s(sharp, soft):
    made = add_detail(soft, moved(sharp))
    np.testing.assert_allclose(made.mean(axis=(0, 1)), soft.mean(axis=(0, 1)), atol=1)


def test_another_picture_lends_next_to_nothing(sharp, soft):
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.integers(0, 255, sharp.shape, dtype=np.uint8), (0, 0), 1)
    assert error(add_detail(soft, noise), soft) < 0.1 * error(noise, soft)


@pytest.mark.parametrize("size", [(64, 64), (101, 57), (38, 200)])
def test_any_size_is_kept(sharp, size):
    small = cv2.resize(sharp, size)
    assert add_detail(small, small).shape == small.shape
