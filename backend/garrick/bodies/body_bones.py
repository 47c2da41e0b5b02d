"""The bones of the upper body, and how the joints of a Performance move them.

Upper arms and forearms have more bones than joints, so that skin follows a twist little by little: an upper arm's twist is
taken off where it starts at the shoulder, and a wrist's is spread along the forearm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from garrick.bodies.dual_quaternions import multiplied, quaternions_of, turned
from garrick.core.performance import BODY_JOINTS
from garrick.core.skeleton import PARENTS

_TWIST = {
    f"{side}_{name}": (BODY_JOINTS.index(f"{side}_{joint}"), BODY_JOINTS.index(f"{side}_{source}"), share)
    for side in ("left", "right")
    for name, joint, source, share in (
        ("upper_arm1", "shoulder", "shoulder", -1.0),
        ("upper_arm2", "shoulder", "shoulder", -0.5),
        ("forearm1", "elbow", "wrist", 1 / 3),
        ("forearm2", "elbow", "wrist", 2 / 3),
        ("forearm3", "elbow", "wrist", 1.0),
    )
}  # bone -> the joint that carries it and where it lies, the joint whose twist turns it, and by how much of it

BONES = (*BODY_JOINTS, "head", *_TWIST)
BONE_PARENTS = (
    *(BODY_JOINTS.index(PARENTS[name]) if PARENTS[name] else -1 for name in BODY_JOINTS),
    -1,  # the head turns in the body's space; where it is carried to is added to it
    *(carrier for carrier, _, _ in _TWIST.values()),
)
BONE_PLACES = (*range(len(BODY_JOINTS) + 1), *BONE_PARENTS[len(BODY_JOINTS) + 1 :])
"""Row of the joints, the head's last, at which each bone lies."""

_TWISTING = [source for _, source, _ in _TWIST.values()]
_SHARES = np.array([share for _, _, share in _TWIST.values()])
_HEAD, _NECK = BONES.index("head"), BONES.index("neck")


def _levels() -> list[list[int]]:
    """Bones that have parents, by how many bones carry them."""
    depth = [0] * len(BONES)
    for bone, parent in enumerate(BONE_PARENTS):
        depth[bone] = 0 if parent < 0 else depth[parent] + 1
    return [[bone for bone in range(len(BONES)) if depth[bone] == level] for level in range(1, max(depth) + 1)]


_LEVELS = _levels()


def bone_transforms(xp: Any, body_pose: Any, head_rotation: Any, joints: Any) -> tuple[Any, Any]:
    """How `BONES` move points of the T-pose, x -> q x q* + shift: quaternions (..., 24, 4) and shifts (..., 24, 3).

    xp: numpy or torch.    body_pose: (..., 13, 3), head_rotation: (..., 3) axis-angle.    joints: (14, 3) metres, rest.
    The head keeps its turn, whatever carries it.
    """
    rolls = twists(xp, body_pose[..., _TWISTING, :])
    rolls = rolls * (_SHARES.astype(rolls.dtype) if xp is np else xp.as_tensor(_SHARES).to(rolls))
    zero = xp.zeros_like(rolls)
    turns = [body_pose, head_rotation[..., None, :], xp.stack([rolls, zero, zero], axis=-1)]
    local = quaternions_of(xp, xp.concatenate(turns, axis=-2))
    root = local[..., 0, :]
    quaternions = [root] * len(BONES)
    shifts = [joints[0] - turned(xp, root, joints[0])] * len(BONES)
    for bones in _LEVELS:
        carriers = [BONE_PARENTS[bone] for bone in bones]
        carrier = xp.stack([quaternions[parent] for parent in carriers], axis=-2)
        places = joints[[BONE_PLACES[bone] for bone in bones]]
        moved = turned(xp, carrier, places) + xp.stack([shifts[parent] for parent in carriers], axis=-2)
        turn = multiplied(xp, carrier, local[..., bones, :])
        shift = moved - turned(xp, turn, places)
        for row, bone in enumerate(bones):
            quaternions[bone], shifts[bone] = turn[..., row, :], shift[..., row, :]
    quaternions[_HEAD], shifts[_HEAD] = _head(xp, local[..., _HEAD, :], quaternions[_NECK], shifts[_NECK], joints[-1])
    return xp.stack(quaternions, axis=-2), xp.stack(shifts, axis=-2)


def with_head_still(xp: Any, quaternions: Any, shifts: Any, joints: Any) -> tuple[Any, Any]:
    """What `bone_transforms` gives for a head that does not turn: it is only carried."""
    still = quaternions[..., _HEAD, :] * 0 + xp.concatenate([xp.ones_like(joints[0, :1]), joints[0] * 0])
    turn, shift = _head(xp, still, quaternions[..., _NECK, :], shifts[..., _NECK, :], joints[-1])
    before, after = slice(_HEAD), slice(_HEAD + 1, None)
    return (
        xp.concatenate([quaternions[..., before, :], turn[..., None, :], quaternions[..., after, :]], axis=-2),
        xp.concatenate([shifts[..., before, :], shift[..., None, :], shifts[..., after, :]], axis=-2),
    )


def _head(xp: Any, turn: Any, neck: Any, shift: Any, pivot: Any) -> tuple[Any, Any]:
    """Quaternion and shift of the head from its turn and from how the neck moves; of the two signs, the neck's."""
    turn = xp.where((turn * neck).sum(axis=-1)[..., None] < 0, -turn, turn)
    return turn, turned(xp, neck, pivot) + shift - turned(xp, turn, pivot)


def twists(xp: Any, rotations: Any) -> Any:
    """(..., 3) axis-angle -> (...,) radians about X, -pi..pi: the part of a turn that rolls an arm about itself."""
    quaternions = quaternions_of(xp, rotations)
    return 2 * xp.arctan2(quaternions[..., 1], quaternions[..., 0])
