"""Stances of one arm: where upper arm, forearm and hand point and the palm looks, and the turns of the joints for it.

Directions are of the right arm in the chest's space: +X to the subject's left, so outwards is -X; +Y up, +Z forward. The
left arm's are the mirror image. Directions alone fit any build of body.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from garrick.bodies.hand import Side, mirrored
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices, shortest_turns

JOINTS = ("collar", "shoulder", "elbow", "wrist")
ARMS: dict[Side, list[int]] = {
    "left": [BODY_JOINTS.index(f"left_{name}") for name in JOINTS],
    "right": [BODY_JOINTS.index(f"right_{name}") for name in JOINTS],
}
"""The rows of JOINTS in a body's pose."""
_Direction = tuple[float, float, float]
_FLICK, _UPPER = 1.6, 0.35  # of the forearm's way: what the hand goes, and the upper arm
_OUTWARDS, _FORWARD = np.array([-1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Stance:
    """Directions of any length. palm: the way that the palm looks.    raised: degrees by which the collar is lifted."""

    upper: _Direction
    forearm: _Direction
    hand: _Direction
    palm: _Direction
    raised: float = 0.0


STANCES: dict[str, Stance] = {
    "hang": Stance((-0.17, -0.98, 0.02), (-0.07, -0.96, 0.22), (-0.03, -0.97, 0.22), (0.93, 0.0, -0.25)),
    "ready": Stance((-0.26, -0.94, 0.16), (0.30, 0.02, 0.95), (0.42, 0.05, 0.90), (0.62, -0.76, -0.22)),
    "lifted": Stance((-0.30, -0.92, 0.22), (0.22, 0.44, 0.87), (0.24, 0.56, 0.79), (0.86, -0.45, 0.05)),
    "struck": Stance((-0.28, -0.93, 0.24), (0.22, 0.12, 0.97), (0.26, -0.06, 0.96), (0.82, -0.56, -0.22)),
    "shown": Stance((-0.28, -0.92, 0.28), (0.18, 0.30, 0.94), (0.16, 0.22, 0.96), (0.98, 0.02, -0.16)),
    "offer_in": Stance((-0.28, -0.93, 0.20), (0.28, 0.30, 0.91), (0.30, 0.40, 0.87), (0.75, 0.42, -0.50)),
    "offer": Stance((-0.34, -0.88, 0.32), (-0.10, 0.22, 0.97), (-0.20, 0.10, 0.97), (0.22, 0.96, -0.12)),
    "gathered": Stance((-0.32, -0.92, 0.22), (0.42, 0.30, 0.85), (0.52, 0.36, 0.77), (0.70, 0.10, -0.70)),
    "spread": Stance((-0.46, -0.85, 0.26), (-0.36, 0.28, 0.89), (-0.52, 0.20, 0.83), (0.35, 0.88, 0.30)),
    "aim_low": Stance((-0.28, -0.88, 0.38), (0.12, 0.50, 0.86), (0.10, 0.60, 0.79), (0.55, -0.80, 0.25)),
    "aim": Stance((-0.30, -0.62, 0.72), (0.10, 0.24, 0.97), (0.06, 0.14, 0.99), (0.50, -0.86, 0.08)),
    "raise_low": Stance((-0.30, -0.90, 0.30), (0.08, 0.74, 0.67), (0.06, 0.86, 0.50), (0.30, -0.45, 0.84)),
    "raise": Stance((-0.36, -0.80, 0.48), (-0.04, 0.93, 0.36), (-0.06, 0.98, 0.18), (0.22, -0.16, 0.96)),
    "to_chest": Stance((-0.40, -0.86, 0.32), (0.72, 0.30, 0.63), (0.84, 0.30, 0.45), (0.10, 0.10, -0.99)),
    "on_chest": Stance((-0.40, -0.84, 0.36), (0.84, 0.46, 0.28), (0.93, 0.34, -0.12), (-0.08, 0.05, -0.99)),
    "shrug_low": Stance((-0.30, -0.94, 0.16), (-0.12, 0.10, 0.98), (-0.24, 0.10, 0.96), (0.36, 0.90, 0.10)),
    "shrug": Stance((-0.34, -0.92, 0.16), (-0.32, 0.30, 0.90), (-0.54, 0.18, 0.82), (0.18, 0.97, 0.16), raised=16.0),
    "wave": Stance((-0.66, -0.62, 0.42), (-0.28, 0.93, 0.24), (-0.40, 0.91, 0.12), (0.16, -0.06, 0.98)),
    "wave_in": Stance((-0.66, -0.62, 0.42), (0.02, 0.96, 0.28), (0.22, 0.97, 0.12), (0.00, -0.12, 0.99)),
    "halt_low": Stance((-0.30, -0.90, 0.30), (0.12, 0.52, 0.85), (0.12, 0.80, 0.58), (0.20, -0.58, 0.79)),
    "halt": Stance((-0.30, -0.74, 0.60), (0.06, 0.44, 0.90), (0.06, 0.96, 0.26), (0.08, -0.26, 0.96)),
    "waist": Stance((-0.32, -0.94, -0.06), (0.44, 0.04, 0.90), (0.56, -0.06, 0.82), (0.66, -0.42, -0.48)),
    "low": Stance((-0.22, -0.97, 0.04), (0.12, -0.52, 0.85), (0.24, -0.60, 0.76), (0.88, -0.25, -0.40)),
    "framed": Stance((-0.36, -0.88, 0.30), (0.02, 0.22, 0.97), (0.10, 0.26, 0.96), (0.97, 0.14, -0.14)),
    "framed_in": Stance((-0.32, -0.92, 0.22), (0.16, 0.42, 0.89), (0.20, 0.52, 0.83), (0.94, 0.00, -0.28)),
    "tossed_in": Stance((-0.32, -0.90, 0.28), (0.34, 0.50, 0.80), (0.50, 0.52, 0.69), (0.50, -0.60, -0.62)),
    "tossed": Stance((-0.40, -0.88, 0.26), (-0.26, 0.26, 0.93), (-0.50, 0.08, 0.86), (-0.10, -0.98, 0.12)),
    "swept": Stance((-0.36, -0.90, 0.26), (-0.20, 0.10, 0.97), (-0.28, -0.02, 0.96), (0.20, -0.96, 0.10)),
    "across": Stance((-0.28, -0.92, 0.28), (0.56, 0.20, 0.80), (0.60, 0.16, 0.78), (0.40, -0.90, -0.15)),
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """How far a hand goes, in degrees seen from its elbow. forth: of the upper arm, which takes the hand forwards."""

    out: float = 0.0
    up: float = 0.0
    forth: float = 0.0

    def __mul__(self, share: float) -> Way:
        return Way(self.out * share, self.up * share, self.forth * share)

    def __add__(self, other: Way) -> Way:
        return Way(self.out + other.out, self.up + other.up, self.forth + other.forth)


HERE = Way()
"""Nowhere else."""


def moved(stance: Stance, way: Way, roll: float = 0.0) -> Stance:
    """The stance with its hand elsewhere: the forearm goes all the way, the hand beyond it, the upper arm a little of it.

    roll: degrees by which the palm turns upwards.
    """
    hand = _unit(_turned(stance.hand, way * _FLICK))
    palm = rotation_matrices(hand * np.radians(-roll)) @ _turned(stance.palm, way * _FLICK)
    forth = Way(up=way.forth) + Way(out=way.out, up=way.up) * _UPPER
    turned = _turned(stance.upper, forth), _turned(stance.forearm, way), hand, palm
    return Stance(*((float(x), float(y), float(z)) for x, y, z in turned), raised=stance.raised)


def _turned(direction: _Direction, way: Way) -> np.ndarray:
    """Outwards about the upright, then upwards about the line through both shoulders."""
    out, up = np.radians([way.out, way.up])
    return rotation_matrices(np.array([-up, 0.0, 0.0])) @ rotation_matrices(np.array([0.0, -out, 0.0])) @ direction


@lru_cache(maxsize=512)
def arm_turns(which: str | Stance, side: Side) -> np.ndarray:
    """(4, 3) axis-angle of collar, shoulder, elbow and wrist for a stance, each in its chain from the T-pose.

    which: a name of `STANCES`, or any other.
    The elbow is a hinge: the shoulder turns the upper arm about itself until the hinge lies across the bend.
    """
    stance = STANCES[which] if isinstance(which, str) else which
    collar = rotation_matrices(np.array([0.0, 0.0, -np.radians(stance.raised)]))
    upper, forearm = (_unit(direction) @ collar for direction in (stance.upper, stance.forearm))
    swing = shortest_turns(_OUTWARDS, upper[None])[0]
    bend = forearm @ swing
    # about the upper arm, from where the hinge bends in the T-pose (forwards) to where the forearm is
    twist = np.arctan2(bend @ np.cross(_OUTWARDS, _FORWARD), bend @ _FORWARD)
    shoulder = swing @ rotation_matrices(twist * _OUTWARDS)
    elbow = shortest_turns(_OUTWARDS, (forearm @ shoulder)[None])[0]
    along, palm = _unit(stance.hand), _unit(stance.palm)
    back = _unit(along * (palm @ along) - palm)
    hand = np.stack([-along, back, np.cross(-along, back)], axis=1)  # the rest hand's axes: see `bodies.hand`
    wrist = (collar @ shoulder @ elbow).T @ hand
    turns = axis_angles(np.stack([collar, shoulder, elbow, wrist]))
    turns = turns if side == "right" else mirrored(turns)
    turns.flags.writeable = False
    return turns


def _unit(direction: object) -> np.ndarray:
    vector = np.asarray(direction, np.float64)
    return vector / np.linalg.norm(vector)
