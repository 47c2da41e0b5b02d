"""The rotations that a performance carries, by the names that a rig's joints and a mapping's rows call them."""

from __future__ import annotations

import numpy as np

from .performance import BODY_JOINTS, Performance
from .rotation import eye_rotations
from .skeleton import HAND_JOINTS

JOINTS: dict[str, str] = {
    "head_rotation": "head",
    "gaze.left": "left_eye",
    "gaze.right": "right_eye",
    **{f"body_pose.{name}": name for name in BODY_JOINTS},
    **{
        f"{side}_hand.{joint}": f"{side}_{name}" for side in ("left", "right") for joint, name in enumerate(HAND_JOINTS)
    },
}
"""Name of a rotation -> the joint of `skeleton.PARENTS` that it turns; a hand's joints are numbered in MANO's order."""

ROTATIONS: tuple[str, ...] = tuple(JOINTS)
"""All names that `rotation_of` knows."""

_EYE = {"left": 0, "right": 1}


def rotation_of(performance: Performance, channel: str) -> np.ndarray:
    """(F, 3) axis-angle radians in Garrick's space, against the parent. Raises KeyError for a name not in ROTATIONS."""
    if channel not in JOINTS:
        raise KeyError(channel)
    array, _, part = channel.partition(".")
    if array == "head_rotation":
        return performance.head_rotation
    if array == "gaze":
        return eye_rotations(performance.gaze[:, _EYE[part]])
    if array == "body_pose":
        return performance.body_pose[:, BODY_JOINTS.index(part)]
    return getattr(performance, array)[:, int(part)]
