"""blender_addon/axes.py: the one conversion."""

from __future__ import annotations

import numpy as np
from garrick.core.camera import Camera
from hypothesis import given
from hypothesis import strategies as st

from blender_addon.axes import camera_from_blender, camera_to_blender, from_blender, to_blender

coordinates = st.floats(-100, 100, allow_nan=False)


def test_left_up_and_out_of_the_face_land_on_blenders_axes():
    left, up, forward = np.eye(3)
    np.testing.assert_array_equal(to_blender(left), [1, 0, 0])
    np.testing.assert_array_equal(to_blender(up), [0, 0, 1])
    np.testing.assert_array_equal(to_blender(forward), [0, -1, 0])


@given(st.tuples(coordinates, coordinates, coordinates))
def test_points_come_back(point):
    np.testing.assert_array_equal(from_blender(to_blender(np.array(point))), np.array(point) + 0.0)


def test_a_point_keeps_its_place_before_the_camera():
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    world_to_camera = np.eye(4)
    world_to_camera[:3, :3] = turn * np.sign(np.linalg.det(turn))
    world_to_camera[:3, 3] = (0.1, -0.2, 0.7)
    point = np.array([0.03, -0.05, 0.09])
    right, down, depth = world_to_camera[:3, :3] @ point + world_to_camera[:3, 3]

    in_blender = np.linalg.inv(camera_to_blender(world_to_camera)) @ np.append(to_blender(point), 1)

    np.testing.assert_allclose(in_blender[:3], [right, -down, -depth], atol=1e-12)
    np.testing.assert_allclose(camera_from_blender(camera_to_blender(world_to_camera)), world_to_camera, atol=1e-12)


def test_a_camera_before_the_face_looks_along_blenders_y():
    portrait = np.diag([1.0, -1.0, -1.0, 1.0])
    portrait[2, 3] = 0.6
    matrix = camera_to_blender(portrait)
    np.testing.assert_allclose(matrix[:3, 3], [0, -0.6, 0], atol=1e-12)
    np.testing.assert_allclose(-matrix[:3, 2], [0, 1, 0], atol=1e-12)
    assert Camera(np.eye(3), portrait, (2, 2)).project(np.zeros(3))[2] == 0.6
