"""Poses that show at a glance whether a mapping works, as performances of one frame; and the way back from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..core.arkit import ARKIT_INDEX
from ..core.oculus_visemes import face_of
from ..core.performance import BODY_JOINTS, Performance
from ..core.skeleton import HAND_JOINTS
from . import switches
from .animate import pose
from .mapping import JAW, VISEME, Row
from .parts import Character

ROW = "ROW"

POSES: dict[str, dict[str, float]] = {
    "BLINK": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "OPEN": {"jawOpen": 1.0},
    "SMILE": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "cheekSquintLeft": 0.5, "cheekSquintRight": 0.5},
    "PUCKER": {"mouthPucker": 1.0, "mouthFunnel": 0.3},
    "BROWS": {"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0},
}
"""Face weights of each pose; the rest of a face's poses turn something."""

_LOOK = (0.35, 0.1)  # radians to the subject's left and up
_CURL = 1.3  # radians of each joint of a finger
_TURN = (0.1, 0.5, 0.0)  # radians: a nod and a turn to the subject's left

_SAVED = ("rotation_quaternion", "rotation_euler", "rotation_axis_angle", "location", "scale")


def performance_of(name: str) -> Performance:
    """One frame of one of `POSES`, of "LOOK", "TURN" or "ARMS"."""
    rest = Performance.rest(1, Fraction(25))
    if name == "LOOK":
        return replace(rest, gaze=np.array([[_LOOK, _LOOK]], np.float32))
    if name == "ARMS":
        body, hand = rest.body_pose.copy(), rest.right_hand.copy()
        body[0, [BODY_JOINTS.index("left_shoulder"), BODY_JOINTS.index("right_elbow")], 2] = -np.pi / 2
        hand[0, [joint for joint, finger in enumerate(HAND_JOINTS) if not finger.startswith("thumb")], 2] = _CURL
        return replace(rest, body_pose=body, right_hand=hand)
    if name == "TURN":
        return replace(rest, head_rotation=np.array([_TURN], np.float32))
    face = rest.face.copy()
    for weight, value in POSES[name].items():
        face[0, ARKIT_INDEX[weight]] = value
    return replace(rest, face=face)


def performance_for(row: Row) -> Performance:
    """One frame in which what a row follows is at its full, or turned to the left."""
    rest = Performance.rest(1, Fraction(25))
    if row.source in ARKIT_INDEX or row.source == JAW:
        face = rest.face.copy()
        face[0, ARKIT_INDEX["jawOpen" if row.source == JAW else row.source]] = 1.0
        return replace(rest, face=face)
    if row.source.startswith(VISEME):
        return replace(rest, face=face_of(row.source.removeprefix(VISEME))[None])
    array, _, part = row.source.partition(".")
    if array in ("gaze", "head_rotation"):
        return performance_of("LOOK" if array == "gaze" else "TURN")
    values = getattr(rest, array).copy()
    values[0, BODY_JOINTS.index(part) if array == "body_pose" else int(part)] = _TURN
    return replace(rest, **{array: values})


def take(character: Character, rows: Sequence[Row], performance: Performance, facing: str, before: str) -> str:
    """Put the character into the pose; what it had before, as JSON for `restore`.

    before: what an earlier `take` returned and nobody restored, else empty: that stays the way back.
    Raises ValueError as `animate.pose` does.
    """
    state = before or json.dumps(_state(character))
    if before:
        restore(character, before)
    pose(character, rows, performance, facing)
    return state


def restore(character: Character, state: str) -> None:
    """Put back what `take` found; what has been deleted since is passed over."""
    data = json.loads(state)
    for shapes in character.shapes:
        for name, value in data["keys"].get(shapes.user.name, {}).items():
            if name in shapes.key_blocks:
                shapes.key_blocks[name].value = value
    for name, values in data["bones"].items():
        bone = character.armature.pose.bones.get(name) if character.armature is not None else None
        if bone is not None:
            for attribute, value in values.items():
                setattr(bone, attribute, value)
    if character.armature is not None:
        switches.restore_switches(character.armature, data.get("switches", {}))


def _state(character: Character) -> dict[str, dict]:
    keys = {shapes.user.name: {block.name: block.value for block in shapes.key_blocks} for shapes in character.shapes}
    bones = {} if character.armature is None else {
        bone.name: {attribute: list(getattr(bone, attribute)) for attribute in _SAVED}
        for bone in character.armature.pose.bones
    }  # fmt: skip
    switched = {} if character.armature is None else switches.switch_values(character.armature)
    return {"keys": keys, "bones": bones, "switches": switched}
