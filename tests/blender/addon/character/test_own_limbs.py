"""blender_addon/character/limbs: arms and fingers that rest in any pose point where the performance has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posed_characters import a_pose, performance, t_pose, tail_of, turns_of, with_arms

from blender_addon.character.limbs import LIMB_JOINTS, Bone
from blender_addon.character.mapping import TURN, Row
from blender_addon.character.matching import auto_match
from blender_addon.character.motion import apply
from blender_addon.character.presets.limbs import ARM
from blender_addon.core.rotation import rotation_matrices
from blender_addon.core.skeleton import HAND_JOINTS, PARENTS
from blender_addon.core.turns import JOINTS

SOURCES = {joint: source for source, joint in JOINTS.items()}
FACING = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
POSES = {"T": t_pose, "A": a_pose}
OUR_KNUCKLE = {"index": (0.998, 0, 0.07), "pinky": (0.982, 0, -0.19), "middle": (1, 0, 0), "ring": (0.996, 0, -0.087)}


def skeleton(places, without=(), facing=FACING, between=False) -> dict[str, Bone]:
    """Bones named as the joints, with random axes; `between` puts a bone before each of an arm's."""
    rng = np.random.default_rng(8)
    bones = {}
    for joint, parent in PARENTS.items():
        while parent in without:
            parent = PARENTS[parent]
        if joint in without:
            continue
        if between and parent:
            parent, start = f"{joint} twist", parent
            middle = facing @ ((places[joint] + places[start]) / 2)
            bones[parent] = Bone(rotation_matrices(rng.uniform(-2, 2, 3)), middle, facing @ places[joint], start)
        axes = rotation_matrices(rng.uniform(-2, 2, 3))
        bones[joint] = Bone(axes, facing @ places[joint], facing @ tail_of(joint, places), parent)
    return bones


def rows_for(bones) -> list[Row]:
    return list(auto_match([], list(bones)).rows)


def moved(bones, motion, frame: int, facing=FACING) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """How far each bone is turned, and where it begins, in Garrick's space."""
    turned, places = {}, {}
    for name, bone in bones.items():
        local = np.eye(3)
        if name in motion.turns:
            w, *v = motion.turns[name][frame]
            angle = 2 * np.arctan2(np.linalg.norm(v), w)
            local = bone.axes @ rotation_matrices(np.array(v) / max(np.linalg.norm(v), 1e-12) * angle) @ bone.axes.T
        above = turned.get(bone.parent, np.eye(3))
        turned[name] = above @ local
        start = bones[bone.parent].head if bone.parent else np.zeros(3)
        places[name] = places.get(bone.parent, np.zeros(3)) + above @ (bone.head - start)
    return {n: facing.T @ t @ facing for n, t in turned.items()}, {n: facing.T @ p for n, p in places.items()}


def degrees(one: np.ndarray, other: np.ndarray) -> float:
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def check(bones, played, frames=(0, 3), facing=FACING, fingers=True) -> None:
    """Upper arms, forearms, hands and fingers point where the performance's own do, palms too."""
    motion = apply(rows_for(bones), played, bones, facing)
    wanted = turns_of(played)
    for frame in frames:
        turned, places = moved(bones, motion, frame, facing)
        for side, sign in (("left", 1), ("right", -1)):
            out = np.array([sign, 0, 0])
            for joint, after in (("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "middle1")):
                if not fingers and joint == "wrist":
                    continue
                way = places[f"{side}_{after}"] - places[f"{side}_{joint}"]
                assert degrees(way, wanted[f"{side}_{joint}"][frame] @ out) < 0.6, (side, joint, frame)
            if not fingers:
                continue
            across = places[f"{side}_index1"] - places[f"{side}_pinky1"]
            normal = sign * np.cross(across, places[f"{side}_middle1"] - places[f"{side}_wrist"])
            assert degrees(normal, wanted[f"{side}_wrist"][frame] @ (0, 1, 0)) < 3.0, "knuckles of another hand"
            for finger, way in OUR_KNUCKLE.items():
                own = np.array(way) * (sign, 1, 1)
                for number in (1, 2):
                    bone = places[f"{side}_{finger}{number + 1}"] - places[f"{side}_{finger}{number}"]
                    assert degrees(bone, wanted[f"{side}_{finger}{number}"][frame] @ own) < 0.6
        assert degrees(turned["head"] @ (0, 0, 1), wanted["head"][frame] @ (0, 0, 1)) < 0.1, "the head's own turn"


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("between", [False, True])
def test_arms_and_fingers_point_as_the_performances_do(pose, between):
    check(skeleton(POSES[pose](), between=between), performance())


def test_an_armature_upright_along_its_own_y_and_turned():
    facing = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    check(skeleton(a_pose(), facing=facing), performance(9), facing=facing)


@pytest.mark.parametrize("without", [("left_collar", "right_collar"), ("left_elbow", "right_elbow")])
def test_a_missing_joint_is_made_up_by_the_next(without):
    bones = skeleton(a_pose(), without)
    played = performance()
    motion = apply(rows_for(bones), played, bones, FACING)
    _, places = moved(bones, motion, 2)
    wanted = turns_of(played)
    last = "wrist" if "left_elbow" in without else "shoulder"
    after = "middle1" if last == "wrist" else "elbow"
    for side, sign in (("left", 1), ("right", -1)):
        way = places[f"{side}_{after}"] - places[f"{side}_{last}"]
        assert degrees(way, wanted[f"{side}_{last}"][2] @ (sign, 0, 0)) < 0.6


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_number_of_spine_bones_turns_by_the_whole(count):
    names = [f"spine_0{number}" for number in range(1, count + 1)]
    bones, above = {}, ""
    for height, name in enumerate([*names, "neck_01", "head"]):
        bones[name] = Bone(np.eye(3), np.array([0, 0, height]), np.array([0, 0, height + 1]), above)
        above = name
    played = performance()
    turned, _ = moved(bones, apply(rows_for(bones), played, bones, FACING), 1)
    wanted = turns_of(played)
    np.testing.assert_allclose(turned[names[-1]], wanted["spine3"][1], atol=1e-6)
    np.testing.assert_allclose(turned["head"], wanted["head"][1], atol=1e-6)


def test_an_arm_that_the_performance_leaves_is_left():
    bones = skeleton(a_pose())
    played = with_arms({"left_elbow": (0, -1, 0), "right_index2": (0, 0, 1)})
    motion = apply(rows_for(bones), played, bones, FACING)
    assert {f"left_{name}" for name in ARM} <= set(motion.turns)
    for side, names in (("right", ARM), ("left", HAND_JOINTS)):
        assert not {f"{side}_{name}" for name in names} & set(motion.turns)


def test_fingers_alone_bend_from_the_hand_as_it_lies():
    """Where the body keeps the artist's animation, hands are the performance's against the hand that carries them."""
    bones = skeleton(a_pose())
    rows = rows_for(bones)
    fingers = [row for row in rows if "_hand." in row.source]
    arms = [row for row in rows if row not in fingers]
    played = performance()

    def seen(motion, side):
        turned, places = moved(bones, motion, 1)
        return (places[f"{side}_index3"] - places[f"{side}_index1"]) @ turned[f"{side}_wrist"]

    for side in ("left", "right"):
        whole = seen(apply(rows, played, bones, FACING), side)
        np.testing.assert_allclose(seen(apply(fingers, played, bones, FACING, arms), side), whole, atol=1e-6)
        np.testing.assert_allclose(seen(apply(fingers, played, bones, FACING), side), whole, atol=1e-6)


def test_a_wrists_twist_is_shared_and_points_nowhere_else():
    bones = skeleton(t_pose())
    played = with_arms({"left_wrist": (1.2, 0, 0)})
    turned, places = moved(bones, apply(rows_for(bones), played, bones, FACING), 0)
    np.testing.assert_allclose(turned["left_elbow"], rotation_matrices(np.array([0.6, 0, 0])), atol=0.01)
    across = places["left_index1"] - places["left_pinky1"]
    assert degrees(across * (0, 1, 1), rotation_matrices(np.array([1.2, 0, 0])) @ (0, 0, 1)) < 0.6


def test_a_last_bone_with_odd_axes_goes_on_as_the_one_before():
    bones = skeleton(t_pose())
    straight = apply(rows_for(bones), performance(), bones, FACING)
    last = bones["left_index3"]
    bones["left_index3"] = replace(last, tail=last.head + FACING @ (0, 0.03, 0))
    odd = apply(rows_for(bones), performance(), bones, FACING)
    np.testing.assert_allclose(odd.turns["left_index3"], straight.turns["left_index3"], atol=1e-4)


def test_gain_scales_the_turn_and_not_the_correction():
    bones = skeleton(a_pose())
    played = with_arms({"left_elbow": (0, -1.0, 0)})
    rows = [replace(row, gain=0.5) if row.target == "left_elbow" else row for row in rows_for(bones)]
    _, places = moved(bones, apply(rows, played, bones, FACING), 0)
    forearm = places["left_wrist"] - places["left_elbow"]
    assert degrees(forearm, np.array([np.cos(0.5), 0, np.sin(0.5)])) < 0.6


def test_two_bones_may_share_a_joint():
    bones = skeleton(a_pose(), between=True)
    played = performance()
    rows = [replace(row, gain=0.5) if row.target == "left_elbow" else row for row in rows_for(bones)]
    shared = Row("left_wrist twist", TURN, "body_pose.left_elbow", 0.5)
    _, places = moved(bones, apply([*rows, shared], played, bones, FACING), 1)
    hand = places["left_middle1"] - places["left_wrist"]
    assert degrees(hand, turns_of(played)["left_wrist"][1] @ (1, 0, 0)) < 0.6


def test_every_joint_of_a_limb_has_a_row():
    rows = rows_for(skeleton(t_pose()))
    assert {JOINTS[row.source] for row in rows if row.kind == TURN} >= LIMB_JOINTS
    assert {row.target for row in rows if row.source in ("body_pose.pelvis", "body_pose.spine1")} == {"spine1"}
