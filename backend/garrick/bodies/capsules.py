"""Capsules in place of a figure's limbs, and how deep its hands and forearms are inside its trunk and head.

A capsule is the hull of two balls; the trunk is four that lie across it, each held by one joint. They lie a little inside
the skin, so that what only touches is not inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from garrick.bodies.body import Figure, joint_frames
from garrick.bodies.body_bones import BONES
from garrick.core.performance import BODY_JOINTS
from garrick.core.skeleton import HAND_JOINTS

MOVERS = ("left_forearm", "left_palm", "right_forearm", "right_palm")
OBSTACLES = ("hips", "waist", "ribs", "chest", "head", "neck")
_JOINTS = (*BODY_JOINTS, "head")
_TRUNK = {"hips": ("pelvis", -0.02), "waist": ("spine1", 0.35), "ribs": ("spine2", 0.4), "chest": ("spine3", 0.05)}
# a slab of the trunk: the joint that holds it, and its middle as a share of the way up to the next one
_SLAB = 0.02  # metres above and below the middle that are measured
_INSIDE = 0.9  # of what is measured
_SLIM = 25  # percentile of a limb's distances from its axis that is its radius: limbs are not round


@dataclass(frozen=True)
class Capsules:
    """Capsules of one figure, C of them.

    names: `OBSTACLES`, then left and right upper arm, forearm and palm.    joints: (C,) the rows of the joints (the head's
    is 13) that hold them.    ends: (C, 2, 3) metres, of the figure at rest.    radii: (C,) metres.
    """

    names: tuple[str, ...]
    joints: np.ndarray
    ends: np.ndarray
    radii: np.ndarray

    @cached_property
    def rows(self) -> tuple[list[int], list[int]]:
        """Which of them are `MOVERS` and which `OBSTACLES`."""
        return [self.names.index(name) for name in MOVERS], [self.names.index(name) for name in OBSTACLES]


@dataclass(frozen=True)
class Contact:
    """How deep each of `MOVERS` is inside an obstacle.

    depth: (..., 4) metres, 0 where it is free.    push: (..., 4, 3) unit, the way out; zero where it is free.
    """

    depth: np.ndarray
    push: np.ndarray


def capsules_of(figure: Figure) -> Capsules:
    """Measure the capsules of a figure at rest."""
    rest, joints = figure.rest, dict(zip(_JOINTS, figure.joints.astype(np.float64), strict=True))
    body = rest[figure.parts[1]]
    body = body[np.abs(body[:, 0]) < abs(joints["left_shoulder"][0]) * 1.05]  # without arms
    found: dict[str, tuple[str, np.ndarray, np.ndarray, float]] = {}
    above = ("spine1", "spine2", "spine3", "neck")
    for (name, (joint, share)), upper in zip(_TRUNK.items(), above, strict=True):
        height = joints[joint][1] + share * (joints[upper][1] - joints[joint][1])
        slab = body[np.abs(body[:, 1] - height) < _SLAB]
        back, front = slab[:, 2].min(), slab[:, 2].max()
        radius, half = _INSIDE * (front - back) / 2, _INSIDE * np.abs(slab[:, 0]).max()
        middle, across = np.array([0, height, (back + front) / 2]), np.array([max(half - radius, 0), 0, 0])
        found[name] = joint, middle - across, middle + across, radius
    skin = rest[figure.parts[0]]
    low, high = (extreme(skin[figure.head.weights[:, 1] > 0.99], axis=0) for extreme in (np.min, np.max))
    radius = 0.4 * (high[0] - low[0])  # without ears
    crown = np.array([0, high[1] - radius, (low[2] + high[2]) / 2])
    chin = np.array([0, low[1] + 1.1 * radius, high[2] - 1.15 * radius])
    found["head"] = "head", crown, chin, radius
    throat = skin[(figure.head.weights[:, 0] > 0.05) & (figure.head.weights[:, 0] < 0.5)]  # it turns by halves
    nape, radius = throat.mean(axis=0) * (0, 1, 1), float(np.percentile(np.abs(throat[:, 0]), 75))
    found["neck"] = "neck", joints["neck"] * (0, 1, 0) + nape * (0, 0, 1), nape, _INSIDE * radius
    weights, bones = figure.body.weights[figure.parts[1]], figure.hand_joints.astype(np.float64)
    for side, name in enumerate(("left", "right")):
        shoulder, elbow, wrist = (joints[f"{name}_{joint}"] for joint in ("shoulder", "elbow", "wrist"))
        knuckle = bones[side, 1 + HAND_JOINTS.index("middle1")]
        palm = rest[figure.parts[2 + side]][figure.hands[side].weights[:, 0] > 0.9]
        for limb, joint, start, end, chain in (
            ("upper_arm", "shoulder", shoulder, elbow, ("shoulder", "upper_arm1", "upper_arm2")),
            ("forearm", "elbow", elbow, wrist, ("elbow", "forearm1", "forearm2", "forearm3")),
            ("palm", "wrist", wrist + (knuckle - wrist) / 4, knuckle, ()),
        ):
            held = weights[:, [BONES.index(f"{name}_{bone}") for bone in chain]].sum(axis=1) > 0.9
            points = rest[figure.parts[1]][held] if chain else palm
            found[f"{name}_{limb}"] = f"{name}_{joint}", *_limb(points, start, end)
    holders, starts, ends, radii = zip(*found.values(), strict=True)
    rows = np.array([_JOINTS.index(holder) for holder in holders])
    return Capsules(tuple(found), rows, np.stack([starts, ends], axis=1), np.array(radii))


def _limb(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Ends and radius of a capsule in the middle of the skin (n, 3) that lies beside a bone."""
    along = (end - start) / np.linalg.norm(end - start)
    beside = points[(points @ along > start @ along) & (points @ along < end @ along)]
    across = beside - start - ((beside - start) @ along)[:, None] * along
    middle = (across.min(axis=0) + across.max(axis=0)) / 2
    radius = np.percentile(np.linalg.norm(across - middle, axis=1), _SLIM)
    return start + middle, end + middle, float(radius)


def placed(
    figure: Figure, capsules: Capsules, head_rotation: np.ndarray | None = None, body_pose: np.ndarray | None = None
) -> np.ndarray:
    """(..., C, 2, 3) metres: the ends of the capsules in poses; channels of a Performance as for `bodies.body.pose`."""
    turns, places = joint_frames(figure, head_rotation, body_pose)
    arms = capsules.ends - figure.joints[capsules.joints][:, None]
    turned = arms @ np.swapaxes(turns[..., capsules.joints, :, :], -1, -2)
    return turned + places[..., capsules.joints, None, :]


def penetration(
    figure: Figure, capsules: Capsules, head_rotation: np.ndarray | None = None, body_pose: np.ndarray | None = None
) -> Contact:
    """The deepest contact of each hand and forearm with trunk, neck and head; channels as for `placed`."""
    ends = placed(figure, capsules, head_rotation, body_pose)
    movers, obstacles = capsules.rows
    apart = ways_between(ends[..., movers, None, :, :], ends[..., None, obstacles, :, :])
    distance = np.linalg.norm(apart, axis=-1)
    depth = capsules.radii[movers, None] + capsules.radii[obstacles] - distance
    deepest = depth.argmax(axis=-1)[..., None]
    depth = np.take_along_axis(depth, deepest, -1)[..., 0]
    way = np.take_along_axis(apart / np.maximum(distance, 1e-9)[..., None], deepest[..., None], -2)[..., 0, :]
    return Contact(np.maximum(depth, 0), np.where(depth[..., None] > 0, way, 0))


def ways_between(movers: np.ndarray, obstacles: np.ndarray) -> np.ndarray:
    """(..., 3) shortest way from segments (..., 2, 3) to others (Ericson, Real-Time Collision Detection, 5.1.9)."""
    start, along = movers[..., 0, :], movers[..., 1, :] - movers[..., 0, :]
    base, across = obstacles[..., 0, :], obstacles[..., 1, :] - obstacles[..., 0, :]
    off = start - base
    a, e = (along * along).sum(axis=-1), np.maximum((across * across).sum(axis=-1), 1e-12)
    b, c, f = (along * across).sum(axis=-1), (along * off).sum(axis=-1), (across * off).sum(axis=-1)
    here = np.clip((b * f - c * e) / np.maximum(a * e - b * b, 1e-12), 0, 1)
    there = np.clip((b * here + f) / e, 0, 1)
    here = np.clip((b * there - c) / np.maximum(a, 1e-12), 0, 1)
    return off + here[..., None] * along - there[..., None] * across
