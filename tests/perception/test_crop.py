"""Squares cut from pictures are where they say they are."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.perception.crop import Square
from hypothesis import given
from hypothesis import strategies as st

squares = st.builds(
    lambda x, y, side, angle: Square(np.array([x, y]), side, angle),
    st.floats(-50, 500),
    st.floats(-50, 500),
    st.floats(5, 900),
    st.floats(-np.pi, np.pi),
)


@given(square=squares, size=st.sampled_from([64, 128, 192]), x=st.floats(-100, 600), y=st.floats(-100, 600))
def test_points_come_back(square, size, x, y):
    point = np.array([x, y])
    np.testing.assert_allclose(square.back(square.onto(point, size), size), point, atol=1e-6)


@pytest.mark.parametrize("side", [30.0, 64.0, 100.0, 400.0])
@pytest.mark.parametrize("angle", [0.0, 0.4, -2.0])
def test_a_cut_shows_the_picture_where_back_says(side, angle):
    """A picture whose colours are its coordinates: every pixel centre of the cut must read its own place."""
    y, x = np.mgrid[:600, :600] + 0.5
    picture = np.stack([x / 3, y / 3, np.zeros_like(x)], axis=-1).astype(np.uint8)
    square = Square(np.array([301.3, 298.7]), side, angle)
    cut = square.cut(picture, 64)
    rows, columns = np.mgrid[4:60, 4:60]
    places = square.back(np.stack([columns, rows], axis=-1) + 0.5, 64)
    # half a level of the truncation to uint8 and half of the rounding: a pixel and a half of the picture
    np.testing.assert_allclose(cut[4:60, 4:60, :2] * 3.0 + 1.5, places, atol=3.0)
    assert abs((cut[4:60, 4:60, :2] * 3.0 + 1.5 - places).mean()) < 0.5


def test_a_fine_pattern_shrinks_to_its_mean_and_not_to_stripes():
    picture = np.zeros((2000, 2000, 3), np.uint8)
    picture[:, ::2] = 200
    cut = Square(np.array([1000.0, 1000.0]), 1900).cut(picture, 128)
    assert np.abs(cut.astype(int) - 100).max() < 25


def test_a_square_outside_the_picture_is_black():
    assert not Square(np.array([-500.0, 50.0]), 100).cut(np.full((100, 100, 3), 255, np.uint8), 64).any()
