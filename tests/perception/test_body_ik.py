"""A skeleton posed by known turns is found again in its points."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.core.skeleton import PARENTS
from garrick.perception.body import POINTS
from garrick.perception.body_ik import LEAN, body_rotations, wrist_rotation
from hypothesis import given, settings
from hypothesis import strategies as st

JOINT = {name: column for column, name in enumerate(BODY_JOINTS)}
ROW = {name: row for row, name in enumerate(POINTS)}

# metres from the parent in a T-pose, left side
REST = {
    "pelvis": (0, 0, 0), "spine1": (0, 0.11, 0), "spine2": (0, 0.13, 0), "spine3": (0, 0.07, 0), "neck": (0, 0.2, 0),
    "head": (0, 0.09, 0), "collar": (0.06, 0.12, 0), "shoulder": (0.12, 0.0, 0), "elbow": (0.3, 0, 0),
    "wrist": (0.25, 0, 0), "index1": (0.09, 0, 0.025), "pinky1": (0.09, 0, -0.025),
}  # fmt: skip
ARM = ("shoulder", "elbow", "wrist")


def rest(joint: str) -> np.ndarray:
    side, _, name = joint.rpartition("_")
    return np.array(REST[name], float) * ((-1, 1, 1) if side == "right" else (1, 1, 1))


def posed(pose: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Places (F, 3) and turns (F, 3, 3) of the chain's joints in body space."""
    places, turns = {"": np.zeros((len(pose), 3))}, {"": np.broadcast_to(np.eye(3), (len(pose), 3, 3))}
    for joint, parent in PARENTS.items():
        if joint.rpartition("_")[2] not in REST:
            continue
        places[joint] = places[parent] + turns[parent] @ rest(joint)
        own = rotation_matrices(pose[:, JOINT[joint]]) if joint in JOINT else np.eye(3)
        turns[joint] = turns[parent] @ own
    return places, turns


def world_of(pose: np.ndarray) -> np.ndarray:
    """(F, 33, 3) what MediaPipe's net would say of the pose: hips below a straight back, which leans forward a little."""
    places, turns = posed(pose)
    chest, shoulders = turns["spine3"], (places["left_shoulder"] + places["right_shoulder"]) / 2
    hips = shoulders - 0.5 * chest[..., 1]
    facing = np.cross(chest[..., 0], (0, 1, 0))
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    world = np.repeat(hips[:, None], len(POINTS), axis=1)
    for side, sign in (("left", 1), ("right", -1)):
        for name in ARM:
            world[:, ROW[f"{side}_{name}"]] = places[f"{side}_{name}"]
        for name in ("index", "pinky"):
            world[:, ROW[f"{side}_{name}"]] = places[f"{side}_{name}1"]
        world[:, ROW[f"{side}_ear"]] = places["spine3"] + chest @ np.array([sign * 0.07, 0.37, 0.0])
        world[:, ROW[f"{side}_hip"]] += 0.1 * sign * turns["pelvis"][..., 0]
    below = [ROW["left_hip"], ROW["right_hip"]]
    above = [row for row in range(len(POINTS)) if row not in below]
    world[:, above] += 0.5 * np.tan(LEAN) * facing[:, None]
    return (world - hips[:, None]) * (1, -1, -1)


def seen(frames: int, *hidden: str) -> np.ndarray:
    visibility = np.ones((frames, len(POINTS)))
    visibility[:, [ROW[name] for name in hidden]] = 0.0
    return visibility


def arms(pose: np.ndarray) -> np.ndarray:
    """(F, 2, 2, 3) elbows and wrists from their shoulders, metres."""
    places, _ = posed(pose)
    return np.stack(
        [
            [places[f"{side}_{name}"] - places[f"{side}_shoulder"] for name in ("elbow", "wrist")]
            for side in ("left", "right")
        ]
    ).transpose(2, 0, 1, 3)


def other_side(name: str) -> str:
    return name.replace("left", "*").replace("right", "left").replace("*", "right")


def still(**degrees: tuple[float, float, float]) -> np.ndarray:
    pose = np.zeros((1, len(BODY_JOINTS), 3))
    for joint, turn in degrees.items():
        pose[:, JOINT[joint]] = np.radians(turn)
    return pose


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


@st.composite
def poses(draw: st.DrawFn) -> np.ndarray:
    """One frame: any chest, collars tilted against each other, arms in front of the T-pose with elbows well bent."""
    pose = still()
    chest = [draw(between(-0.12, 0.12)), draw(between(-0.25, 0.25)), draw(between(-0.08, 0.08))]
    pose[:, [JOINT["spine1"], JOINT["spine2"], JOINT["spine3"]]] = chest
    tilt = draw(between(-0.15, 0.15))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose[0, JOINT[f"{side}_collar"], 2] = tilt
        swing = rotation_matrices(np.array([0, -sign * draw(between(0, 1.2)), sign * draw(between(-1.4, 0.8))]))
        twist = rotation_matrices(np.array([draw(between(-1.2, 1.2)), 0, 0]))
        pose[0, JOINT[f"{side}_shoulder"]] = axis_angles(swing @ twist)
        pose[0, JOINT[f"{side}_elbow"], 1] = -sign * draw(between(0.5, 2.2))
    return pose


@settings(deadline=None, max_examples=60)
@given(poses())
def test_limbs_end_where_the_points_are(pose):
    found, confidence = body_rotations(world_of(pose), seen(1))
    assert np.abs(arms(found) - arms(pose)).max() < 0.01
    for side in ("left", "right"):
        bend = np.linalg.norm(found[:, JOINT[f"{side}_elbow"]], axis=-1)
        assert bend == pytest.approx(np.linalg.norm(pose[:, JOINT[f"{side}_elbow"]], axis=-1), abs=np.radians(3))
    _, turns = posed(pose)
    _, others = posed(found)
    off = np.linalg.norm(axis_angles(np.swapaxes(turns["spine3"], 1, 2) @ others["spine3"]), axis=-1)
    assert off.max() < np.radians(2)
    assert (confidence[:, [JOINT["left_elbow"], JOINT["right_wrist"]]] == 1).all()


@settings(deadline=None, max_examples=60)
@given(poses())
def test_a_bent_elbow_is_a_hinge(pose):
    found, _ = body_rotations(world_of(pose), seen(1))
    for side, sign in (("left", -1), ("right", 1)):
        turn = found[0, JOINT[f"{side}_elbow"]]
        assert sign * turn[1] > 0
        assert np.abs(turn[[0, 2]]).max() < np.radians(3)


@settings(deadline=None, max_examples=40)
@given(poses())
def test_a_mirrored_body_moves_the_other_arm(pose):
    world = world_of(pose)
    swapped = [ROW[other_side(name)] for name in POINTS]
    found, _ = body_rotations(world, seen(1))
    mirrored, _ = body_rotations(world[:, swapped] * (-1, 1, 1), seen(1))
    for joint in BODY_JOINTS:
        assert mirrored[0, JOINT[other_side(joint)]] == pytest.approx(found[0, JOINT[joint]] * (1, -1, -1), abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_any_points_give_finite_turns(frames, seed):
    random = np.random.default_rng(seed)
    world = random.normal(0, 0.3, (frames, 33, 3)) * random.integers(0, 2, (frames, 33, 1))
    pose, confidence = body_rotations(world, random.uniform(0, 1, (frames, 33)))
    assert pose.shape == (frames, 13, 3)
    assert confidence.shape == (frames, 13)
    assert np.isfinite(pose).all()
    assert ((confidence >= 0) & (confidence <= 1)).all()


def test_nothing_in_nothing_out():
    pose, confidence = body_rotations(np.zeros((0, 33, 3)), np.zeros((0, 33)))
    assert pose.shape == (0, 13, 3)
    assert confidence.shape == (0, 13)


def test_the_t_pose_is_zero():
    pose, _ = body_rotations(world_of(still()), seen(1))
    assert np.abs(pose).max() < np.radians(0.5)


def test_hanging_arms_bend_forward():
    pose, _ = body_rotations(world_of(still(left_shoulder=(0, 0, -85), left_elbow=(0, -40, 0))), seen(1))
    assert np.degrees(pose[0, JOINT["left_shoulder"]]) == pytest.approx([0, 0, -85], abs=1)
    assert np.degrees(pose[0, JOINT["left_elbow"]]) == pytest.approx([0, -40, 0], abs=1)


def test_hips_that_are_seen_turn_the_pelvis():
    truth = still(pelvis=(0, 40, 0), spine1=(0, -5, 0), spine2=(0, -5, 0), spine3=(0, -5, 0))
    pose, confidence = body_rotations(world_of(truth), seen(1))
    assert np.degrees(pose[0, : JOINT["neck"]]) == pytest.approx(np.degrees(truth[0, : JOINT["neck"]]), abs=0.5)
    assert confidence[0, JOINT["pelvis"]] == 1


def test_without_hips_the_pelvis_rests_and_nobody_leans():
    truth = still(pelvis=(0, 15, 0), spine1=(10, 0, 0), spine2=(10, 0, 0), spine3=(10, 0, 0))
    pose, confidence = body_rotations(world_of(truth), seen(1, "left_hip", "right_hip"))
    assert not pose[0, JOINT["pelvis"]].any()
    assert confidence[0, JOINT["pelvis"]] == 0
    assert np.degrees(pose[0, JOINT["spine2"]]) == pytest.approx([0, 5, 0], abs=0.5)


def test_raised_shoulders_raise_the_collars():
    shrug = np.concatenate([np.zeros(20), np.full(5, np.radians(20)), np.zeros(20)])
    truth = np.zeros((len(shrug), 13, 3))
    truth[:, JOINT["left_collar"], 2] = shrug
    truth[:, JOINT["right_collar"], 2] = -shrug
    pose, _ = body_rotations(world_of(truth), seen(len(shrug)))
    assert np.degrees(pose[22, JOINT["left_collar"], 2]) == pytest.approx(20, abs=10)  # the first 15 mm may be noise
    assert pose[:, JOINT["right_collar"], 2] == pytest.approx(-pose[:, JOINT["left_collar"], 2], abs=1e-6)
    assert np.abs(pose[:20, JOINT["left_collar"]]).max() < np.radians(0.5)


def test_an_arm_that_is_never_seen_stays_zero():
    truth = still(left_shoulder=(0, 0, -80), right_shoulder=(0, 0, 80), right_elbow=(0, 60, 0))
    pose, confidence = body_rotations(world_of(truth), seen(1, "left_elbow", "left_wrist", "right_wrist"))
    for joint in ("left_shoulder", "left_elbow", "left_wrist", "right_elbow", "right_wrist"):
        assert not pose[0, JOINT[joint]].any()
        assert confidence[0, JOINT[joint]] == 0
    assert np.degrees(pose[0, JOINT["right_shoulder"]]) == pytest.approx([0, 0, 80], abs=1)


def test_a_hidden_arm_moves_on_between_where_it_was_seen():
    truth = np.zeros((41, 13, 3))
    truth[:, JOINT["left_shoulder"], 2] = np.radians(np.linspace(-80, -20, 41))
    truth[:, JOINT["left_elbow"], 1] = np.radians(-60)
    visibility = seen(41)
    world = world_of(truth)
    visibility[15:26, [ROW["left_elbow"], ROW["left_wrist"]]] = 0.1
    world[15:26, [ROW["left_elbow"], ROW["left_wrist"]]] = 0.0
    pose, confidence = body_rotations(world, visibility)
    assert (confidence[15:26, JOINT["left_shoulder"]] == 0).all()
    assert np.degrees(np.abs(np.diff(pose, axis=0))).max() < 5
    assert np.abs(arms(pose) - arms(truth)).max() < 0.02


def test_a_straight_arm_keeps_the_twist_of_the_frames_around():
    truth = np.zeros((41, 13, 3))
    truth[:, JOINT["left_elbow"], 1] = -np.abs(np.linspace(-1, 1, 41))
    truth[:, JOINT["left_shoulder"], 0] = 0.8
    world = world_of(truth) + np.random.default_rng(1).normal(0, 0.002, (41, 33, 3))
    pose, _ = body_rotations(world, seen(41))
    twist = pose[:, JOINT["left_shoulder"], 0]
    assert twist[[0, 40]] == pytest.approx(0.8, abs=0.1)
    assert np.abs(twist - 0.8).max() < 0.4
    assert np.abs(np.diff(pose, axis=0)).max() < np.radians(20)


def test_turns_go_on_past_half_a_turn():
    truth = np.zeros((60, 13, 3))
    truth[:, JOINT["pelvis"], 1] = np.linspace(0, 1.8 * np.pi, 60)
    pose, _ = body_rotations(world_of(truth), seen(60))
    assert pose[:, JOINT["pelvis"], 1] == pytest.approx(truth[:, JOINT["pelvis"], 1], abs=0.01)
    assert np.abs(pose[:, JOINT["spine2"]]).max() < 0.01


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_hand_points_turn_the_wrist(side):
    truth = still(**{f"{side}_elbow": (0, -50 if side == "left" else 50, 0), f"{side}_wrist": (40, 20, 15)})
    pose, _ = body_rotations(world_of(truth), seen(1))
    assert np.degrees(pose[0, JOINT[f"{side}_wrist"]]) == pytest.approx([40, 20, 15], abs=2)


@settings(deadline=None, max_examples=30)
@given(poses(), st.sampled_from(["left", "right"]), st.tuples(between(-1, 1), between(-1, 1), between(-1, 1)))
def test_a_known_hand_orientation_sets_the_wrist(pose, side, turn):
    pose[0, JOINT[f"{side}_wrist"]] = turn
    _, turns = posed(pose)
    assert wrist_rotation(pose, side, turns[f"{side}_wrist"])[0] == pytest.approx(turn, abs=1e-6)
