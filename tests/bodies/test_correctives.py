"""Pose correctives: what they do to a hand's skin, and where; numpy and torch alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from garrick.benchmarks.bodies import poses_of_hand, random_hands
from garrick.bodies.body import make_figure, pose
from garrick.bodies.correctives import Correctives
from garrick.bodies.hand import FINGERS, Hand, load_hand
from garrick.bodies.head import load_head
from garrick.core.rotation import rotation_matrices
from garrick.motion.gestures.shapes import hand_shape

pytestmark = pytest.mark.usefixtures("body_data")


def linear(hand: Hand) -> Hand:
    return replace(hand, pose_basis=np.zeros_like(hand.pose_basis))


def test_a_basis_comes_back() -> None:
    basis = np.zeros((135, 7, 3), np.float32)
    basis[9:18, 2] = np.random.default_rng(0).normal(size=(9, 3))
    basis[0, 5] = basis[134, 6] = 1
    table = Correctives.of(basis)
    assert sorted(zip(table.vertices.tolist(), table.joints.tolist(), strict=True)) == [(2, 1), (5, 0), (6, 14)]
    np.testing.assert_array_equal(table.basis(7), basis)
    np.testing.assert_array_equal(table.mirrored().mirrored().basis(7), basis)


def test_numpy_torch_and_the_plain_product_agree() -> None:
    hand, rng = load_hand("right"), np.random.default_rng(1)
    rotations = random_hands(hand, 6, rng).reshape(2, 3, 15, 3).astype(np.float32)
    given = torch.from_numpy(rotations).double().requires_grad_()
    ours = hand.correctives.correct(hand.template, rotations)
    theirs = hand.correctives.correct(torch.from_numpy(hand.template).double(), given)
    bends = (rotation_matrices(rotations.astype(np.float64)) - np.eye(3)).reshape(2, 3, 135)
    np.testing.assert_allclose(ours, hand.template + np.tensordot(bends, hand.pose_basis, 1), atol=1e-6)
    np.testing.assert_allclose(theirs.detach().numpy(), ours, atol=1e-6)
    theirs.square().sum().backward()
    assert given.grad is not None
    assert torch.isfinite(given.grad).all()


def test_a_hand_without_any_is_left_alone() -> None:
    hand = linear(load_hand("left"))
    rotations = random_hands(hand, 1, np.random.default_rng(2))
    assert hand.correctives.correct(hand.template, rotations) is hand.template


def test_flat_skin_and_finger_tips_are_not_touched() -> None:
    hand = load_hand("right")
    rotations = random_hands(hand, 20, np.random.default_rng(3)).astype(np.float32)
    np.testing.assert_array_equal(hand.correctives.correct(hand.template, 0 * rotations[0]), hand.template)
    off = hand.correctives.correct(hand.template, rotations) - hand.template
    assert np.abs(off[:, hand.tips]).max() < 1e-3
    assert 0.003 < np.linalg.norm(off, axis=2).max() < 0.03


@pytest.mark.parametrize("joint", [1, 2])
@pytest.mark.parametrize("finger", range(5))
def test_joints_beyond_the_knuckle_leave_other_fingers_alone(finger: int, joint: int) -> None:
    hand = load_hand("right")
    table = hand.correctives
    touched = table.vertices[table.joints == 3 * finger + joint]
    held = hand.weights[touched][:, 1:].reshape(-1, 5, 3).sum(axis=2)
    assert len(touched) > 50, FINGERS[finger]
    assert np.delete(held, finger, axis=1).max() < 0.5


def test_fists_keep_more_flesh_and_random_poses_fewer_triangles_turned_in() -> None:
    hand = load_hand("right")
    fists = [poses_of_hand(one, hand_shape("fist", "right")[None]) for one in (linear(hand), hand)]
    assert fists[1].volume[0] > fists[0].volume[0] + 0.03
    assert fists[1].inverted < 0.75 * fists[0].inverted
    rotations = random_hands(hand, 60, np.random.default_rng(4))
    flat, ours = poses_of_hand(linear(hand), rotations), poses_of_hand(hand, rotations)
    assert ours.inverted < 0.7 * flat.inverted
    assert ours.inverted < 0.015
    assert np.median(ours.volume) > np.median(flat.volume) + 0.02
    assert ours.longest < 1.1 * flat.longest


def test_a_figure_s_hands_are_corrected_too() -> None:
    head = load_head()
    figure = make_figure(head, head.average_adult)
    plain = replace(figure, hands=(linear(figure.hands[0]), linear(figure.hands[1])))
    fist = {f"{side}_hand": np.array(hand_shape("fist", side), np.float32) for side in ("left", "right")}
    moved = np.linalg.norm(pose(figure, **fist) - pose(plain, **fist), axis=1)
    assert all(moved[figure.parts[part]].max() > 0.002 for part in (2, 3))
    assert not moved[: figure.parts[2].start].any()
    np.testing.assert_array_equal(pose(figure), pose(plain))
