"""Room for hands: whatever moved the arms, palms stay out of each other and out of the body.

Capsules stand for the person's figure (`garrick.bodies.capsules`). Where two of them meet, the shoulders turn
the arms apart, early and slowly, so nothing jerks.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from garrick.bodies.body import Figure, joint_frames, make_figure
from garrick.bodies.capsules import MOVERS, Capsules, capsules_of, penetration, placed, ways_between
from garrick.bodies.head import load_head
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices

_APART = 0.055  # metres between the middles of two hands, from their wrists to their fingers
_FINGERS = 1.1  # how far these go beyond the knuckles, of a palm's length
_ALLOWED = 0.004  # metres by which a hand may be inside the body: capsules are not skin
_AHEAD, _SLOW = 0.2, 0.08  # seconds by which the way is made before and after, and its smoothing
_ROUNDS = 3
_ASIDE = 0.03  # metres: hands that lie on each other part to their own sides
_AT_ONCE = 2000  # frames
_SIDES = ("left", "right")
_SHOULDERS, _COLLARS, _WRISTS = (
    [BODY_JOINTS.index(f"{side}_{joint}") for side in _SIDES] for joint in ("shoulder", "collar", "wrist")
)
_OF_SIDE = [[row for row, name in enumerate(MOVERS) if name.startswith(side)] for side in _SIDES]


def keep_clear(body_pose: np.ndarray, rate: float, identity: np.ndarray) -> np.ndarray:
    """(F, 13, 3) axis-angle, `rate` frames a second -> the same with room between the hands, and between them and the trunk.

    identity: of the person whose body it is. Frames far from any contact are not changed. Raises MissingError without the
    body's data.
    """
    figure, capsules = _person(np.asarray(identity, np.float32).tobytes())
    pose = np.array(body_pose, np.float64)
    reach = round(_AHEAD * rate)
    for _ in range(_ROUNDS):
        short = np.concatenate(
            [_short(pose[at : at + _AT_ONCE], figure, capsules) for at in range(0, len(pose), _AT_ONCE)]
        )
        if not short.any():
            break
        ways = [maximum_filter1d(np.maximum(sign * short, 0), 2 * reach + 1, axis=0) for sign in (1, -1)]
        way = gaussian_filter1d(ways[0] - ways[1], _SLOW * rate, axis=0, mode="nearest")
        changed = np.abs(way).max(axis=(1, 2)) > 1e-5
        pose[changed] = _swung(pose[changed], way[changed], figure)
    return pose


@lru_cache(maxsize=2)
def _person(identity: bytes) -> tuple[Figure, Capsules]:
    """A stream asks for the same person again and again."""
    figure = make_figure(load_head(), np.frombuffer(identity, np.float32))
    return figure, capsules_of(figure)


def _short(pose: np.ndarray, figure: Figure, capsules: Capsules) -> np.ndarray:
    """(F, 2, 3) metres by which the left and right hand should be elsewhere; zero where they have room."""
    ways = np.zeros((len(pose), 2, 3))
    contact = penetration(figure, capsules, None, pose)
    depth = np.maximum(contact.depth - _ALLOWED, 0)[..., None] * contact.push
    for side, rows in enumerate(_OF_SIDE):
        ways[:, side] = depth[:, rows].sum(axis=1)
    ends = placed(figure, capsules, None, pose)[:, [capsules.names.index(f"{side}_palm") for side in _SIDES]]
    ends[:, :, 1] += _FINGERS * (ends[:, :, 1] - ends[:, :, 0])
    apart = ways_between(ends[:, 0], ends[:, 1])  # from the right hand to the left
    distance = np.linalg.norm(apart, axis=-1)
    aside = apart + np.array([_ASIDE, 0, 0])
    aside /= np.maximum(np.linalg.norm(aside, axis=-1, keepdims=True), 1e-9)
    half = np.maximum(_APART - distance, 0)[:, None] / 2 * aside
    ways[:, 0] += half
    ways[:, 1] -= half
    return ways


def _swung(pose: np.ndarray, way: np.ndarray, figure: Figure) -> np.ndarray:
    """(F, 13, 3) with each arm turned in its shoulder, so that the hand goes a (F, 2, 3) way, about."""
    turns, places = joint_frames(figure, None, pose)
    arm = places[:, _WRISTS] - places[:, _SHOULDERS]
    turn = rotation_matrices(np.cross(arm, way) / (arm**2).sum(axis=-1, keepdims=True))
    collars = turns[:, _COLLARS]
    local = np.swapaxes(collars, -1, -2) @ turn @ collars @ rotation_matrices(pose[:, _SHOULDERS])
    found = pose.copy()
    found[:, _SHOULDERS] = axis_angles(local)
    return found
