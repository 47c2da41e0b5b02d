"""What arms, hands and trunk do while somebody speaks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from garrick.bodies.hand import Side
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import arm_turns
from garrick.motion.gestures.curves import ARM, arm_curves
from garrick.motion.gestures.plan import plan_strokes
from garrick.motion.gestures.shapes import hand_shape
from garrick.motion.posture import trunk
from garrick.speech.speech import Speech

_ARMS: dict[Side, list[int]] = {
    "left": [BODY_JOINTS.index(f"left_{name}") for name in ("collar", "shoulder", "elbow", "wrist")],
    "right": [BODY_JOINTS.index(f"right_{name}") for name in ("collar", "shoulder", "elbow", "wrist")],
}


@dataclass(frozen=True)
class BodyMotion:
    """pose (F, 13, 3), left_hand and right_hand (F, 15, 3) as a Performance has them."""

    pose: np.ndarray
    left_hand: np.ndarray
    right_hand: np.ndarray


def perform_body(
    speech: Speech, times: np.ndarray, head: np.ndarray, amount: float, feeling: float, ctx: RunContext
) -> BodyMotion:
    """Gesture and breathe.

    times:  (F,) seconds.    head: (F, 3) degrees of the head's pitch, yaw and roll from where it rests.
    amount: 0..2 as `Manner.gestures`; at 0 nothing moves.    feeling: factor of the emotion on how much is gestured.
    """
    if amount == 0:
        return resting(len(times))
    strokes = plan_strokes(speech, amount * feeling, ctx.rng("gestures"))
    pose = trunk(times, np.radians(head), ctx.rng("trunk"), ctx.rng("breath"))
    hands = {}
    for side, rows in _ARMS.items():
        curves = arm_curves(strokes, side, times, amount, ctx.rng(f"{side} arm"))
        collar = rotation_matrices(pose[:, rows[0]]) @ rotation_matrices(curves[:, 0])
        pose[:, rows[0]] = axis_angles(collar)
        pose[:, rows[1:]] = curves[:, 1:ARM]
        hands[side] = curves[:, ARM:]
    return BodyMotion(pose, hands["left"], hands["right"])


def resting(frames: int) -> BodyMotion:
    """Arms that hang and hands that are relaxed, without any motion."""
    pose = np.zeros((frames, len(BODY_JOINTS), 3))
    for side, rows in _ARMS.items():
        pose[:, rows] = arm_turns("hang", side)
    left, right = (np.repeat(hand_shape("relaxed", side)[None], frames, axis=0) for side in ("left", "right"))
    return BodyMotion(pose, left, right)


def with_body(performance: Performance) -> Performance:
    """The performance itself, with hanging arms where it has no body at all: at zero they stand out as a T does."""
    if performance.body_pose.any():
        return performance
    body = resting(len(performance))
    hands = {
        name: made
        for name, made in (("left_hand", body.left_hand), ("right_hand", body.right_hand))
        if not getattr(performance, name).any()
    }
    return replace(performance, body_pose=body.pose, **hands)
