"""What the sheet wears: the photo itself, the person carried on past every edge, and no second face behind the first."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.rendering.canvas import make_canvas, margin_of
from garrick.rendering.layers import Layers, split, with_worn

SIZE = 96
MARGIN = margin_of((SIZE, SIZE))
INSIDE = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]


def person(*boxes: tuple[int, int, int, int]) -> Layers:
    """Layers of a red person who fills the boxes (top, bottom, left, right) before grey."""
    alpha = np.zeros((SIZE, SIZE), np.float32)
    for top, bottom, left, right in boxes:
        alpha[top:bottom, left:right] = 1
    colour = np.array([0.8, 0.2, 0.1], np.float32)
    foreground = np.concatenate([alpha[..., None] * colour, alpha[..., None]], axis=2)
    return Layers(foreground, np.full((SIZE, SIZE, 3), 0.5, np.float32))


def nowhere() -> np.ndarray:
    return np.zeros((SIZE, SIZE), bool)


def test_the_photo_stays_in_the_middle():
    layers = person((30, SIZE, 20, 70))
    np.testing.assert_array_equal(make_canvas(layers, nowhere())[INSIDE], layers.foreground)


def test_a_body_goes_on_below_the_picture_as_wide_as_it_left_it():
    canvas = make_canvas(person((30, SIZE, 20, 70)), nowhere())
    below = canvas[-MARGIN:, MARGIN:-MARGIN]
    assert (below[:, 22:68, 3] == 1).all()
    assert (below[:, :18, 3] == 0).all()
    np.testing.assert_allclose(below[:, 22:68, :3], np.broadcast_to((0.8, 0.2, 0.1), (MARGIN, 46, 3)), atol=0.01)


def test_a_shoulder_falls_away_beside_the_picture():
    alpha = make_canvas(person((60, SIZE, 0, SIZE)), nowhere())[MARGIN:-MARGIN, :, 3]
    height = (alpha > 0.5).sum(axis=0)
    assert height[MARGIN] == SIZE - 60
    assert (np.diff(height[: MARGIN + 1]) >= 0).all()  # ever lower, the farther out
    assert height[0] < (SIZE - 60) / 2
    np.testing.assert_array_equal(alpha, alpha[:, ::-1])


def test_what_an_edge_cuts_through_ends_soon_after_it():
    alpha = make_canvas(person((40, 56, 0, 30)), nowhere())[MARGIN:-MARGIN, :MARGIN, 3]
    assert (alpha[46:50, -4:] == 1).all()
    assert (alpha[:, :8] == 0).all()


def test_no_second_face_stands_behind_the_first():
    """Where the head covers the sheet, what is around it goes on; a mark on the face is not there again."""
    layers = person((10, SIZE, 20, 76))
    layers.foreground[40:50, 40:50, :3] = 0
    head = nowhere()
    head[30:60, 30:66] = True
    behind = make_canvas(layers, head)[INSIDE][30:60, 30:66]
    np.testing.assert_allclose(behind[..., :3], np.broadcast_to((0.8, 0.2, 0.1), behind[..., :3].shape), atol=0.02)
    assert (behind[..., 3] == 1).all()


@pytest.mark.parametrize("row", [20, 60])
def test_lines_of_a_room_go_on_behind_the_person(row):
    image = np.full((SIZE, SIZE, 3), 200, np.uint8)
    image[row - 3 : row + 3] = 40
    alpha = np.zeros((SIZE, SIZE), np.float32)
    alpha[:, 38:58] = 1
    image[:, 38:58] = (250, 60, 60)
    behind = split(image, alpha).background[:, 40:56].mean(axis=(1, 2)) * 255
    assert behind[row] < 80
    assert behind[row - 12] > 160


def test_an_earring_goes_with_the_head():
    """It hangs free of the matte; left in the background it would stay behind as the head moves."""
    image = np.full((256, 256, 3), 200, np.uint8)
    alpha = np.zeros((256, 256), np.float32)
    alpha[60:200, 80:180] = 1
    image[alpha > 0] = (150, 90, 70)
    image[128:131, 181] = 20
    layers = split(image, with_worn(image, alpha))
    assert layers.foreground[129, 181, 3] > 0.8
    np.testing.assert_allclose(layers.background[129, 181], 200 / 255, atol=0.03)


def test_what_differs_before_a_busy_room_is_the_rooms():
    image = np.random.default_rng(0).choice(np.array([60, 200], np.uint8), (128, 128, 1)).repeat(3, axis=2)
    image = np.kron(image, np.ones((2, 2, 1), np.uint8))
    alpha = np.zeros((256, 256), np.float32)
    alpha[60:200, 80:180] = 1
    image[alpha > 0] = (150, 90, 70)
    np.testing.assert_array_equal(with_worn(image, alpha), alpha)
