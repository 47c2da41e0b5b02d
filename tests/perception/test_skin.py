"""What skin shows of itself: its shades, whatever opens in it or lies behind it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.perception.fit import LIPS, OVAL, State
from garrick.perception.skin import SIZE, FaceCrop, Skin

INTRINSICS = np.array([[1500.0, 0, 256], [0, 1500, 256], [0, 0, 1]])
AHEAD = State(np.zeros(0), np.zeros(52), np.eye(3), np.array([0, 0, 0.9]), np.zeros(52))


def landmarks(opening: float) -> np.ndarray:
    """(478, 2) pixels of a face whose inner lips are so far apart."""
    head = load_head()
    points = head.landmarks(head.template).astype(np.float64) - head.joint_template[1]
    view = points * (1, -1, -1) + AHEAD.shift
    marks = np.zeros((478, 2))
    marks[:468] = view[:, :2] / view[:, 2:] * 1500 + 256
    upper, lower = list(LIPS[21:30]), list(LIPS[31:])
    marks[upper, 1] = marks[list(LIPS[20:]), 1].mean() - opening / 2
    marks[lower, 1] = marks[upper, 1].mean() + opening
    return marks


def picture(marks: np.ndarray, inside: int, beside: int) -> np.ndarray:
    """A patterned face with other tones between its lips and beside it."""
    pattern = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (512, 512)), (0, 0), 3)
    grey = np.clip(140 + 200 * pattern, 60, 230).astype(np.uint8)
    oval = cv2.fillPoly(np.zeros_like(grey), [np.round(marks[list(OVAL)]).astype(np.int32)], (1,))
    grey[oval == 0] = beside
    grey = cv2.fillPoly(grey, [np.round(marks[list(LIPS[20:])]).astype(np.int32)], (inside,))
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.mark.parametrize(("inside", "beside"), [(0, 120), (255, 120), (120, 0), (120, 255)])
def test_shades_of_skin_do_not_depend_on_what_lies_behind_it(inside: int, beside: int) -> None:
    marks = landmarks(24)
    usual = FaceCrop.of(picture(marks, 120, 120), marks)
    other = FaceCrop.of(picture(marks, inside, beside), marks)
    # the outline itself is drawn to a pixel
    within = cv2.erode(usual.skin.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    apart = np.abs(usual.shades(1.2) - other.shades(1.2))[within]
    assert np.abs(usual.shades(1.2)[within]).mean() > 0.5
    assert apart.mean() < 0.05


def test_neither_an_open_mouth_nor_what_is_beside_the_face_has_shades() -> None:
    marks = landmarks(24)
    crop = FaceCrop.of(picture(marks, 0, 0), marks)
    shades = crop.shades(1.2)
    lips, cheek = crop.square.onto(marks[list(LIPS[20:])].mean(axis=0), SIZE), crop.square.onto(marks[205], SIZE)
    assert np.isnan(shades[tuple(lips.astype(int)[::-1])])
    assert np.isfinite(shades[tuple(cheek.astype(int)[::-1])])
    assert np.isnan(shades[0, 0])
    np.testing.assert_array_equal(np.isfinite(shades), crop.skin)


def test_shut_lips_are_skin_all_through() -> None:
    marks = landmarks(0)
    crop = FaceCrop.of(picture(marks, 40, 0), marks)
    rows, columns = np.round(crop.square.onto(marks[list(LIPS[20:])], SIZE) - 0.5).astype(int).T[::-1]
    assert crop.skin[rows, columns].all()


def test_learnt_skin_pulls_a_face_back_although_its_mouth_is_open() -> None:
    head, marks = load_head(), landmarks(16)
    crop = FaceCrop.of(picture(marks, 0, 0), marks)
    shades = crop.shades(1.2)
    skin = Skin.of(head, np.zeros(len(head.identity_basis)), np.zeros((468, 3)))
    learnt = skin.learnt([(AHEAD, crop.square, shades)], INTRINSICS)
    assert np.isnan(learnt.shades).any()
    off = State(AHEAD.identity, AHEAD.face, AHEAD.turn, AHEAD.shift + np.array([6e-4, 0, 0]), AHEAD.rest)
    hessian, gradient = learnt.normal_equations(off, crop.square, shades, INTRINSICS)
    assert np.isfinite(hessian).all()
    assert -gradient[55] / hessian[55, 55] == pytest.approx(-6e-4, rel=0.5)
    moves = np.zeros((3, len(skin.mean), 3)) + np.array([-1e-3, 0, 1e-3])[:, None, None] * (1, 0, 0)
    assert np.argmin(learnt.apart(AHEAD, crop.square, shades, INTRINSICS, moves, 1.5)) == 1
