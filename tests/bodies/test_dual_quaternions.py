"""Dual-quaternion skinning: rigid where it must be, the same in torch, and a blend that keeps distances from the axis."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from garrick.bodies.dual_quaternions import quaternions_of, skin_dual_numpy, skin_dual_torch, turned
from garrick.core.rotation import rotation_matrices
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

RNG = np.random.default_rng(0)
POINTS = RNG.normal(0, 0.3, (50, 3))
WEIGHTS = RNG.dirichlet(np.ones(3), 50)


def transforms(frames=()):
    near = quaternions_of(np, RNG.uniform(-0.8, 0.8, (*frames, 3, 3)))
    return near, RNG.normal(0, 0.2, (*frames, 3, 3))


@given(arrays(np.float64, (4, 3), elements=st.floats(-6, 6)))
def test_quaternions_turn_as_matrices_do(rotations):
    quaternions = quaternions_of(np, rotations)
    assert (quaternions[:, 0] >= 0).all()
    expected = (rotation_matrices(rotations) @ POINTS[:4, :, None])[..., 0]
    np.testing.assert_allclose(turned(np, quaternions, POINTS[:4]), expected, atol=1e-9)


def test_points_of_one_bone_move_rigidly_and_those_at_rest_not_at_all():
    quaternions, shifts = transforms()
    alone = np.eye(3)[RNG.integers(0, 3, 50)]
    bone = alone.argmax(axis=1)
    expected = turned(np, quaternions[bone], POINTS) + shifts[bone]
    np.testing.assert_allclose(skin_dual_numpy(POINTS, quaternions, shifts, alone), expected, atol=1e-12)
    still = quaternions_of(np, np.zeros((3, 3)))
    np.testing.assert_array_equal(skin_dual_numpy(POINTS, still, np.zeros((3, 3)), WEIGHTS), POINTS)


def test_numpy_and_torch_agree():
    quaternions, shifts = transforms((2, 4))
    ours = skin_dual_numpy(POINTS, quaternions, shifts, WEIGHTS)
    assert ours.shape == (2, 4, 50, 3)
    given = (torch.from_numpy(array) for array in (POINTS, quaternions, shifts, WEIGHTS))
    np.testing.assert_allclose(ours, skin_dual_torch(*given).numpy(), atol=1e-12)


@pytest.mark.parametrize("degrees", [30, 90, 170])
def test_a_blend_of_two_turns_about_a_joint_keeps_the_distance_from_it(degrees):
    """What linear blending does not: half of a half turn would bring a point to its joint."""
    quaternions = quaternions_of(np, np.radians([[0, 0, 0], [0, degrees, 0]]))
    weights = np.array([[0.5, 0.5]])
    posed = skin_dual_numpy(np.array([[0.3, 0, 0]]), quaternions, np.zeros((2, 3)), weights)[0]
    half = np.radians(degrees / 2)
    np.testing.assert_allclose(posed, [0.3 * np.cos(half), 0, -0.3 * np.sin(half)], atol=1e-12)


def test_a_turn_between_two_bones_is_undone_by_the_turn_back():
    there, back = (quaternions_of(np, np.array([[0, 0, 0], [0, 0, angle]])) for angle in (0.9, -0.9))
    weights = RNG.dirichlet(np.ones(2), 50)
    moved = skin_dual_numpy(POINTS, there, np.zeros((2, 3)), weights)
    np.testing.assert_allclose(skin_dual_numpy(moved, back, np.zeros((2, 3)), weights), POINTS, atol=1e-12)


def test_gradients_at_rest_are_finite():
    rotations = torch.zeros((3, 3), dtype=torch.float64, requires_grad=True)
    posed = skin_dual_torch(
        torch.from_numpy(POINTS),
        quaternions_of(torch, rotations),
        torch.zeros((3, 3)).double(),
        torch.from_numpy(WEIGHTS),
    )
    posed.sum().backward()
    assert rotations.grad is not None
    assert torch.isfinite(rotations.grad).all()
    assert rotations.grad.abs().max() > 0.1
