"""Arms and fingers: turns from a performance's T-pose as turns of bones that rest in any pose. Numpy only.

A joint's correction is the rotation that takes its bone from where it rests on the character to where it points in the
T-pose. With A that of a joint, P that of the joint above it and g the performance's turn, the bone turns by P' g A from its
rest, whatever its own axes: then it points where the performance's own bone points. Bones between, such as those of a
twist, rest and are carried along. Corrections come from where joints lie at rest, not from where single bones point, which
many exporters get wrong; only the last bone of a chain has nothing else.

Trunk and collars have no correction: how they rest is the character's build, and they turn by as much as the performance's.
Two directions leave the turn about the bone itself open. It is chosen so: upper arm, forearm and the joints of a finger
turn as little as possible against the bone above them, so an A-pose is lifted into the T-pose without a twist and a hinge
stays one; a hand has its palm's plane as well, of which its knuckles tell. Of a wrist's twist the forearm takes a half,
which moves neither, but does not wring the skin at the wrist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..core.performance import Performance
from ..core.rotation import axis_angles, rotation_matrices, shortest_turns
from ..core.skeleton import PARENTS
from ..core.turns import JOINTS, rotation_of
from ..rotations import quaternions
from .presets.limbs import ARM, FINGERS

SIDES = ("left", "right")
LIMB_JOINTS: frozenset[str] = frozenset(
    name for name in PARENTS if name.startswith(SIDES) and not name.endswith("_eye")
)  # fmt: skip
"""The joints of `skeleton.PARENTS` that this module turns."""

_KNUCKLES = {
    "thumb": (0.034, -0.002, 0.023), "index": (0.096, -0.004, 0.025), "middle": (0.096, 0.0, 0.0),
    "ring": (0.090, 0.001, -0.019), "pinky": (0.081, -0.004, -0.036),
}  # fmt: skip
_OUTWARDS = (1.0, 0.0, 0.0)
_WAYS = {
    "shoulder": _OUTWARDS, "elbow": _OUTWARDS, "wrist": _OUTWARDS, "thumb1": (0.662, -0.261, 0.702),
    "thumb": (0.701, -0.140, 0.700), "index": (0.998, 0.0, 0.070), "middle": _OUTWARDS, "ring": (0.996, 0.0, -0.087),
    "pinky": (0.982, 0.0, -0.190),
}  # fmt: skip
"""Garrick's own left arm and hand in the T-pose: first knuckles in metres from the wrist, and where bones point."""

_FOREARM_SHARE = 0.5  # of the wrist's twist
_BENT = 0.5  # cosine: a finger's last bone that leaves the one before by more is a bone with odd axes
_SHORT = 1e-9

_SOURCES = {joint: source for source, joint in JOINTS.items()}


@dataclass(frozen=True)
class Bone:
    """A bone at rest in its armature's space.

    axes: (3, 3), columns its x, y and z. head: (3,) where it begins. tail: (3,) where its only child begins, else where
    it ends. parent: its parent's name, "" for a root.
    """

    axes: np.ndarray
    head: np.ndarray
    tail: np.ndarray
    parent: str = ""


@dataclass(frozen=True)
class Limbs:
    """A character's arms and hands.

    joints: joint of `LIMB_JOINTS` -> the bone that has it. facing: see `motion.apply`.
    """

    joints: Mapping[str, str]
    bones: Mapping[str, Bone]
    facing: np.ndarray

    @cached_property
    def corrections(self) -> dict[str, np.ndarray]:
        """Joint -> (3, 3) in Garrick's space; a hand's too where only its fingers are known."""
        found: dict[str, np.ndarray] = {}
        for side in SIDES:
            for name in ARM:
                joint = f"{side}_{name}"
                if name == "collar":
                    found[joint] = np.eye(3)
                elif name == "wrist":
                    found[joint] = self._palm(side, self._above(joint, found))
                elif joint in self.joints:
                    before = self._above(joint, found)
                    found[joint] = _swung(before, self._way(joint), _own_way(side, name))
            for finger in FINGERS:
                self._straighten(side, finger, found)
        return found

    def turns(self, performance: Performance, joint: str, bone: str, gain: float = 1.0) -> np.ndarray:
        """(F, 4) quaternions w x y z, of any sign, by which a bone turns from its rest in its own axes.

        bone: `joints[joint]`, or a further bone that shares its turn. Turns of joints of the same arm or finger above
        this one that no bone has are passed on to it. gain: times the turn's angle; the correction is whole.
        """
        turn = self._local(performance, joint)
        above = PARENTS[joint]
        while _is_arm(above) == _is_arm(joint) and above in LIMB_JOINTS and above not in self.joints:
            turn = self._local(performance, above) @ turn
            above = PARENTS[above]
        if gain != 1:
            turn = rotation_matrices(axis_angles(turn) * gain)
        own = self.corrections[joint]
        before = self._above(joint, self.corrections) if bone == self.joints[joint] else own
        return quaternions(axis_angles(before.T @ turn @ own) @ self.facing.T @ self.bones[bone].axes)

    def _local(self, performance: Performance, joint: str) -> np.ndarray:
        """(F, 3, 3) a joint's turn in its chain, a part of the wrist's twist handed to the forearm."""
        turn = rotation_matrices(rotation_of(performance, _SOURCES[joint]).astype(np.float64))
        side, _, name = joint.partition("_")
        if name not in ("elbow", "wrist") or not {f"{side}_elbow", f"{side}_wrist"} <= self.joints.keys():
            return turn
        wrist = rotation_of(performance, _SOURCES[f"{side}_wrist"]).astype(np.float64)
        given = rotation_matrices(_FOREARM_SHARE * _twist(wrist)[:, None] * _OUTWARDS)
        return turn @ given if name == "elbow" else np.swapaxes(given, -1, -2) @ turn

    def _above(self, joint: str, corrections: Mapping[str, np.ndarray]) -> np.ndarray:
        """The correction of the nearest joint above that has one."""
        above = PARENTS[joint]
        while above in LIMB_JOINTS and above not in corrections:
            above = PARENTS[above]
        return corrections.get(above, np.eye(3))

    def _seen(self, vector: np.ndarray) -> np.ndarray:
        return vector @ self.facing

    def _way(self, joint: str) -> np.ndarray:
        """(3,) from a joint of the arm to the next one that is known, else along its bone."""
        bone, (side, _, name) = self.bones[self.joints[joint]], joint.partition("_")
        further = [f"{side}_{other}" for other in ARM[ARM.index(name) + 1 :]]
        known = [self.bones[self.joints[other]].head for other in further if other in self.joints]
        return self._seen((known[0] if known else bone.tail) - bone.head)

    def _palm(self, side: str, before: np.ndarray) -> np.ndarray:
        """The hand's correction: fingers' way and palm's plane, as far as there are fingers to tell."""
        knuckles = {
            finger: self.bones[self.joints[f"{side}_{finger}1"]].head
            for finger in FINGERS
            if f"{side}_{finger}1" in self.joints
        }
        hand = self._hand_bone(side, list(knuckles))
        if hand is None:
            return before
        along = next((finger for finger in ("middle", "ring", "index", "pinky") if finger in knuckles), None)
        if along is None:
            return _swung(before, self._seen(hand.tail - hand.head), _own_way(side, "wrist"))
        row = [finger for finger in FINGERS[1:] if finger in knuckles]
        first, last = (row[0], row[-1]) if len(row) > 1 else ("thumb", along)
        theirs = self._seen(knuckles[along] - hand.head)
        own = _sided(_KNUCKLES[along], side)
        if first in knuckles:
            across = _sided(np.subtract(_KNUCKLES[first], _KNUCKLES[last]), side)
            frames = _frame(own, across), _frame(theirs, self._seen(knuckles[first] - knuckles[last]))
            if frames[1] is not None:
                return frames[0] @ frames[1].T
        return _swung(before, theirs, own)

    def _hand_bone(self, side: str, fingers: list[str]) -> Bone | None:
        """The wrist's bone, else the nearest one that carries all fingers."""
        if f"{side}_wrist" in self.joints:
            return self.bones[self.joints[f"{side}_wrist"]]
        lines = [self._line(self.joints[f"{side}_{finger}1"]) for finger in fingers]
        shared = [name for name in lines[0] if all(name in line for line in lines)] if len(lines) > 1 else []
        return self.bones[shared[0]] if shared else None

    def _line(self, bone: str) -> list[str]:
        """What carries a bone, the nearest first."""
        line = []
        while (bone := self.bones[bone].parent) in self.bones:
            line.append(bone)
        return line

    def _straighten(self, side: str, finger: str, found: dict[str, np.ndarray]) -> None:
        """Add the corrections of a finger's joints."""
        there = [number for number in (1, 2, 3) if f"{side}_{finger}{number}" in self.joints]
        if not there:
            return
        bones = [self.bones[self.joints[f"{side}_{finger}{number}"]] for number in there]
        ends = [*(bone.head for bone in bones[1:]), bones[-1].tail]
        ways = [self._seen(end - bone.head) for end, bone in zip(ends, bones, strict=True)]
        if len(ways) > 1 and ways[-1] @ ways[-2] < _BENT * np.linalg.norm(ways[-1]) * np.linalg.norm(ways[-2]):
            ways[-1] = ways[-2]
        before = found[f"{side}_wrist"]
        for number, way in zip(there, ways, strict=True):
            before = _swung(before, way, _own_way(side, f"{finger}{number}"))
            found[f"{side}_{finger}{number}"] = before


def moves(performance: Performance, joint: str) -> bool:
    """Whether a performance moves the arm, or the hand, that a joint of `LIMB_JOINTS` belongs to."""
    side = joint.partition("_")[0]
    if not _is_arm(joint):
        return bool(getattr(performance, f"{side}_hand").any())
    return any(rotation_of(performance, _SOURCES[f"{side}_{other}"]).any() for other in ARM)


def _is_arm(joint: str) -> bool:
    return joint.partition("_")[2] in ARM


def _own_way(side: str, name: str) -> np.ndarray:
    return _sided(_WAYS[name] if name in _WAYS else _WAYS[name[:-1]], side)


def _sided(vector: object, side: str) -> np.ndarray:
    return np.asarray(vector, float) * ((1, 1, 1) if side == "left" else (-1, 1, 1))


def _swung(before: np.ndarray, way: np.ndarray, own: np.ndarray) -> np.ndarray:
    """`before`, and then the least turn that takes `way` to `own`."""
    size = np.linalg.norm(way)
    if size < _SHORT:
        return before
    return shortest_turns(before @ way / size, (own / np.linalg.norm(own))[None])[0] @ before


def _frame(along: np.ndarray, across: np.ndarray) -> np.ndarray | None:
    """(3, 3) axes of a palm; None where its bones lie in a line."""
    normal = np.cross(along, across)
    if np.linalg.norm(normal) < 1e-3 * np.linalg.norm(along) * max(np.linalg.norm(across), _SHORT):
        return None
    ahead, normal = along / np.linalg.norm(along), normal / np.linalg.norm(normal)
    return np.column_stack([ahead, np.cross(normal, ahead), normal])


def _twist(rotations: np.ndarray) -> np.ndarray:
    """(F, 3) axis-angle -> (F,) radians about +X of the twist that comes before the swing, without jumps."""
    turn = quaternions(rotations)
    return np.unwrap(2 * np.arctan2(turn[:, 1], turn[:, 0]), period=2 * np.pi)
