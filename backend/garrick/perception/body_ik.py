"""Turns of an upper body out of its points: how spine, collars, arms and wrists of the skeleton stand to meet them.

Solved in closed form from directions alone, joint after joint down the chain, so that lengths of limbs and the scale of
the points do not matter. An arm, forearm or hand that a clip hardly ever shows stays zero throughout (what nobody has
moved: retargeting leaves it alone); one that is hidden for a while moves on between where it was seen before and after.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from garrick.core.euler import smooth_axis_angles
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices, shortest_turns
from garrick.perception.body import POINTS

Side = Literal["left", "right"]

_ROW = {name: row for row, name in enumerate(POINTS)}
_SPINE = ("spine1", "spine2", "spine3")
_FORWARD = np.array([0.0, 0.0, 1.0])

_HIDDEN, _SEEN = 0.3, 0.7  # visibility of what is not believed and of what is believed wholly
_SHOWN = 0.1  # share of a clip's frames that has to show a limb
_HIPS_HIDDEN, _HIPS_SEEN = 0.5, 0.9  # the same for hips, which the net imagines well below the picture's edge
LEAN = np.radians(4.5)  # by which the net lets people lean forward who stand upright: the median of 32 portraits
_COLLAR, _SHOULDER = 0.12, 0.18  # metres from the joint of a collar, and from the middle, to a shoulder
_HANGING = 80  # percentile of the neck's length in a clip at which shoulders hang
_SHRUG_PLAY = 0.015  # metres of the neck's length that mean nothing
_RAISED = np.radians((-15, 35))  # a collar's range
_WRIST = np.radians(90)  # more than any wrist turns
_NEIGHBOURS = 8  # frames whose bent elbows say how a straight arm is turned about itself
_STRAIGHT = 0.02  # squared sine of a bend below which they say more than the elbow itself
_REST = 0.05  # the same, of all of them, below which the T-pose does


def body_rotations(world: np.ndarray, visibility: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(F, 13, 3) axis-angle radians and (F, 13) confidence 0..1, both in the order of `BODY_JOINTS`.

    world: (F, 33, 3) and visibility: (F, 33), frames of a clip, as `SeenBody` has them.
    The pelvis takes the hips' yaw as far as the clip shows hips, and the spine the rest of the chest's turn in three
    equal parts: the chest faces as it should, but a lean carries it less far than bending at the hips would. The neck
    rests. The elbow is the shortest turn, which the shoulder's twist makes a hinge. Turns are not smoothed.
    """
    points = np.asarray(world, np.float64) * (1, -1, -1)
    visibility = np.asarray(visibility, np.float64)
    pose = np.zeros((len(points), len(BODY_JOINTS), 3))
    confidence = np.zeros(pose.shape[:2])
    if len(points) == 0:
        return pose, confidence

    def put(joint: str, turns: np.ndarray, trust: np.ndarray) -> None:
        pose[:, BODY_JOINTS.index(joint)], confidence[:, BODY_JOINTS.index(joint)] = turns, trust

    shoulders = _trust(visibility, "left_shoulder", "right_shoulder")
    hips = _hips(visibility)
    torso = _torso(points, hips)
    pelvis = _yaw(_across(points, "hip")) * hips
    spine = smooth_axis_angles(np.swapaxes(rotation_matrices(pelvis), -1, -2) @ torso)
    put("pelvis", pelvis, hips * _trust(visibility, "left_hip", "right_hip"))
    for joint in _SPINE:
        put(joint, spine / len(_SPINE), shoulders)
    raised = _raised(points, torso)
    for column, side in enumerate(("left", "right")):
        collar = np.zeros((len(points), 3))
        collar[:, 2] = raised[:, column] * _outwards(side)[0]
        put(f"{side}_collar", collar, shoulders)
        chain = torso @ rotation_matrices(collar)
        for joint, turns, trust in _arm(points, visibility, side, torso, chain):
            put(joint, turns, trust)
    return pose, confidence


def wrist_rotation(pose: np.ndarray, side: Side, hand: np.ndarray) -> np.ndarray:
    """(F, 3) axis-angle of a wrist in its chain, that gives the hand an orientation.

    pose: (F, 13, 3) as `body_rotations` has it.    hand: (F, 3, 3), from the hand's rest in the T-pose, in body space.
    """
    chain = np.broadcast_to(np.eye(3), hand.shape)
    for joint in ("pelvis", *_SPINE, f"{side}_collar", f"{side}_shoulder", f"{side}_elbow"):
        chain = chain @ rotation_matrices(pose[:, BODY_JOINTS.index(joint)].astype(np.float64))
    return smooth_axis_angles(np.swapaxes(chain, -1, -2) @ hand)


def _torso(points: np.ndarray, hips: float) -> np.ndarray:
    """(F, 3, 3) turn of the chest: up from hips to shoulders as if the back were straight, across between shoulders.

    Where hips are not seen the torso stands upright, and follows half of the tilt of the shoulders: the net cannot tell
    a lean from a shoulder that is raised, so each of them takes its share.
    """
    across = _across(points, "shoulder")
    up = _unit(_middle(points, "shoulder") - _middle(points, "hip"))
    level = _yaw(across)
    tilt = np.zeros_like(level)
    tilt[:, 2] = np.arctan2(across[:, 1], np.hypot(across[:, 0], across[:, 2])) / 2
    guess = (rotation_matrices(level) @ rotation_matrices(tilt))[..., 1]
    back = rotation_matrices(level)[..., 2] * np.tan(LEAN)
    up = _unit(hips * _unit(up - back) + (1 - hips) * guess)
    x = _unit(across - np.sum(across * up, axis=-1, keepdims=True) * up)
    return np.stack([x, up, np.cross(x, up)], axis=-1)


def _raised(points: np.ndarray, torso: np.ndarray) -> np.ndarray:
    """(F, 2) radians by which the left and the right collar are raised.

    Against each other by the shoulders' tilt, together by how far the ears are above them, measured against the frames
    of the clip in which shoulders hang.
    """
    across = _local(torso, _across(points, "shoulder"))
    tilt = np.arctan2(across[:, 1], across[:, 0])
    neck = _local(torso, _middle(points, "ear") - _middle(points, "shoulder"))[:, 1]
    shrug = np.maximum(np.percentile(neck, _HANGING) - neck - _SHRUG_PLAY, 0)
    lift = shrug[:, None] + _SHOULDER * np.sin(tilt)[:, None] * (1, -1)
    return np.clip(np.arcsin(np.clip(lift / _COLLAR, -1, 1)), *_RAISED)


def _arm(
    points: np.ndarray, visibility: np.ndarray, side: Side, torso: np.ndarray, chain: np.ndarray
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Joint, turns (F, 3) and confidence (F,) of shoulder, elbow and wrist, as far as the clip shows them.

    torso, chain: (F, 3, 3) turns of the chest and of the collar.
    """
    at = {name: points[:, _ROW[f"{side}_{name}"]] for name in ("shoulder", "elbow", "wrist", "index", "pinky")}
    outwards = _outwards(side)
    solved: list[tuple[str, np.ndarray, np.ndarray]] = []

    def filled(directions: np.ndarray, trust: np.ndarray) -> np.ndarray:
        """Of the chain, through frames that do not show it: a hidden arm goes along with the chest."""
        return _local(chain, _turned(torso, _filled(_local(torso, _unit(directions)), trust)))

    seen = _trust(visibility, f"{side}_shoulder", f"{side}_elbow")
    if not _shown(seen):
        return solved
    swing = shortest_turns(outwards, filled(at["elbow"] - at["shoulder"], seen))
    low_seen = np.minimum(seen, _trust(visibility, f"{side}_wrist"))
    if not _shown(low_seen):
        return [(f"{side}_shoulder", smooth_axis_angles(swing), seen)]
    forearm = _local(swing, filled(at["wrist"] - at["elbow"], low_seen))
    shoulder = swing @ rotation_matrices(_twist(forearm, low_seen, outwards)[:, None] * outwards)
    elbow = shortest_turns(outwards, _turned(np.swapaxes(shoulder, -1, -2) @ swing, forearm))
    solved.append((f"{side}_shoulder", smooth_axis_angles(shoulder), seen))
    solved.append((f"{side}_elbow", smooth_axis_angles(elbow), low_seen))
    hand_seen = np.minimum(low_seen, _trust(visibility, f"{side}_index", f"{side}_pinky"))
    if _shown(hand_seen):
        lower = np.swapaxes(shoulder @ elbow, -1, -2)
        along = _turned(lower, filled((at["index"] + at["pinky"]) / 2 - at["wrist"], hand_seen))
        thumbwards = _turned(lower, filled(at["index"] - at["pinky"], hand_seen))
        z = _unit(thumbwards - np.sum(thumbwards * along, axis=-1, keepdims=True) * along)
        x = along * outwards[0]
        turns = axis_angles(np.stack([x, np.cross(z, x), z], axis=-1))
        angle = np.linalg.norm(turns, axis=-1, keepdims=True)
        turns = turns * np.minimum(1, _WRIST / np.maximum(angle, 1e-9))
        solved.append((f"{side}_wrist", turns, hand_seen))
    return solved


def _twist(forearm: np.ndarray, trust: np.ndarray, outwards: np.ndarray) -> np.ndarray:
    """(F,) radians about the upper arm that bring the elbow's hinge to the forearm (F, 3).

    A bent elbow shows its plane, an almost straight one takes it from the frames around, then from the T-pose.
    """
    sideways = np.cross(outwards, _FORWARD)
    plane = (forearm @ _FORWARD + 1j * (forearm @ sideways)) * np.linalg.norm(np.cross(forearm, outwards), axis=-1)
    plane = plane * trust
    steps = np.arange(-3 * _NEIGHBOURS, 3 * _NEIGHBOURS + 1)
    kernel = np.exp(-0.5 * (steps / _NEIGHBOURS) ** 2)
    around = np.convolve(plane, kernel)[len(steps) // 2 :][: len(plane)]
    habit = around + _REST
    return np.angle(plane + _STRAIGHT * habit / np.maximum(np.abs(habit), 1e-9))


def _trust(visibility: np.ndarray, *names: str) -> np.ndarray:
    """(F,) 0..1: 0 where a point of these is hidden, else the visibility of the one that is seen worst."""
    worst = visibility[:, [_ROW[name] for name in names]].min(axis=1)
    return worst * np.clip((worst - _HIDDEN) / (_SEEN - _HIDDEN), 0, 1)


def _hips(visibility: np.ndarray) -> float:
    """0..1, how far a clip as a whole shows hips: what changed from frame to frame would move pelvis and spine."""
    worst = visibility[:, [_ROW["left_hip"], _ROW["right_hip"]]].min(axis=1)
    return float(np.clip((np.median(worst) - _HIPS_HIDDEN) / (_HIPS_SEEN - _HIPS_HIDDEN), 0, 1))


def _shown(trust: np.ndarray) -> bool:
    return float(np.mean(trust > 0)) > _SHOWN


def _filled(directions: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """(F, 3) unit directions; where they are little trusted (F,), between those of trusted frames before and after."""
    sure = np.flatnonzero(trust >= min(0.5, trust.max()))
    frames = np.arange(len(directions))
    between = np.stack([np.interp(frames, sure, directions[sure, axis]) for axis in range(3)], axis=-1)
    share = np.clip(trust / 0.5, 0, 1)[:, None]
    return _unit(share * directions + (1 - share) * between)


def _outwards(side: str) -> np.ndarray:
    """Where an arm points in the T-pose."""
    return np.array([1.0 if side == "left" else -1.0, 0.0, 0.0])


def _across(points: np.ndarray, name: str) -> np.ndarray:
    """(F, 3) unit, from the right to the left."""
    return _unit(points[:, _ROW[f"left_{name}"]] - points[:, _ROW[f"right_{name}"]])


def _middle(points: np.ndarray, name: str) -> np.ndarray:
    return (points[:, _ROW[f"left_{name}"]] + points[:, _ROW[f"right_{name}"]]) / 2


def _yaw(across: np.ndarray) -> np.ndarray:
    """(F, 3) axis-angle about +Y that takes +X below or above (F, 3), without jumps."""
    yaw = np.zeros_like(across)
    yaw[:, 1] = np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))
    return yaw


def _turned(turns: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(F, 3) vectors turned by (F, 3, 3)."""
    return (turns @ vectors[..., None])[..., 0]


def _local(turns: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(F, 3) vectors as something turned by (F, 3, 3) sees them."""
    return _turned(np.swapaxes(turns, -1, -2), vectors)


def _unit(vectors: np.ndarray) -> np.ndarray:
    """(F, 3) of length 1; the shortest point forward, rather than nowhere."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length < 1e-9, _FORWARD, vectors / np.maximum(length, 1e-9))
