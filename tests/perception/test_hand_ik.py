"""Known hands come back from their points: joints, which way they look, and never beyond the limits."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.hand import FINGERS, JOINT_LIMITS, Hand, angles, load_hand, pose, rotations_of, within_limits
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.perception import hand_points
from garrick.perception.hand_ik import HandTrack, solve_hand
from garrick.perception.hand_points import HIGH, LOW, UP, Pose, place_points, refine, rest_bones, seen_at
from hypothesis import given, settings
from hypothesis import strategies as st

FOCAL = 900.0
INTRINSICS = np.array([[FOCAL, 0, 256], [0, FOCAL, 256], [0, 0, 1]])
CAMERA = np.array([256, 256, 1 / FOCAL])
SCALE = 1000.0  # pixels a metre


pytestmark = pytest.mark.usefixtures("body_data")


@pytest.fixture(params=["right", "left"])
def hand(request):
    return load_hand(request.param)


def facing(hand: Hand, turned: float, tipped: float, rolled: float) -> np.ndarray:
    """(3, 3): fingers up and the palm to the camera, then turned, tipped and rolled, degrees."""
    x, y = np.array([0, -1.0 if hand.side == "right" else 1.0, 0]), np.array([0, 0, -1.0])
    turns = rotation_matrices(np.radians([[0, 0, rolled], [tipped, 0, 0], [0, turned, 0]]))
    return turns[0] @ turns[1] @ turns[2] @ np.stack([x, y, np.cross(x, y)], axis=1)


def likely(rng: np.random.Generator, curl: float | None = None) -> np.ndarray:
    """(45,) angles as of a live hand: fingers curl, end joints follow, knuckles spread a little."""
    found = np.zeros((15, 3))
    for name in FINGERS[:4]:
        bend = (rng.uniform(0.05, 1) if curl is None else curl) * np.radians((70, 90, 60))
        found[3 * FINGERS.index(name) : 3 * FINGERS.index(name) + 3, 0] = bend
        found[3 * FINGERS.index(name), 1] = rng.uniform(-0.1, 0.1)
    found[12:, 0] = rng.uniform(0, 0.6, 3)
    found[12, 1] = rng.uniform(0, 0.4)
    return np.clip(found.ravel(), LOW, HIGH)


def seen(hand: Hand, turn: np.ndarray, angles_: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """(21, 2) pixels, the wrist at (230, 300)."""
    place = Pose(turn, np.array([230, 300, np.log(SCALE)]), angles_)
    return seen_at(place, rest_bones(hand), hand.axes.astype(np.float64), camera)


def degrees_off(hand: Hand, track: HandTrack, frame: int, truth: np.ndarray) -> np.ndarray:
    """(15,) how far each joint's flexion is off."""
    return np.degrees(abs(angles(hand, track.rotations[frame])[:, 0] - truth.reshape(15, 3)[:, 0]))


def turn_between(one: np.ndarray, other: np.ndarray) -> float:
    """Degrees."""
    return float(np.degrees(np.linalg.norm(axis_angles(one.T @ other))))


def test_points_without_marks_are_the_hand_s_joints_and_tips(hand):
    rng = np.random.default_rng(0)
    bent, turn = rng.uniform(LOW, HIGH), facing(hand, 30, 20, 10)
    bones = rest_bones(hand)
    bones[1] = 0
    found = place_points(turn, bent, bones, hand.axes.astype(np.float64))[0]
    vertices, joints = pose(hand, rotations_of(hand, bent.reshape(15, 3)), axis_angles(turn))
    for row in range(1, 21):
        finger = ("thumb", "index", "middle", "ring", "pinky")[(row - 1) // 4]
        at, tip = FINGERS.index(finger), (row - 1) % 4 == 3
        true = vertices[hand.tips[at]] if tip else joints[1 + 3 * at + (row - 1) % 4]
        np.testing.assert_allclose(found[row], true - joints[0], atol=1e-6)


def test_the_gradient_is_that_of_the_cost(hand):
    rng = np.random.default_rng(1)
    turn, bent, place = facing(hand, 30, 20, 10), rng.uniform(LOW, HIGH), np.array([250.0, 270.0, np.log(SCALE)])
    bones, axes = rest_bones(hand), hand.axes.astype(np.float64)
    world = place_points(turn, bent, bones, axes)[0]
    target = seen_at(Pose(turn, place, bent), bones, axes, CAMERA) + rng.normal(0, 8, (21, 2))
    world = world - world.mean(axis=0) + rng.normal(0, 0.02, (21, 3))
    near = (facing(hand, 25, 10, 0), np.array([0, 0, 6.8]), bent * 0.8)
    rest = (target, np.ones(21), 95.0, CAMERA, world, 0.5, bones, axes, np.zeros(45), near, np.array([10.0, 5, 100]))
    gradient = hand_points._normal_equations(turn, place, bent, *rest)[1]
    for k in range(51):
        costs = []
        for step in (1e-5, -1e-5):
            moved = np.zeros(51)
            moved[k] = step
            pose_ = (rotation_matrices(moved[:3]) @ turn, place + moved[3:6], bent + moved[6:])
            costs.append(hand_points._cost(*pose_, *rest))
        assert (costs[0] - costs[1]) / 4e-5 == pytest.approx(gradient[k], abs=1e-3)


@pytest.mark.parametrize("view", [(0, 0, 0), (40, -20, 30), (-30, 25, -80), (180, 0, 0), (215, 20, 40)])
def test_a_known_clip_comes_back_from_two_dimensions(hand, view):
    """A hand that opens and closes while it turns, half a pixel of noise, a palm of 95 pixels."""
    rng = np.random.default_rng(5)
    one, other = likely(rng, 0.15), likely(rng, 0.75)
    shares = (1 - np.cos(np.linspace(0, 2 * np.pi, 40))) / 2
    poses = [one + share * (other - one) for share in shares]
    turns = [facing(hand, view[0] + 15 * share, *view[1:]) for share in shares]
    points = np.array([seen(hand, turn, bent, CAMERA) for turn, bent in zip(turns, poses, strict=True)])
    track = solve_hand(hand, points + rng.normal(0, 0.5, points.shape), np.ones(40), intrinsics=INTRINSICS)
    assert track.seen.all()
    assert track.errors.mean() < 0.015
    assert within_limits(hand, track.rotations).all()
    off = np.array([degrees_off(hand, track, frame, bent) for frame, bent in enumerate(poses)])
    assert off.mean() < 8
    away = [
        turn_between(rotation_matrices(found.astype(np.float64)), turn)
        for found, turn in zip(track.orientation, turns, strict=True)
    ]
    assert np.mean(away) < 12
    still = np.abs(np.diff(angles(hand, track.rotations)[..., 0], 2, axis=0))
    assert np.degrees(still).mean() < 1.5
    assert np.linalg.norm(track.points - points, axis=-1).mean() < 1.2


def test_points_in_space_say_which_way_a_finger_leans(hand):
    """A flat hand edge on to its own mirror image: in two dimensions nothing tells them apart."""
    bent, turn = likely(np.random.default_rng(3), 0.1), facing(hand, 0, 40, 0)
    points = seen(hand, turn, bent, np.zeros(3))
    space = place_points(turn, bent, rest_bones(hand), hand.axes.astype(np.float64))[0]
    space = (space - space.mean(axis=0)) * (1, -1, -1) * 1.1
    track = solve_hand(hand, points[None], np.ones(1), space[None])
    assert turn_between(rotation_matrices(track.orientation[0].astype(np.float64)), turn) < 15
    assert track.errors[0] < 0.01


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["right", "left"]))
def test_any_pose_comes_back_within_limits_and_lies_on_its_points(seed, side):
    rng, hand = np.random.default_rng(seed), load_hand(side)
    bent = LOW + (HIGH - LOW) * rng.uniform(0.1, 0.9, 45)
    turn = rotation_matrices(rng.normal(size=3) * 1.5)
    points = seen(hand, turn, bent, np.zeros(3)) + rng.normal(0, 0.5, (21, 2))
    track = solve_hand(hand, points[None], np.ones(1))
    assert within_limits(hand, track.rotations).all()
    assert track.errors[0] < 0.06


def test_a_gap_is_marked_and_bridged(hand):
    rng = np.random.default_rng(2)
    poses = [likely(np.random.default_rng(4), curl) for curl in np.linspace(0.1, 0.6, 20)]
    points = np.array([seen(hand, facing(hand, 10 + k, 0, 0), bent, CAMERA) for k, bent in enumerate(poses)])
    points += rng.normal(0, 0.3, points.shape)
    confidence = np.ones((20, 21))
    points[8:11], confidence[:2], points[18:] = np.nan, 0.1, 0
    track = solve_hand(hand, points, confidence, intrinsics=INTRINSICS)
    assert np.flatnonzero(~track.seen).tolist() == [0, 1, 8, 9, 10, 18, 19]
    assert np.isnan(track.errors[~track.seen]).all()
    for values in (track.rotations, track.orientation, track.wrist, track.points):
        assert np.isfinite(values).all()
    assert degrees_off(hand, track, 9, poses[9]).mean() < 10
    np.testing.assert_array_equal(track.rotations[0], track.rotations[2])
    assert within_limits(hand, track.rotations).all()


@pytest.mark.parametrize("frames", [0, 3])
def test_no_hand_at_all_is_a_flat_one(hand, frames):
    track = solve_hand(hand, np.full((frames, 21, 2), np.nan), np.zeros(frames))
    assert not track.seen.any()
    assert track.rotations.shape == (frames, 15, 3)
    assert not track.rotations.any()


def test_the_wrist_is_placed_before_the_camera(hand):
    points = seen(hand, facing(hand, 0, 0, 0), likely(np.random.default_rng(0), 0.2), CAMERA)
    track = solve_hand(hand, points[None], np.ones(1), intrinsics=INTRINSICS)
    where = track.position(INTRINSICS)[0]
    assert where[2] == pytest.approx(FOCAL / SCALE, rel=0.12)
    np.testing.assert_allclose(where[:2] / where[2] * FOCAL + 256, (230, 300), atol=6)


def test_longer_fingers_are_learnt_from_a_clip(hand):
    rng = np.random.default_rng(8)
    bones, axes = rest_bones(hand), hand.axes.astype(np.float64)
    long = bones.copy()
    fingers = [row for row in range(5, 21) if row % 4 != 1]
    long[0, fingers] *= 1.15
    place = np.array([230, 300, np.log(SCALE)])
    poses = [Pose(facing(hand, 4 * k - 40, 10, 0), place, likely(rng)) for k in range(20)]
    points = np.array([seen_at(pose_, long, axes, CAMERA) for pose_ in poses])
    track = solve_hand(hand, points, np.ones(20), intrinsics=INTRINSICS)
    grown = np.linalg.norm(track.bones[0, fingers], axis=1) / np.linalg.norm(bones[0, fingers], axis=1)
    palm = np.linalg.norm(track.bones[0, 5::4], axis=1) / np.linalg.norm(bones[0, 5::4], axis=1)
    assert 1.07 < grown.mean() / palm.mean() < 1.2  # the prior keeps some, and a large hand looks like a near one
    assert track.errors.mean() < 0.025


def test_refining_never_costs_more(hand):
    rng = np.random.default_rng(4)
    bones, axes = rest_bones(hand), hand.axes.astype(np.float64)
    target = seen(hand, facing(hand, 20, 0, 0), likely(rng), np.zeros(3))
    view = hand_points.View(target, np.ones(21), 95.0, np.zeros(3), np.zeros((21, 3)), 0.0)
    start = Pose(facing(hand, 0, 0, 0), np.array([230, 300, np.log(SCALE)]), np.zeros(45))
    costs = [refine(start, view, bones, axes, np.zeros(45), start, np.zeros(3), steps)[1] for steps in range(8)]
    assert (np.diff(costs) <= 0).all()


def test_the_tree_is_the_hand_s(hand):
    assert UP.tolist() == [-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19]
    assert LOW.shape == HIGH.shape == (45,)
    np.testing.assert_array_equal(LOW, JOINT_LIMITS[..., 0].ravel())
