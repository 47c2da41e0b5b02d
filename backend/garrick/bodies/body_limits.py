"""How far the joints of the upper body go: turns as anatomists read them, limits, and cutting a pose to them.

A collar, and spine, neck and pelvis, turn about X, Y and Z at once (the components of their axis-angle). Shoulders, elbows
and wrists are read as a twist about the limb and a swing across it, because that is how they are measured. All are given as
the left side has them: X twists the palm of the T-pose down and backwards, -Y brings the arm forward, Z raises it. For the
trunk +X bends forward, +Y turns to the left, +Z leans to the right.
"""

from __future__ import annotations

import numpy as np

from garrick.bodies.body_bones import twists
from garrick.core.performance import BODY_JOINTS

_SPINE = ((-25 / 3, 80 / 3), (-15, 15), (-35 / 3, 35 / 3))
_COLLAR = ((-10, 10), (-25, 25), (-10, 45))
_SHOULDER = ((-90, 70), (-135, 45), (-120, 90))
_ELBOW = ((-15, 15), (-150, 5), (-10, 10))
_WRIST = ((-90, 80), (-20, 30), (-80, 70))
_RANGES = {
    "pelvis": ((-20, 45), (-90, 90), (-20, 20)), "spine1": _SPINE, "spine2": _SPINE, "spine3": _SPINE,
    "neck": ((-22.5, 22.5), (-30, 30), (-22.5, 22.5)),
} | {
    f"{side}_{joint}": ranges
    for joint, ranges in (("collar", _COLLAR), ("shoulder", _SHOULDER), ("elbow", _ELBOW), ("wrist", _WRIST))
    for side in ("left", "right")
}  # fmt: skip
LIMITS = np.radians([_RANGES[name] for name in BODY_JOINTS])
"""(13, 3, 2) radians: least and most of each component of `angles`, in the order of `BODY_JOINTS`.

Ranges of the AAOS handbook (Joint Motion, 1965), as textbooks reprint them. Spine: flexion 80, extension 25, to each side
35, rotation 45, a third for each of its joints. Neck: half of 45, 45, 45 and 60, as the head's own turn has the other half.
Shoulder: flexion and abduction 180, which from the T-pose is 90 up; across the chest 135, backwards 45, in front of the
trunk 30 beyond hanging; rotation 70 inwards, 90 outwards. Elbow 150. Forearm 80 to palm down and 90 to palm up (AAOS has
80, later tables up to 93); the hand to the palm 80, to its back 70, to the thumb 20, to the little finger 30. Collar: up
45, down 10, to front and back 15 to 30 (textbooks of kinesiology). The play of joints that do not turn that way, and the
pelvis, which stands free, are ours.
"""

_ARMS = [row for row, name in enumerate(BODY_JOINTS) if name.endswith(("shoulder", "elbow", "wrist"))]
_SHOULDERS = [row for row, name in enumerate(BODY_JOINTS) if name.endswith("shoulder")]
_MIRROR = np.array([(1, -1, -1) if name.startswith("right") else (1, 1, 1) for name in BODY_JOINTS])
# the shoulder's swing is seen from the chest, before the upper arm's twist; a hand's from the forearm, after its own
_AFTER = np.where([BODY_JOINTS[row].endswith("shoulder") for row in _ARMS], 1, -1)


def angles(body_pose: np.ndarray) -> np.ndarray:
    """(..., 13, 3) axis-angle -> (..., 13, 3) radians about X, Y and Z as this module says."""
    turned = np.asarray(body_pose, np.float64) * _MIRROR
    arms = turned[..., _ARMS, :]
    half = np.linalg.norm(arms, axis=-1, keepdims=True) / 2
    vector, real = arms / 2 * np.sinc(half / np.pi), np.cos(half[..., 0])
    twist = twists(np, arms)
    swing = (vector[..., 1] + 1j * vector[..., 2]) * np.exp(0.5j * twist * _AFTER)
    sine = np.abs(swing)
    swing *= np.where(sine < 1e-9, 2.0, 2 * np.arctan2(sine, np.hypot(real, vector[..., 0])) / np.maximum(sine, 1e-9))
    turned[..., _ARMS, :] = np.stack([twist, swing.real, swing.imag], axis=-1)
    return turned


def rotations_of(angles: np.ndarray) -> np.ndarray:
    """(..., 13, 3) radians about X, Y and Z -> (..., 13, 3) axis-angle: `angles` backwards, for twists within 180."""
    rotations = np.array(angles, np.float64)
    twist = rotations[..., _ARMS, 0] / 2
    swing = (rotations[..., _ARMS, 1] + 1j * rotations[..., _ARMS, 2]) / 2
    bend = np.abs(swing)
    across = swing * np.sinc(bend / np.pi) * np.exp(-1j * twist * _AFTER)
    vector = np.stack([np.cos(bend) * np.sin(twist), across.real, across.imag], axis=-1)
    sine = np.linalg.norm(vector, axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, (np.cos(bend) * np.cos(twist))[..., None])
    rotations[..., _ARMS, :] = vector * np.where(sine < 1e-9, 2.0, angle / np.maximum(sine, 1e-9))
    return rotations * _MIRROR


def within_limits(body_pose: np.ndarray, slack: float = 1e-4) -> np.ndarray:
    """(..., 13, 3) axis-angle -> (..., 13) bool: whether each joint keeps to its limits, with `slack` radians."""
    turned = angles(body_pose)
    inside = ((turned >= LIMITS[..., 0] - slack) & (turned <= LIMITS[..., 1] + slack)).all(axis=-1)
    inside[..., _SHOULDERS] &= _reach(turned) <= 1 + slack
    return inside


def clamp(body_pose: np.ndarray) -> np.ndarray:
    """(..., 13, 3) axis-angle -> the same, each joint cut to its limits."""
    turned = np.clip(angles(body_pose), LIMITS[..., 0], LIMITS[..., 1])
    turned[..., _SHOULDERS, 1:] /= np.maximum(_reach(turned), 1)[..., None]
    return rotations_of(turned)


def random_poses(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 13, 3) axis-angle, spread evenly over the limits; what a shoulder cannot reach is cut off."""
    return clamp(rotations_of(rng.uniform(LIMITS[..., 0], LIMITS[..., 1], (count, *LIMITS.shape[:2]))))


def _reach(turned: np.ndarray) -> np.ndarray:
    """(..., 2) how much of its range each shoulder swings: in no direction beyond the ellipse through its four limits."""
    swing, limits = turned[..., _SHOULDERS, 1:], LIMITS[_SHOULDERS, 1:]
    return np.linalg.norm(swing / np.where(swing < 0, limits[..., 0], limits[..., 1]), axis=-1)
