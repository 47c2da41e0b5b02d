"""What arms, hands and trunk do while somebody speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from garrick.bodies.body_limits import clamp
from garrick.bodies.hand import Side
from garrick.context import RunContext
from garrick.core.easing import smoothstep
from garrick.core.euler import smooth_axis_angles
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.arms import ARMS, arm_turns
from garrick.motion.gestures.clearance import keep_clear
from garrick.motion.gestures.curves import ARM, arm_curves
from garrick.motion.gestures.fusion import blended, ruled_share, slowed
from garrick.motion.gestures.plan import Stroke, plan_strokes
from garrick.motion.gestures.shapes import hand_shape
from garrick.motion.posture import SPINE, breathe, trunk
from garrick.speech.speech import Speech

_SETTLE = 0.6  # seconds in which learned arms leave where they hang
_HANDS: dict[Side, str] = {"left": "left_hand", "right": "right_hand"}  # the groups of curves


@dataclass(frozen=True)
class BodyMotion:
    """pose (F, 13, 3), left_hand and right_hand (F, 15, 3) as a Performance has them."""

    pose: np.ndarray
    left_hand: np.ndarray
    right_hand: np.ndarray


def perform_body(
    speech: Speech,
    times: np.ndarray,
    head: np.ndarray,
    amount: float,
    feeling: float,
    ctx: RunContext,
    face: np.ndarray,
    identity: np.ndarray,
    learned: bool = False,
    seeds: Mapping[str, int] | None = None,
) -> BodyMotion:
    """Gesture and breathe, with hands that keep out of each other and out of the body.

    times:  (F,) seconds.    head: (F, 3) degrees of the head's pitch, yaw and roll from where it rests.
    amount: 0..2 as `Manner.gestures`; at 0 nothing moves.    feeling: factor of the emotion on how much is gestured.
    face:   (F, 52) ARKit weights.    identity: (B,) of the person.
    learned: beats and what lies between gestures are the net's (`garrick.motion.diffusion.body`) and not the rules' own.
    seeds:  of the groups body, left_hand and right_hand, where they are not the run's, whose is the breath. Fingers form
            what their arm shows; what a gesture leaves to them is by the seed of their hand.
    """
    if amount == 0:
        return resting(len(times))
    own = {group: replace(ctx, seed=(seeds or {}).get(group, ctx.seed)) for group in ("body", *_HANDS.values())}
    strokes = plan_strokes(speech, amount * feeling, own["body"].rng("gestures"))
    pose = trunk(times, np.radians(head), own["body"].rng("trunk"))
    arms = {
        side: arm_curves(strokes, side, times, amount, own["body"].rng(f"{side} arm"), own[hand].rng)
        for side, hand in _HANDS.items()
    }
    if learned:
        from garrick.motion.diffusion.body import generate  # its nets take half a second to load

        made = {
            one.seed: generate(speech, strokes, face, head, identity, times, amount, one)
            for one in {one.seed: one for one in own.values()}.values()
        }
        moving = made[own["body"].seed]
        pose[:, SPINE] = moving.pose[:, SPINE]
        for side, rows in ARMS.items():
            hand = made[own[_HANDS[side]].seed].hands[side]
            lively = np.concatenate([moving.pose[:, rows[1:]], hand], axis=1)
            arms[side][:, 1:] = _fused(lively, arms[side][:, 1:], strokes, side, times)
    breathe(pose, times, ctx.rng("breath"))
    for side, rows in ARMS.items():
        collar = rotation_matrices(pose[:, rows[0]]) @ rotation_matrices(arms[side][:, 0])
        pose[:, rows[0]] = axis_angles(collar)
        pose[:, rows[1:]] = arms[side][:, 1:ARM]
    pose = keep_clear(clamp(pose), 1 / times[1] if len(times) > 1 else 1.0, identity)
    return BodyMotion(pose, arms["left"][:, ARM:], arms["right"][:, ARM:])


def _fused(
    learned: np.ndarray, ruled: np.ndarray, strokes: Sequence[Stroke], side: Side, times: np.ndarray
) -> np.ndarray:
    """(F, 18, 3) axis-angle of shoulder, elbow, wrist, hand: the rules' at first and where a gesture means something."""
    start = 1 - smoothstep(times / _SETTLE)  # an arm starts where it hangs in the photo
    turns = blended(learned, ruled, np.maximum(ruled_share(strokes, side, times), start))
    turns[:, : ARM - 1] = slowed(turns[:, : ARM - 1], 1 / times[1] if len(times) > 1 else 1.0)
    return smooth_axis_angles(turns)


def resting(frames: int) -> BodyMotion:
    """Arms that hang and hands that are relaxed, without any motion."""
    pose = np.zeros((frames, len(BODY_JOINTS), 3))
    for side, rows in ARMS.items():
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
