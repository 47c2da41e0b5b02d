"""The rotations that a performance carries, by the names that a rig's joints and a mapping's rows call them. Numpy only."""

from __future__ import annotations

import numpy as np

from ..core.performance import BODY_JOINTS, Performance
from ..core.rotation import eye_rotations

HAND_JOINTS = 15

ROTATIONS: tuple[str, ...] = (
    "head_rotation",
    "gaze.left",
    "gaze.right",
    *(f"body_pose.{name}" for name in BODY_JOINTS),
    *(f"{hand}.{joint}" for hand in ("left_hand", "right_hand") for joint in range(HAND_JOINTS)),
)
"""All names that `rotation_of` knows; a hand's joints are numbered in MANO's order."""

_EYE = {"left": 0, "right": 1}


def rotation_of(performance: Performance, channel: str) -> np.ndarray:
    """(F, 3) axis-angle radians in Garrick's space, against the parent. Raises KeyError for a name not in ROTATIONS."""
    if channel not in ROTATIONS:
        raise KeyError(channel)
    array, _, part = channel.partition(".")
    if array == "head_rotation":
        return performance.head_rotation
    if array == "gaze":
        return eye_rotations(performance.gaze[:, _EYE[part]])
    if array == "body_pose":
        return performance.body_pose[:, BODY_JOINTS.index(part)]
    return getattr(performance, array)[:, int(part)]
