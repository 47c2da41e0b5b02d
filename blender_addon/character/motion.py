"""A mapping table applied to a performance: values of keys, turns and places of bones. Numpy only.

Turns are about the character's rest pose: a bone's own axes and the way the character faces are both taken into account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.arkit import ARKIT_INDEX
from ..core.euler import smooth_axis_angles
from ..core.performance import Performance
from ..core.retarget import source_weights
from ..core.rotation import rotation_matrices
from ..core.skeleton import TRUNK
from ..core.turns import JOINTS, rotation_of
from ..rotations import continuous, quaternions
from .limbs import LIMB_JOINTS, Bone, Limbs, moves
from .mapping import AIM, JAW, KEY, MOVE, TURN, Row

JAW_OPEN, JAW_SIDE = 0.35, 0.10  # radians of a jaw bone at weight 1: about 20 and 6 degrees

_TRUNK = tuple(f"body_pose.{name}" for name in TRUNK[:-1])


@dataclass(frozen=True)
class Motion:
    """What the table makes of a performance.

    keys:      name -> (F,) values, not yet held within the key's own range.
    turns:     bone -> (F, 4) quaternions w x y z against its rest pose, in its own axes, sign-continuous.
    locations: bone -> (F, 3) in the bone's own axes and the armature's units.
    """

    keys: dict[str, np.ndarray]
    turns: dict[str, np.ndarray]
    locations: dict[str, np.ndarray]


def apply(
    rows: Sequence[Row], performance: Performance, bones: Mapping[str, Bone], facing: np.ndarray,
    table: Sequence[Row] = (),
) -> Motion:  # fmt: skip
    """Follow every row.

    rows: usable ones, whose bones are all in `bones`. facing: (3, 3), columns the subject's left, up and out of the face
    in the armature's space. table: rows that are not followed, but say which bone is which. A part of the body that the
    performance does not move is left alone; of an arm or a hand that it moves every bone goes where the performance has
    it. What the trunk's bones turn the head by is taken off the head's own turn, which is the body's.
    """
    known = {
        JOINTS[row.source]: row.target for row in reversed([*rows, *table]) if _is_limb(row) and row.target in bones
    }
    limbs = Limbs(known, bones, facing)
    carriers = [row for row in rows if row.kind == TURN and row.source in _TRUNK]
    weights = source_weights(performance.face, [row.source for row in rows if row.kind in (KEY, MOVE)])
    motion = Motion({}, {}, {})
    head_last = sorted(
        rows, key=lambda row: row.source == "head_rotation"
    )  # a neck bone's part of the trunk comes first
    for row in head_last:
        if row.kind == KEY:
            motion.keys[row.target] = motion.keys.get(row.target, 0.0) + row.gain * weights[row.source]
            continue
        axes = bones[row.target].axes
        if row.kind == TURN:
            if _is_limb(row):
                joint = JOINTS[row.source]
                if not moves(performance, joint):
                    continue
                own = limbs.turns(performance, joint, row.target, row.gain)
            else:
                turn = _rotation(performance, row.source)
                if row.source in _TRUNK and not turn.any():
                    continue
                if row.source == "head_rotation":
                    turn = _uncarried(turn, _line(row.target, bones), carriers, performance)
                own = quaternions(np.asarray(turn, np.float64) * row.gain @ facing.T @ axes)
            before = motion.turns.get(row.target)
            motion.turns[row.target] = own if before is None else multiplied(before, own)
            continue
        if row.kind == AIM:
            ray = (bones[row.target].head - bones[row.pivot].head) @ facing
            gaze = rotation_matrices(np.asarray(_rotation(performance, row.source), np.float64) * row.gain)
            offset = (gaze @ ray - ray) @ facing.T
        else:
            offset = (row.gain * weights[row.source])[:, None] * (bones[row.pivot].head - bones[row.target].head)
        motion.locations[row.target] = motion.locations.get(row.target, 0.0) + offset @ axes
    for name, turn in motion.turns.items():
        motion.turns[name] = continuous(turn)
    return motion


def multiplied(first: np.ndarray, then: np.ndarray) -> np.ndarray:
    """(F, 4) quaternions w x y z: `first` followed, in the frame that it turned, by `then`."""
    a, u = first[:, :1], first[:, 1:]
    b, v = then[:, :1], then[:, 1:]
    real = a * b - np.sum(u * v, axis=1, keepdims=True)
    return np.concatenate([real, a * v + b * u + np.cross(u, v)], axis=1)


def _rotation(performance: Performance, source: str) -> np.ndarray:
    """(F, 3) axis-angle radians in Garrick's space."""
    if source != JAW:
        return rotation_of(performance, source)
    opened, left, right = (performance.face[:, ARKIT_INDEX[name]] for name in ("jawOpen", "jawLeft", "jawRight"))
    return np.stack([JAW_OPEN * opened, JAW_SIDE * (left - right), np.zeros_like(opened)], axis=1)


def _is_limb(row: Row) -> bool:
    return row.kind == TURN and JOINTS.get(row.source) in LIMB_JOINTS


def _line(bone: str, bones: Mapping[str, Bone]) -> list[str]:
    """A bone and what carries it, the root first."""
    line = []
    while bone in bones:
        line.insert(0, bone)
        bone = bones[bone].parent
    return line


def _uncarried(
    head: np.ndarray, line: Sequence[str], carriers: Sequence[Row], performance: Performance
) -> np.ndarray:  # fmt: skip
    """(F, 3) the head's turn (F, 3) less what the trunk's rows turn the bones of `line` by."""
    carried = [
        rotation_matrices(_rotation(performance, row.source).astype(np.float64) * row.gain)
        for bone in line
        for row in carriers
        if row.target == bone
    ]
    if not any((turn != np.eye(3)).any() for turn in carried):
        return head
    turn = rotation_matrices(head.astype(np.float64))
    for above in carried:
        turn = np.swapaxes(above, -1, -2) @ turn
    return smooth_axis_angles(turn)
