"""How the hands' pose correctives are made: flesh that settles, and the fit to what it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.hand import load_hand, pose, within_limits
from garrick.bodies.surface import quad_normals
from garrick.training.hand_correctives import Flesh, energy, fit, on_bone, random_poses, winding

pytestmark = pytest.mark.usefixtures("body_data")


def test_a_surface_goes_once_round_what_is_inside() -> None:
    corners = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], float)
    faces = np.array([(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)])
    np.testing.assert_allclose(
        winding(np.array([(0.1, 0.1, 0.1), (1, 1, 1)], float), corners, faces), [1, 0], atol=1e-9
    )


def test_energy_rests_at_rest_and_its_slope_is_its_own() -> None:
    flesh, rng = Flesh.of(load_hand("right")), np.random.default_rng(0)
    assert 0.97 < flesh.volume.sum() / 2.51e-4 < 1.03  # cubic metres: the hand is filled
    planes = rng.normal(0, 0.05, (15, 3)), np.tile([-1.0, 0, 0], (15, 1))
    apart = np.full((15, 3), 9.0), np.zeros((15, 3))
    cost, slope = energy(flesh, flesh.rest, apart)
    assert abs(cost) < 1e-15
    assert np.abs(slope).max() < 1e-12
    place = flesh.rest + rng.normal(0, 5e-4, flesh.rest.shape)
    way = rng.normal(0, 1, flesh.rest.shape) * flesh.free[:, None]
    _, slope = energy(flesh, place, planes)
    ends = [energy(flesh, place + step * way, planes)[0] for step in (1e-7, -1e-7)]
    assert (ends[0] - ends[1]) / 2e-7 == pytest.approx((slope * way).sum(), rel=1e-4)


def test_poses_keep_to_the_limits_and_fists_are_among_them() -> None:
    hand = load_hand("right")
    poses = random_poses(hand, 60)
    assert within_limits(hand, poses).all()
    curled = np.linalg.norm(poses[1::3], axis=2).mean(axis=1)
    assert curled.max() > 0.9


def test_skin_goes_round_the_back_of_a_joint_wherever_flesh_went() -> None:
    hand = load_hand("right")
    turns = np.zeros((1, 15, 3))
    turns[0, 1] = np.radians(90) * hand.axes[1, 0]  # the index finger's middle joint
    linear = pose(replace(hand, pose_basis=np.zeros_like(hand.pose_basis)), turns[0])[0].astype(float)
    skin = on_bone(hand, turns, linear[None] + np.random.default_rng(0).normal(0, 0.01, (1, *linear.shape)))[0]
    joint, up = hand.joints()[2], quad_normals(np.ascontiguousarray(hand.template), hand.quads) @ hand.axes[1, 1]
    held = np.abs(hand.weights[:, 2] - 0.5) < 0.2
    back = held & (np.abs(hand.weights[:, 1] - 0.5) < 0.2) & (up > 0.75)
    assert back.sum() > 4
    rest, found, blended = (np.linalg.norm(points - joint, axis=1)[back] for points in (hand.template, skin, linear))
    np.testing.assert_allclose(found, rest, rtol=0.05)
    assert (blended < 0.9 * rest).any()
    still = on_bone(hand, np.zeros((1, 15, 3)), hand.template[None].astype(float))[0]
    np.testing.assert_allclose(still, hand.template, atol=1e-6)
    assert np.abs(skin - on_bone(hand, turns, linear[None])[0]).max() < 0.0071  # both within 3.5 mm of the round one


def test_the_fit_finds_the_correctives_that_skin_was_posed_with() -> None:
    hand = load_hand("right")
    poses = random_poses(hand, 45)
    skin = np.stack([pose(hand, one)[0] for one in poses])
    found = replace(hand, pose_basis=fit(hand, poses, skin).basis(len(hand.template)))
    linear = replace(hand, pose_basis=np.zeros_like(hand.pose_basis))
    missed = [np.sqrt(((pose(one, poses)[0] - skin) ** 2).sum(axis=-1).mean()) for one in (found, linear)]
    assert missed[0] < 0.25 * missed[1]
