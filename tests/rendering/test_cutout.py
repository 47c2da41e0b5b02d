"""A person cut out keeps their own colour to the edge, whatever was behind them."""

from __future__ import annotations

import cv2
import numpy as np
from garrick.rendering.cutout import cut_out, premultiplied

SIZE = 96
SKIN, WALL = np.array([0.8, 0.5, 0.4], np.float32), np.array([0.1, 0.5, 0.9], np.float32)


def photographed(wall: np.ndarray = WALL) -> tuple[np.ndarray, np.ndarray]:
    """(SIZE, SIZE, 3) uint8 a round person with a soft edge before a wall, and (SIZE, SIZE) their matte."""
    y, x = np.mgrid[:SIZE, :SIZE]
    sharp = (np.hypot(x - 48, y - 48) < 28).astype(np.float32)
    alpha = cv2.GaussianBlur(sharp, (0, 0), 2.0)
    photo = SKIN * alpha[..., None] + wall * (1 - alpha[..., None])
    return np.round(photo * 255).astype(np.uint8), alpha


def test_no_light_of_the_wall_is_left_in_the_edge():
    image, alpha = photographed()
    edge = (alpha > 0.1) & (alpha < 0.95)
    person = cut_out(image, alpha)
    np.testing.assert_allclose(person[edge][:, :3], np.broadcast_to(SKIN, (edge.sum(), 3)), atol=0.06)
    before_green = premultiplied(person)[..., :3] + (1 - alpha[..., None]) * (0, 1, 0)
    wanted = SKIN * alpha[..., None] + (1 - alpha[..., None]) * (0, 1, 0)
    assert np.abs(before_green - wanted)[edge].mean() < 0.01
    kept = image / 255 * alpha[..., None] + (1 - alpha[..., None]) * (0, 1, 0)
    assert np.abs(kept - wanted)[edge].mean() > 0.05  # the photo's own colours would not do


def test_where_the_matte_is_sure_the_photo_stays():
    image, alpha = photographed()
    sure = alpha > 0.995
    np.testing.assert_allclose(cut_out(image, alpha)[sure][:, :3], image[sure] / 255, atol=0.01)


def test_a_wrong_matte_still_leaves_the_photo_a_background():
    """Person and some background are the photo, whatever the matte."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (48, 40, 3), np.uint8)
    alpha = np.clip(rng.normal(0.5, 0.6, (48, 40)), 0, 1).astype(np.float32)
    person = premultiplied(cut_out(image, alpha))
    left = 1 - person[..., 3:]
    behind = (image / 255 - person[..., :3]) / np.maximum(left, 1e-2)
    seen = (left > 0.05)[..., 0]
    assert behind[seen].min() > -0.01
    assert behind[seen].max() < 1.01
