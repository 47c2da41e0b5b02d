"""A room goes on behind what is taken out of it: rows stay rows, and what is seen of the photo stays as it is."""

from __future__ import annotations

import numpy as np
from garrick.rendering.layers import split
from garrick.rendering.room_fill import fill_room, with_room, without_steps

SIZE = 96
HOLE = np.s_[30:70, 36:60]


def shelves() -> np.ndarray:
    """(SIZE, SIZE, 3): a wall of sharp bands, each of its own colour."""
    bands = np.random.default_rng(2).uniform(0.1, 0.9, (SIZE // 8, 1, 3)).astype(np.float32)
    return np.repeat(np.repeat(bands, 8, axis=0), SIZE, axis=1)


def known() -> np.ndarray:
    there = np.ones((SIZE, SIZE), bool)
    there[HOLE] = False
    return there


def test_shelves_go_on_behind_what_hid_them():
    room = shelves()
    hidden = np.where(known()[..., None], room, 0).astype(np.float32)
    np.testing.assert_allclose(fill_room(hidden, known()), room, atol=0.02)


def test_what_is_known_stays_and_nothing_of_the_hidden_comes_through():
    room = np.random.default_rng(3).uniform(0.2, 0.4, (SIZE, SIZE, 3)).astype(np.float32)
    painted = room.copy()
    painted[HOLE] = 1
    filled = fill_room(painted, known())
    np.testing.assert_array_equal(filled[known()], painted[known()])
    assert filled[HOLE].max() < 0.5


def test_a_slope_of_light_has_no_step_at_the_edges():
    room = np.repeat(np.linspace(0.2, 0.8, SIZE, dtype=np.float32)[None, :, None], SIZE, axis=0).repeat(3, axis=2)
    filled = fill_room(room, known())
    left, right = HOLE[1].start, HOLE[1].stop
    for column in (left, right):
        assert np.abs(filled[35:65, column] - filled[35:65, column - 1]).max() < 0.03


def test_a_picture_without_anything_known_is_filled_smoothly():
    assert np.isfinite(fill_room(np.zeros((8, 8, 3), np.float32), np.zeros((8, 8), bool))).all()


def test_arms_and_room_are_still_the_photo():
    photo = shelves()
    photo[20:, 30:66] = (0.8, 0.5, 0.4)
    photo = np.round(photo * 255).astype(np.uint8)
    alpha = np.zeros((SIZE, SIZE), np.float32)
    alpha[20:, 30:66] = 1
    arms = np.zeros((SIZE, SIZE), bool)
    arms[40:60, 26:46] = True
    seen = photo.astype(np.float32) / 255
    layers = with_room(split(photo, alpha, arms), seen, alpha, arms)
    together = layers.foreground[..., :3] + (1 - layers.foreground[..., 3:]) * layers.background
    np.testing.assert_allclose(together, seen, atol=1.5 / 255)
    assert (layers.foreground[arms, 3] == 1).all()
    np.testing.assert_allclose(layers.background[42:58, 32:44], shelves()[42:58, 32:44], atol=0.08)


def test_a_filled_hole_meets_what_is_around_it():
    shown = known()
    room = np.random.default_rng(5).uniform(0.48, 0.52, (SIZE, SIZE, 3)).astype(np.float32)
    darker = np.where(shown[..., None], room, room - 0.12)
    whole = without_steps(darker, room, shown)
    np.testing.assert_array_equal(whole[shown], room[shown])
    np.testing.assert_allclose(whole[HOLE].mean(axis=(0, 1)), 0.5, atol=0.02)
    assert whole[HOLE].std() > 0.5 * room.std()


def test_a_room_out_of_focus_has_no_line_between_rows():
    soft = np.repeat(np.sin(np.arange(SIZE) / 14)[:, None, None] * 0.2 + 0.5, SIZE, axis=1).repeat(3, axis=2)
    soft = soft.astype(np.float32)
    soft[:, :36] += np.linspace(0, 0.3, 36, dtype=np.float32)[None, :, None]
    there = known()
    there[48:60, 20:60] = False  # an elbow: the gap begins elsewhere
    filled = fill_room(np.where(there[..., None], soft, 0), there)
    steps = np.abs(np.diff(filled[31:69, 37:59], axis=0))
    assert steps.max() < 0.06
