"""What the body diffusion transformer moves, and what it knows besides the voice: shared by its training and its use.

Both arms are told as the right one is, so that a mirrored person is the same numbers in another order. A joint's turn is
told from where the hand is ready, which is far from half a turn in everything that arms do beside speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.body import make_figure
from garrick.bodies.capsules import capsules_of
from garrick.bodies.hand import Side, mirrored
from garrick.bodies.head import load_head
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.diffusion import hearing
from garrick.motion.diffusion.channels import RATE
from garrick.motion.gestures.arms import ARMS, arm_turns
from garrick.motion.gestures.plan import Stroke
from garrick.motion.gestures.shapes import SHAPES, hand_shape
from garrick.motion.posture import SPINE as SPINE_JOINTS
from garrick.motion.rules.head import turned

SIDES: tuple[Side, ...] = ("right", "left")
SHAPED = 6  # components of a hand's shape
ARM = 7 + SHAPED  # shoulder, the elbow's bend, wrist, hand
SPINE = 3
CHANNELS = len(SIDES) * ARM + SPINE

POINTS = (1, 13, 14, 33, 61, 105, 152, 234, 263, 291, 334, 454)
"""Of MediaPipe's 468 face points: nose, lips, outer corners of the eyes, corners of the mouth, brows, chin, contour."""
BUILD = 6
KNOWN = hearing.FEATURES + len(SIDES) + 2 * len(POINTS) + BUILD

_STRUCK = 0.05  # seconds, standard deviation of the bump that stands for the end of a stroke
_POINT_UNIT, _BUILD_UNIT = 0.02, 0.04  # metres that count as 1
_MEASURED = ("hips", "waist", "ribs", "chest")
_HINGE = 1  # an elbow bends about its second axis


def encode(body_pose: np.ndarray, hands: dict[Side, np.ndarray]) -> np.ndarray:
    """(F, 13, 3) axis-angle and (F, 15, 3) of each hand -> (F, CHANNELS), radians; what breathing lifts is left out."""
    ready = rotation_matrices(arm_turns("ready", "right"))
    mean, shapes = _shapes()
    parts = []
    for side in SIDES:
        arm, hand = body_pose[:, ARMS[side][1:]], hands[side]
        if side == "left":
            arm, hand = mirrored(arm), mirrored(hand)
        turns = rotation_matrices(np.asarray(arm, np.float64))
        shoulder, wrist = (axis_angles(ready[at].T @ turns[:, row]) for at, row in ((1, 0), (3, 2)))
        shaped = (hand.reshape(len(hand), -1) - mean) @ shapes.T
        parts += [shoulder, arm[:, 1, _HINGE : _HINGE + 1], wrist, shaped]
    return np.concatenate([*parts, len(SPINE_JOINTS) * body_pose[:, SPINE_JOINTS[0]]], axis=1)


def decode(motion: np.ndarray) -> tuple[np.ndarray, dict[Side, np.ndarray]]:
    """(F, CHANNELS) -> (F, 13, 3) axis-angle, collars and pelvis at rest, and (F, 15, 3) of each hand."""
    ready = rotation_matrices(arm_turns("ready", "right"))
    mean, shapes = _shapes()
    pose, hands = np.zeros((len(motion), len(BODY_JOINTS), 3)), {}
    for number, side in enumerate(SIDES):
        own = np.asarray(motion[:, number * ARM : (number + 1) * ARM], np.float64)
        arm = np.zeros((len(motion), 3, 3))
        arm[:, 0] = axis_angles(ready[1] @ rotation_matrices(own[:, :3]))
        arm[:, 1, _HINGE] = own[:, 3]
        arm[:, 2] = axis_angles(ready[3] @ rotation_matrices(own[:, 4:7]))
        hand = (mean + own[:, 7:] @ shapes).reshape(-1, 15, 3)
        pose[:, ARMS[side][1:]] = arm if side == "right" else mirrored(arm)
        hands[side] = hand if side == "right" else mirrored(hand)
    pose[:, SPINE_JOINTS] = motion[:, None, -SPINE:] / len(SPINE_JOINTS)
    return pose, hands


def swapped(motion: np.ndarray) -> np.ndarray:
    """(F, CHANNELS) -> that of the mirror image."""
    right, left, spine = motion[:, :ARM], motion[:, ARM : 2 * ARM], motion[:, 2 * ARM :]
    return np.concatenate([left, right, spine * [1, -1, -1]], axis=1)


def known(heard: np.ndarray, strokes: np.ndarray, points: np.ndarray, build: np.ndarray) -> np.ndarray:
    """What the net knows of a clip: (T, KNOWN) float32, row i at i / hearing.RATE seconds.

    heard: (T, FEATURES) of `hearing`.    strokes: (T, 2) of `struck`.    points: (F, 24) of `face_points` at RATE.
    build: (BUILD,) of `build_of`.
    """
    rows = np.minimum(np.arange(len(heard)) * float(RATE / hearing.RATE), len(points) - 1)
    low = rows.astype(np.int64)
    share = (rows - low)[:, None]
    seen = points[low] * (1 - share) + points[np.minimum(low + 1, len(points) - 1)] * share
    same = np.repeat(build[None], len(heard), axis=0)
    return np.concatenate([heard, strokes, seen, same], axis=1).astype(np.float32)


def struck(strokes: Sequence[Stroke], rows: int) -> np.ndarray:
    """(T, 2): a bump at the end of each stroke of the right and the left hand, as high as the stroke is large."""
    found = np.zeros((rows, len(SIDES)))
    for stroke in strokes:
        at = round(stroke.time * float(hearing.RATE))
        if at < rows:
            found[at, [SIDES.index(side) for side in stroke.sides]] = stroke.form.size
    width = _STRUCK * float(hearing.RATE)
    return gaussian_filter1d(found * (width * np.sqrt(2 * np.pi)), width, axis=0, mode="constant")


def face_points(face: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """The face as a camera in front sees it, from far away: (F, 24) of x and y of POINTS, from where they rest.

    face: (F, 52) ARKit weights.    angles: (F, 3) degrees of the head's pitch, yaw and roll. On the average adult's head.
    """
    rest, moves = _points()
    places = rest + (face @ moves).reshape(len(face), *rest.shape)
    shown = places @ np.swapaxes(rotation_matrices(turned(np.zeros(3), angles)), -1, -2)
    return ((shown - rest)[..., :2] / _POINT_UNIT).reshape(len(face), -1)


def build_of(identity: np.ndarray) -> np.ndarray:
    """(BUILD,) of a person's coefficients: how thick the trunk is at four heights, how wide the shoulders are and how long
    an arm is, against the average adult's."""
    average = load_head().average_adult
    return (_measures(np.asarray(identity, np.float32)) - _measures(average)) / _BUILD_UNIT


def _measures(identity: np.ndarray) -> np.ndarray:
    figure = make_figure(load_head(), identity)
    capsules = capsules_of(figure)
    joints = dict(zip(BODY_JOINTS, figure.joints, strict=False))
    thick = [capsules.radii[capsules.names.index(name)] for name in _MEASURED]
    long = np.linalg.norm(joints["left_wrist"] - joints["left_shoulder"])
    return np.array([*thick, joints["left_shoulder"][0], long])


@lru_cache(maxsize=1)
def _points() -> tuple[np.ndarray, np.ndarray]:
    """(P, 3) metres, from their own middle, and (52, 3 P) of how the weights move them."""
    head = load_head()
    still, moving = np.zeros(52, np.float32), np.eye(52, dtype=np.float32)
    rest = head.landmarks(head.vertices(head.average_adult, still))[list(POINTS)]
    moves = [head.landmarks(head.vertices(head.average_adult, one))[list(POINTS)] - rest for one in moving]
    return rest - rest.mean(axis=0) * [1, 1, 0], np.stack(moves).reshape(len(moving), -1)


@lru_cache(maxsize=1)
def _shapes() -> tuple[np.ndarray, np.ndarray]:
    """(45,) and (SHAPED, 45): mean and main components of the right hand's vocabulary."""
    all_shapes = np.stack([hand_shape(name, "right") for name in SHAPES]).reshape(len(SHAPES), -1)
    mean = all_shapes.mean(axis=0)
    return mean, np.linalg.svd(all_shapes - mean, full_matrices=False)[2][:SHAPED]
