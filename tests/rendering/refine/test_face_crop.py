"""The crop that the face net sees: where it lies, and that pictures come and go without a shift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera
from garrick.rendering.puppet import Pose, Puppet
from garrick.rendering.refine.crop import SIDE, Crop, face_crop
from hypothesis import given, settings
from hypothesis import strategies as st

SIZE = (320, 240)
CAMERA = Camera(
    np.array([[900.0, 0, 160], [0, 900, 120], [0, 0, 1]]),
    np.array([[1.0, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 0.8], [0, 0, 0, 1]]),
    SIZE,
)
REST = Pose(np.zeros(52, np.float32), np.zeros(3), np.zeros(3), np.zeros((2, 2)))


def crop_of(angle: float, scale: float) -> Crop:
    matrix = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return Crop(np.column_stack([matrix, np.array(SIZE) / 2 - matrix @ np.full(2, SIDE / 2)]))


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.6, 0.6), st.floats(0.4, 3.5))
def test_a_cut_pixel_shows_the_place_it_is_said_to(angle, scale):
    crop = crop_of(angle, scale)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)
    places = crop.cut(np.dstack([x + 0.5, y + 0.5]))
    v, u = np.mgrid[:SIDE, :SIDE] + 0.5
    wanted = np.dstack([u, v]) @ crop.to_frame[:, :2].T + crop.to_frame[:, 2]
    inside = ((wanted > 5) & (wanted < np.array(SIZE) - 5)).all(axis=2)
    assert inside.sum() > 100
    np.testing.assert_allclose(places[inside], wanted[inside], atol=0.1)


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.6, 0.6), st.floats(0.4, 1.0))
def test_what_is_cut_out_comes_back_to_its_place(angle, scale):
    crop = crop_of(angle, scale)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)
    smooth = np.dstack([np.sin(x / 17), np.cos(y / 13), np.sin((x + y) / 23)])
    top, bottom, left, right = box = crop.box(SIZE)
    back = crop.paste(crop.cut(smooth), box)
    whole = crop.paste(np.ones((SIDE, SIDE, 1), np.float32), box).reshape(back.shape[:2]) > 0.999
    assert whole.any()
    np.testing.assert_allclose(back[whole], smooth[top:bottom, left:right][whole], atol=0.02)


@pytest.fixture(scope="module")
def puppet() -> Puppet:
    head = load_head()
    return Puppet(head.personal(head.average_adult), REST)


def test_the_crop_holds_the_face_and_no_expression_moves_it(puppet):
    crop = face_crop(puppet, REST, CAMERA)
    points = crop.points(CAMERA.project(puppet.head.landmarks(puppet.pose(REST))))
    assert (points[:, :2] > 0).all()
    assert (points[:, :2] < SIDE).all()
    assert np.ptp(points[:, 1]) > 0.6 * SIDE
    face = np.zeros(52, np.float32)
    face[ARKIT_INDEX["jawOpen"]] = 1
    np.testing.assert_array_equal(face_crop(puppet, replace(REST, face=face), CAMERA).to_frame, crop.to_frame)


def test_the_crop_is_upright_with_the_head(puppet):
    rolled = face_crop(puppet, replace(REST, rotation=np.array([0, 0, 0.3])), CAMERA)
    head = puppet.head
    marks = head.landmarks(puppet.pose(replace(REST, rotation=np.array([0, 0, 0.3]))))[[10, 152]]
    forehead, chin = rolled.points(CAMERA.project(marks))[:, :2]
    assert abs(forehead[0] - chin[0]) < 2
    assert chin[1] > forehead[1]
