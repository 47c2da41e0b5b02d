"""Skeletons with arms and fingers that rest in any pose: built from a T-pose by turns of their own, with odd bone axes.

Places are in Garrick's space, metres; `blender_bones` has them for `own_characters.make_armature`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np

from blender_addon.axes import to_blender
from blender_addon.core.performance import BODY_JOINTS, Performance
from blender_addon.core.rotation import rotation_matrices
from blender_addon.core.skeleton import HAND_JOINTS, PARENTS, local_rotations

_FANS = {"index": 0.10, "middle": 0.02, "ring": -0.06, "pinky": -0.17}  # z of a finger's direction, another's than ours
_KNUCKLES = {"index": 0.026, "middle": 0.002, "ring": -0.02, "pinky": -0.038}


def t_pose() -> dict[str, np.ndarray]:
    """Joint of `PARENTS` -> (3,) where it lies; "left_index4" and so on are the fingers' tips."""
    places = {
        "pelvis": (0, 0.95, 0), "spine1": (0, 1.05, 0.01), "spine2": (0, 1.18, 0), "spine3": (0, 1.28, -0.01),
        "neck": (0, 1.45, -0.01), "head": (0, 1.54, 0.01), "left_eye": (0.03, 1.62, 0.08), "right_eye": (-0.03, 1.62, 0.08),
    }  # fmt: skip
    left = {
        "collar": (0.03, 1.4, 0.0),
        "shoulder": (0.17, 1.4, -0.02),
        "elbow": (0.45, 1.4, -0.02),
        "wrist": (0.7, 1.4, -0.02),
    }
    left |= {f"thumb{i}": (0.73 + 0.02 * i, 1.398 - 0.005 * i, 0.0 + 0.02 * i) for i in (1, 2, 3, 4)}
    for finger, z in _KNUCKLES.items():
        left |= {f"{finger}{i}": (0.765 + 0.03 * i, 1.4, -0.02 + z + 0.03 * i * _FANS[finger]) for i in (1, 2, 3, 4)}
    for name, place in left.items():
        places |= {f"left_{name}": place, f"right_{name}": (-place[0], *place[1:])}
    return {name: np.array(place, float) for name, place in places.items()}


def performance(seed: int = 3, frames: int = 6) -> Performance:
    """Everything turns, arms and fingers far."""
    rng = np.random.default_rng(seed)
    rest = Performance.rest(frames, Fraction(24))
    body = rng.uniform(-0.15, 0.15, (frames, len(BODY_JOINTS), 3))
    body[:, 7:] = rng.uniform(-0.9, 0.9, (frames, 6, 3))
    hands = [rng.uniform(-0.6, 0.6, (frames, 15, 3)) for _ in range(2)]
    return replace(
        rest, head_rotation=rng.uniform(-0.4, 0.4, (frames, 3)), body_pose=body, left_hand=hands[0], right_hand=hands[1]
    )  # fmt: skip


def with_arms(turns: Mapping[str, tuple[float, float, float]], frames: int = 2) -> Performance:
    """Still frames in which joints of `BODY_JOINTS` and of the hands ("left_index1") are turned."""
    rest = Performance.rest(frames, Fraction(24))
    arrays = {name: getattr(rest, name).copy() for name in ("body_pose", "left_hand", "right_hand")}
    for joint, turn in turns.items():
        side, _, name = joint.partition("_")
        if joint in BODY_JOINTS:
            arrays["body_pose"][:, BODY_JOINTS.index(joint)] = turn
        else:
            arrays[f"{side}_hand"][:, HAND_JOINTS.index(name)] = turn
    return replace(rest, **arrays)


def turns_of(performance: Performance) -> dict[str, np.ndarray]:
    """Joint -> (F, 3, 3) how far it and all above it are turned, in Garrick's space."""
    found: dict[str, np.ndarray] = {}
    for joint, turn in local_rotations(performance).items():
        own = rotation_matrices(turn.astype(np.float64))
        found[joint] = found[PARENTS[joint]] @ own if PARENTS[joint] else own
    return found


def a_pose(seed: int = 1) -> dict[str, np.ndarray]:
    """The same joints in an A-pose with bent elbows, hands that are turned, and bent fingers."""
    rng = np.random.default_rng(seed)
    turns: dict[str, np.ndarray] = {}
    for side, sign in (("left", 1), ("right", -1)):
        turns[f"{side}_collar"] = np.array([0.05, 0.1 * sign, -0.1 * sign])
        turns[f"{side}_shoulder"] = np.array([0.1, 0.1 * sign, -0.8 * sign])
        turns[f"{side}_elbow"] = np.array([0.0, -0.35 * sign, 0.0])
        turns[f"{side}_wrist"] = np.array([0.7, 0.1, -0.2 * sign])
        for name in HAND_JOINTS:
            turns[f"{side}_{name}"] = np.array([0.0, 0.0, -0.25 * sign]) + rng.uniform(-0.05, 0.05, 3)
    straight, places, turned = t_pose(), {}, {}
    for joint, parent in PARENTS.items():
        above = turned.get(parent, np.eye(3))
        places[joint] = places[parent] + above @ (straight[joint] - straight[parent]) if parent else straight[joint]
        turned[joint] = above @ rotation_matrices(turns.get(joint, np.zeros(3)))
    for name in straight:
        if name.endswith("4"):
            last = f"{name[:-1]}3"
            places[name] = places[last] + turned[last] @ (straight[name] - straight[last])
    return places


def tail_of(joint: str, places: Mapping[str, np.ndarray]) -> np.ndarray:
    """(3,) where a joint's bone ends."""
    if joint[-1] == "3" and joint[:-1] + "4" in places:
        return places[joint[:-1] + "4"]
    side, _, name = joint.partition("_")
    after = {
        "pelvis": "spine1", "spine1": "spine2", "spine2": "spine3", "spine3": "neck", "neck": "head", "collar": "shoulder",
        "shoulder": "elbow", "elbow": "wrist", "wrist": "middle1",
    }  # fmt: skip
    key = after.get(joint) or (f"{side}_{after[name]}" if name in after else None)
    if key is None and name[-1:] in ("1", "2"):
        key = f"{joint[:-1]}{int(joint[-1]) + 1}"
    return places[key] if key else places[joint] + (0, 0.0, 0.1)


def blender_bones(
    places: Mapping[str, np.ndarray], called: Mapping[str, str], seed: int = 5, without: tuple[str, ...] = ()
) -> dict[str, tuple]:  # fmt: skip
    """Bones for `own_characters.make_armature`, with odd rolls. called: joint -> the bone's name."""
    rng = np.random.default_rng(seed)
    bones = {}
    for joint, parent in PARENTS.items():
        while parent in without:
            parent = PARENTS[parent]
        if joint not in without:
            head, tail = to_blender(places[joint]), to_blender(tail_of(joint, places))
            bones[called[joint]] = (head, tail, called[parent] if parent else None, rng.uniform(-3, 3))
    return bones
