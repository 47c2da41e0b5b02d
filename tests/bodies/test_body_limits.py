"""Limits of the body's joints: turns read as anatomists do, and poses cut to what people can do."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.body_limits import LIMITS, angles, clamp, random_poses, rotations_of, within_limits
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import rotation_matrices
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

ROWS = {name: row for row, name in enumerate(BODY_JOINTS)}


def direction(rotation, side="left"):
    """Where an arm or hand of the T-pose points after an axis-angle turn."""
    return rotation_matrices(np.asarray(rotation, np.float64)) @ ((1, 0, 0) if side == "left" else (-1, 0, 0))


@given(arrays(np.float64, (13, 3), elements=st.floats(-1.7, 1.7)))
def test_angles_and_rotations_undo_each_other(turned):
    np.testing.assert_allclose(angles(rotations_of(turned)), turned, atol=1e-8)


@given(arrays(np.float64, (13, 3), elements=st.floats(-4, 4)))
def test_what_is_clamped_is_within_limits_and_stays(pose):
    cut = clamp(pose)
    assert within_limits(cut).all()
    np.testing.assert_allclose(clamp(cut), cut, atol=1e-7)


def test_limits_hold_rest_and_every_joint():
    assert LIMITS.shape == (13, 3, 2)
    assert (LIMITS[..., 0] < 0).all()
    assert (LIMITS[..., 1] > 0).all()
    assert within_limits(np.zeros((13, 3))).all()
    poses = random_poses(200, np.random.default_rng(0))
    assert within_limits(poses).all()
    reached = np.abs(angles(poses)).max(axis=0) / np.abs(LIMITS).max(axis=-1)
    assert (reached > 0.75).all()


@pytest.mark.parametrize(
    ("joint", "turn", "way"),
    [
        ("shoulder", (0, 0, -90), (0, -1, 0)),
        ("shoulder", (0, -90, 0), (0, 0, 1)),
        ("shoulder", (0, 0, 90), (0, 1, 0)),
        ("elbow", (0, -90, 0), (0, 0, 1)),
        ("wrist", (0, 0, -80), (np.cos(np.radians(80)), -np.sin(np.radians(80)), 0)),
    ],
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_turns_mean_the_same_for_both_sides(joint, turn, way, side):
    turned = np.zeros((13, 3))
    turned[ROWS[f"{side}_{joint}"]] = np.radians(turn)
    pose = rotations_of(turned)
    assert within_limits(pose).all()
    mirrored = np.array(way) * ((1, 1, 1) if side == "left" else (-1, 1, 1))
    np.testing.assert_allclose(direction(pose[ROWS[f"{side}_{joint}"]], side), mirrored, atol=1e-9)


@pytest.mark.parametrize(
    ("joint", "turn"),
    [
        ("left_elbow", (0, 40, 0)), ("right_elbow", (0, -160, 0)), ("left_wrist", (0, 0, 85)), ("right_wrist", (0, -30, 0)),
        ("left_shoulder", (100, 0, 0)), ("right_shoulder", (0, 60, 0)), ("left_shoulder", (0, -120, -110)),
        ("left_collar", (0, 0, 60)), ("spine2", (40, 0, 0)), ("neck", (0, 45, 0)),
    ],
)  # fmt: skip
def test_what_nobody_can_do_is_told_and_cut(joint, turn):
    turned = np.zeros((13, 3))
    turned[ROWS[joint]] = np.radians(turn)
    pose = rotations_of(turned)
    assert np.flatnonzero(~within_limits(pose)).tolist() == [ROWS[joint]]
    cut = clamp(pose)
    assert within_limits(cut).all()
    np.testing.assert_allclose(np.delete(cut, ROWS[joint], 0), 0, atol=1e-12)


def test_a_hand_s_swing_is_seen_from_the_forearm_that_turns_with_it():
    """Palm up or palm down, bending the hand to its palm counts the same."""
    turned = np.zeros((13, 3))
    turned[ROWS["left_wrist"]] = np.radians((70, 0, -60))
    turn = rotation_matrices(rotations_of(turned)[ROWS["left_wrist"]])
    rolled = rotation_matrices(np.array([np.radians(70), 0, 0]))
    bent = rotation_matrices(np.array([0, 0, np.radians(-60)]))
    np.testing.assert_allclose(turn, rolled @ bent, atol=1e-9)
    turned[ROWS["left_shoulder"]] = np.radians((70, 0, -60))
    arm = rotation_matrices(rotations_of(turned)[ROWS["left_shoulder"]])
    np.testing.assert_allclose(arm, bent @ rolled, atol=1e-9)
