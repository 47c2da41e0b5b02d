"""What arms, hands and trunk do while somebody speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.hand import Side
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.curves import ARM, arm_curves
from garrick.motion.gestures.plan import plan_strokes
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
    amount: 0..2 as `Manner.gestures`.    feeling: factor of the emotion on how much is gestured.
    """
    pose = np.zeros((len(times), len(BODY_JOINTS), 3))
    hands = {side: np.zeros((len(times), 15, 3)) for side in _ARMS}
    if amount == 0:
        return BodyMotion(pose, hands["left"], hands["right"])
    strokes = plan_strokes(speech, amount * feeling, ctx.rng("gestures"))
    pose = trunk(times, np.radians(head), ctx.rng("trunk"), ctx.rng("breath"))
    for side, rows in _ARMS.items():
        curves = arm_curves(strokes, side, times, amount, ctx.rng(f"{side} arm"))
        collar = rotation_matrices(pose[:, rows[0]]) @ rotation_matrices(curves[:, 0])
        pose[:, rows[0]] = axis_angles(collar)
        pose[:, rows[1:]] = curves[:, 1:ARM]
        hands[side] = curves[:, ARM:]
    return BodyMotion(pose, hands["left"], hands["right"])
