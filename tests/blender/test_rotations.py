"""blender_addon/rotations.py against mathutils and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mathutils import Quaternion

from blender_addon.axes import TO_BLENDER
from blender_addon.rotations import bone_quaternions, continuous, quaternions

angles = st.floats(-3.0, 3.0)


@given(st.tuples(angles, angles, angles))
def test_quaternions_turn_as_the_axis_angle_does(vector):
    expected, _ = cv2.Rodrigues(np.array(vector))
    turn = np.array(Quaternion(quaternions(np.array([vector]))[0]).to_matrix())
    np.testing.assert_allclose(turn, expected, atol=1e-6)


def test_no_rotation_is_the_unit_quaternion():
    np.testing.assert_array_equal(quaternions(np.zeros((1, 3))), [[1, 0, 0, 0]])


def test_a_bone_turns_in_its_own_axes():
    axes, _ = cv2.Rodrigues(np.array([0.4, -1.0, 0.3]))
    rotation = np.array([0.2, 0.5, -0.1])
    expected = axes.T @ TO_BLENDER @ cv2.Rodrigues(rotation)[0] @ TO_BLENDER.T @ axes
    turn = np.array(Quaternion(bone_quaternions(rotation[None], axes)[0]).to_matrix())
    np.testing.assert_allclose(turn, expected, atol=1e-6)


def test_neighbours_stay_in_one_hemisphere():
    turning = quaternions(np.linspace(0, 1, 50)[:, None] * [0, 5 * np.pi, 0])
    scrambled = turning * np.where(np.arange(50) % 3 == 0, -1, 1)[:, None]
    smooth = continuous(scrambled)
    assert (np.sum(smooth[1:] * smooth[:-1], axis=1) > 0).all()
    np.testing.assert_allclose(np.abs(smooth), np.abs(scrambled))
