"""The upper body that a Performance can move, as a chain of joints, for formats that store one.

Names and numbers are SMPL-X's; the rest pose is its T-pose, in Garrick's axes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .euler import smooth_axis_angles
from .performance import BODY_JOINTS, Performance
from .rotation import eye_rotations, rotation_matrices

_FINGERS = ("index", "middle", "pinky", "ring", "thumb")
HAND_JOINTS: tuple[str, ...] = tuple(f"{finger}{knuckle}" for finger in _FINGERS for knuckle in (1, 2, 3))
"""MANO's order, from the palm outwards."""

_CHAIN = {
    "pelvis": "", "spine1": "pelvis", "spine2": "spine1", "spine3": "spine2", "neck": "spine3", "head": "neck",
    "left_eye": "head", "right_eye": "head",
}  # fmt: skip
_ARM = {"collar": "spine3", "shoulder": "collar", "elbow": "shoulder", "wrist": "elbow"}


def _parents() -> dict[str, str]:
    chain = dict(_CHAIN)
    for side in ("left", "right"):
        for name, parent in _ARM.items():
            chain[f"{side}_{name}"] = parent if parent == "spine3" else f"{side}_{parent}"
        for finger in _FINGERS:
            before = "wrist"
            for knuckle in (1, 2, 3):
                chain[f"{side}_{finger}{knuckle}"] = f"{side}_{before}"
                before = f"{finger}{knuckle}"
    return chain


PARENTS: dict[str, str] = _parents()
"""Joint -> its parent, "" for the root; parents come first."""


def local_rotations(performance: Performance) -> dict[str, np.ndarray]:
    """Joint of `PARENTS` -> (F, 3) axis-angle radians against its parent.

    A Performance turns the head in the body's fixed space; in the chain it hangs on spine and neck, whose turns are
    taken off.
    """
    turns = {name: performance.body_pose[:, column] for column, name in enumerate(BODY_JOINTS)}
    carried = _carried(turns)
    if carried is None:
        turns["head"] = performance.head_rotation
    else:
        head = rotation_matrices(performance.head_rotation.astype(np.float64))
        turns["head"] = smooth_axis_angles(np.swapaxes(carried, -1, -2) @ head).astype(np.float32)
    for eye, side in enumerate(("left", "right")):
        turns[f"{side}_eye"] = eye_rotations(performance.gaze[:, eye])
        hand = getattr(performance, f"{side}_hand")
        turns |= {f"{side}_{name}": hand[:, column] for column, name in enumerate(HAND_JOINTS)}
    return {name: turns[name] for name in PARENTS}


def channels_of(turns: dict[str, np.ndarray], frames: int) -> dict[str, np.ndarray]:
    """The inverse of `local_rotations`: channels of a Performance; joints that `turns` lacks rest."""
    still = np.zeros((frames, 3), np.float32)
    head = turns.get("head", still)
    carried = _carried(turns)
    if carried is not None:
        head = smooth_axis_angles(carried @ rotation_matrices(np.asarray(head, np.float64)))
    channels = {
        "body_pose": np.stack([turns.get(name, still) for name in BODY_JOINTS], axis=1),
        "head_rotation": head,
        "gaze": np.stack([_gaze(turns.get(f"{side}_eye", still)) for side in ("left", "right")], axis=1),
    }
    for side in ("left", "right"):
        channels[f"{side}_hand"] = np.stack([turns.get(f"{side}_{name}", still) for name in HAND_JOINTS], axis=1)
    return {name: np.asarray(values, np.float32) for name, values in channels.items()}


def held_by(turns: Iterable[str]) -> set[str]:
    """The channels of a Performance that joints of these names move."""
    owners = dict.fromkeys(BODY_JOINTS, "body_pose") | {
        "head": "head_rotation",
        "left_eye": "gaze",
        "right_eye": "gaze",
    }
    owners |= {f"{side}_{name}": f"{side}_hand" for side in ("left", "right") for name in HAND_JOINTS}
    return {owners[name] for name in turns if name in owners}


TRUNK: tuple[str, ...] = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
"""From the root to the joint on which the head turns."""


def head_carried(body_pose: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(..., 3) metres by which the trunk's turns move the head, where the pelvis stays.

    body_pose: (..., 13, 3).    places: (6, 3) metres where the joints of `TRUNK` rest.
    The head is where a Performance's head_translation and this take it together.
    """
    turn, moved = np.eye(3), np.zeros((*body_pose.shape[:-2], 3))
    for joint, name in enumerate(TRUNK[:-1]):
        turn = turn @ rotation_matrices(np.asarray(body_pose[..., BODY_JOINTS.index(name), :], np.float64))
        bone = places[joint + 1] - places[joint]
        moved += turn @ bone - bone
    return moved


def _carried(turns: dict[str, np.ndarray]) -> np.ndarray | None:
    """(F, 3, 3) how spine and neck turn what hangs on them; None where they rest."""
    spine = [turns[name] for name in ("pelvis", "spine1", "spine2", "spine3", "neck") if name in turns]
    if not any(np.any(turn) for turn in spine):
        return None
    carried = np.eye(3)
    for turn in spine:
        carried = carried @ rotation_matrices(np.asarray(turn, np.float64))
    return carried


def _gaze(turns: np.ndarray) -> np.ndarray:
    """(F, 3) axis-angle of an eye -> (F, 2) yaw, pitch of where it looks; a roll about its own axis shows nothing."""
    ahead = rotation_matrices(np.asarray(turns, np.float64))[..., :, 2]
    return np.stack([np.arctan2(ahead[..., 0], ahead[..., 2]), np.arcsin(np.clip(ahead[..., 1], -1, 1))], axis=-1)
