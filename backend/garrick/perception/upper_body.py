"""Follows a person's upper body and hands through a video, and turns what was seen into the chain of joints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.hand import Side, posed_hand
from garrick.core.performance import BODY_JOINTS
from garrick.core.rotation import rotation_matrices
from garrick.perception.body import POINTS, SeenBody, find_body, follow_body
from garrick.perception.body_ik import body_rotations, wrist_rotation
from garrick.perception.faces import Face
from garrick.perception.hand_ik import solve_hand
from garrick.perception.hands import SeenHand, follow_hand, hand_between, same_hand

SIDES: tuple[Side, ...] = ("left", "right")
_PRESENT, _HAND_PRESENT = 0.5, 0.6
_SHOWN = 0.5  # visibility of a wrist from which its hand is looked for
_SEARCH_EVERY = 3  # frames between searches for what is not there
_LOOK_EVERY = 2  # frames between looks at a body: what lies between is smoothed away at video rates, and a look is dear
_STILL = 0.03  # of a hand's size: no point of one that rests moves further from frame to frame
_SMOOTH = 1.2  # frames: standard deviation of the smoothing of the body's points in space
_EYES = (33, 263)  # landmarks of the outer corners, right and left


@dataclass(frozen=True)
class SeenUpperBody:
    """One frame; None for what is not seen.    looked: False where `body` is the one of the frame before."""

    body: SeenBody | None
    hands: dict[Side, SeenHand | None]
    looked: bool = True


class UpperBodyFollower:
    """Follows the body that belongs to a face, and its hands."""

    def __init__(self) -> None:
        self._body: SeenBody | None = None
        self._hands: dict[Side, SeenHand | None] = dict.fromkeys(SIDES)
        self._still: dict[Side, bool] = dict.fromkeys(SIDES, False)
        self._frame = self._looked_at = 0

    def see(self, picture: np.ndarray | None, landmarks: np.ndarray | None, cut: bool) -> SeenUpperBody:
        """The next frame, (H, W, 3) uint8 or None; landmarks: (478, 2) of the face, if it is seen."""
        self._frame += 1
        if cut or picture is None:
            self._body, self._hands, self._still = None, dict.fromkeys(SIDES), dict.fromkeys(SIDES, False)
        if picture is None:
            return SeenUpperBody(None, dict.fromkeys(SIDES))
        looked = self._body is None or self._frame - self._looked_at >= _LOOK_EVERY
        if looked:
            self._looked_at = self._frame
        if self._body is not None and looked:
            self._body = follow_body(picture, self._body)
            if self._body.presence < _PRESENT:
                self._body = None
        if self._body is None and landmarks is not None and self._frame % _SEARCH_EVERY == 1:
            self._body = find_body(picture, _face(landmarks))
        for side in SIDES:
            self._hands[side] = self._hand(picture, side)
        left, right = self._hands["left"], self._hands["right"]
        if left is not None and right is not None and same_hand(left, right):
            self._hands["left" if left.presence < right.presence else "right"] = None
        return SeenUpperBody(self._body, dict(self._hands), looked)

    def _hand(self, picture: np.ndarray, side: Side) -> SeenHand | None:
        last = self._hands[side]
        if last is not None and self._still[side]:  # seen again in the next frame
            self._still[side] = False
            return last
        found = None if last is None else follow_hand(picture, last)
        if last is not None and found is not None:
            away = np.linalg.norm(found.points - last.points, axis=1).max()
            self._still[side] = bool(away < _STILL * found.size)
        if found is None and self._body is not None and self._frame % _SEARCH_EVERY == 1:
            elbow, wrist = (POINTS.index(f"{side}_{joint}") for joint in ("elbow", "wrist"))
            if self._body.visibility[wrist] > _SHOWN:
                found = hand_between(picture, self._body.points[elbow], self._body.points[wrist])
        return found if found is not None and found.presence > _HAND_PRESENT else None


def upper_body(
    seen: Sequence[SeenUpperBody], cuts: Sequence[int], intrinsics: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Channels body_pose, left_hand and right_hand of a Performance, of those that are seen at all, and their confidence.

    cuts: frames at which a new shot begins.    intrinsics: (3, 3) of the video.    Confidence: (F,) 0..1.
    """
    channels: dict[str, np.ndarray] = {}
    confidence: dict[str, np.ndarray] = {}
    pose = np.zeros((len(seen), len(BODY_JOINTS), 3))
    if any(frame.body is not None for frame in seen):
        pose, trust = _body(seen, cuts)
        channels["body_pose"], confidence["body_pose"] = pose, trust
    for side in SIDES:
        hands = [frame.hands[side] for frame in seen]
        if not any(hand is not None for hand in hands):
            continue
        points = np.array([np.zeros((21, 2)) if hand is None else hand.points for hand in hands])
        world = np.array([np.zeros((21, 3)) if hand is None else hand.world for hand in hands])
        trust = np.array([0.0 if hand is None else hand.presence for hand in hands])
        track = solve_hand(posed_hand(side), points, trust, world, intrinsics)
        channels[f"{side}_hand"], confidence[f"{side}_hand"] = track.rotations, trust * track.seen
        if "body_pose" in channels:
            turned = wrist_rotation(pose, side, rotation_matrices(track.orientation.astype(np.float64)))
            pose[:, BODY_JOINTS.index(f"{side}_wrist")] = turned
    return channels, confidence


def _body(seen: Sequence[SeenUpperBody], cuts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    shown = np.array([frame.body is not None for frame in seen])
    frames = np.arange(len(seen))
    looked = np.array([frame.body is not None and frame.looked for frame in seen])
    world = np.array([frame.body.world for frame in seen if frame.body is not None and frame.looked])
    filled = np.empty((len(seen), *world.shape[1:]))
    for row in range(world.shape[1]):
        for axis in range(3):
            filled[:, row, axis] = np.interp(frames, frames[looked], world[:, row, axis])
    visibility = np.zeros((len(seen), world.shape[1]))
    visibility[shown] = [frame.body.visibility for frame in seen if frame.body is not None]
    for start, stop in pairwise((0, *cuts, len(seen))):
        filled[start:stop] = gaussian_filter1d(filled[start:stop], _SMOOTH, axis=0, mode="nearest")
    pose, trust = body_rotations(filled, visibility)
    return pose, trust.max(axis=1) * shown


def _face(landmarks: np.ndarray) -> Face:
    low, high = landmarks[:468].min(axis=0), landmarks[:468].max(axis=0)
    points = np.repeat(landmarks[list(_EYES)], 3, axis=0)
    return Face(np.concatenate([low, high]), points, 1.0)
