"""Finds and follows hands: MediaPipe's palm detector and its 21 hand landmarks, in pixels and in metres.

Crops as in MediaPipe's own hand tracking graph: turned so that the line from the wrist to the middle knuckle points up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from garrick.bodies.hand import Side
from garrick.perception.crop import Square
from garrick.perception.nets import run_net

WRIST, THUMB, INDEX, MIDDLE, RING, PINKY = 0, 1, 5, 9, 13, 17  # rows of a hand's points where each finger begins
_PALM, _HAND = 192, 224
_SCORE, _OVERLAP, _PRESENT = 0.5, 0.3, 0.5
_SAME = 0.5  # of a palm's size: hands that lie nearer are one hand
_PALM_MARGIN, _PALM_SHIFT = 2.6, 0.5  # of the palm's box, towards the fingers
_HAND_MARGIN, _HAND_SHIFT = 2.0, 0.1  # the same of the box of last frame's points
_STEADY = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)  # the points that the next crop goes by, fingers' ends left out


@dataclass(frozen=True)
class SeenHand:
    """One hand in a picture.

    points:   (21, 2) pixels: the wrist, then four points each of thumb, index, middle, ring and little finger, from the
              palm to the tip.
    world:    (21, 3) metres about the hand's middle, x right, y down, z away from the camera; as large as the net thinks.
    presence: 0..1, whether there is a hand.     side: the subject's own.
    """

    points: np.ndarray
    world: np.ndarray
    presence: float
    side: Side

    @property
    def size(self) -> float:
        """Pixels: the longer side of the box around the points."""
        return float(np.ptp(self.points, axis=0).max())


def find_hands(picture: np.ndarray) -> list[SeenHand]:
    """The hands in a picture (H, W, 3) uint8, the surest first; palms from about a twelfth of its longer side."""
    height, width = picture.shape[:2]
    whole = Square(np.array([width, height]) / 2, float(max(width, height)))
    looks = (hand_at(picture, _palm_square(palm)) for palm in _detect(picture, whole))
    found: list[SeenHand] = []
    for hand in sorted(looks, key=lambda hand: -hand.presence):
        if hand.presence > _PRESENT and not any(same_hand(hand, other) for other in found):
            found.append(hand)
    return found


def follow_hand(picture: np.ndarray, last: SeenHand) -> SeenHand:
    """Look where the hand was in the last picture; `presence` says whether it is still there."""
    return hand_at(picture, _hand_square(last.points))


def same_hand(one: SeenHand, other: SeenHand) -> bool:
    """Whether two looks found one hand."""
    apart = np.linalg.norm(one.points[list(_STEADY)].mean(axis=0) - other.points[list(_STEADY)].mean(axis=0))
    return bool(apart < _SAME * min(one.size, other.size))


def hand_between(picture: np.ndarray, elbow: np.ndarray, wrist: np.ndarray) -> SeenHand:
    """Look for a hand beyond a wrist (2,), as far as its elbow (2,) says, both in pixels; for palms the detector misses."""
    arm = wrist - elbow
    side = max(float(np.linalg.norm(arm)), 16.0) * 0.9  # a hand is 0.7 of a forearm
    return hand_at(picture, Square(wrist + 0.35 * arm, side, float(np.arctan2(arm[1], arm[0])) + np.pi / 2))


def hand_at(picture: np.ndarray, square: Square) -> SeenHand:
    """Look at a square whose up is where the fingers point."""
    outputs = run_net("hand_landmark", square.cut(picture, _HAND).astype(np.float32) / 255)
    found, presence, right, world = (output.ravel().astype(np.float64) for output in outputs)
    cosine, sine = np.cos(square.angle), np.sin(square.angle)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    return SeenHand(
        points=square.back(found.reshape(21, 3)[:, :2], _HAND),
        world=world.reshape(21, 3) @ turn.T,
        presence=float(presence[0]),
        side="right" if right[0] > 0.5 else "left",
    )


@dataclass(frozen=True)
class _Palm:
    """box (4,) left, top, right, bottom and points (7, 2), pixels: the wrist, four knuckles, two of the thumb."""

    box: np.ndarray
    points: np.ndarray
    score: float


def _detect(picture: np.ndarray, square: Square) -> list[_Palm]:
    raw, logits = run_net("palm_detection", square.cut(picture, _PALM).astype(np.float32) / 255)
    scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0].astype(np.float64), -100, 100)))
    palms = []
    for index in np.flatnonzero(scores > _SCORE):
        # middle, extent, seven points: pixels of the input, all but the extent from the anchor
        values = raw[0, index].reshape(9, 2).astype(np.float64)
        points = square.back(values + _anchors()[index] * _PALM, _PALM)
        half = values[1] / 2 * square.side / _PALM
        palms.append(_Palm(np.concatenate([points[0] - half, points[0] + half]), points[2:], float(scores[index])))
    return _merge(palms)


@cache
def _anchors() -> np.ndarray:
    """(2016, 2) SSD anchor centres, 0..1: 2 for each cell of 24 x 24, then 6 for each of 12 x 12."""
    rows = []
    for cells, count in ((24, 2), (12, 6)):
        y, x = np.mgrid[:cells, :cells]
        centres = np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5
        rows.append(np.repeat(centres / cells, count, axis=1).reshape(-1, 2))
    return np.concatenate(rows)


def _merge(palms: list[_Palm]) -> list[_Palm]:
    """Overlapping finds become one, their mean by score."""
    merged, rest = [], sorted(palms, key=lambda palm: -palm.score)
    while rest:
        group = [palm for palm in rest if _iou(palm.box, rest[0].box) > _OVERLAP]
        scores = [palm.score for palm in group]
        box = np.average([palm.box for palm in group], axis=0, weights=scores)
        merged.append(_Palm(box, np.average([palm.points for palm in group], axis=0, weights=scores), scores[0]))
        rest = [palm for palm in rest if not any(palm is other for other in group)]
    return merged


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    overlap = np.prod(np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])))
    return float(overlap / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - overlap))


def _palm_square(palm: _Palm) -> Square:
    extent = palm.box[2:] - palm.box[:2]
    angle = _angle(palm.points[0], palm.points[2])
    up = np.array([np.sin(angle), -np.cos(angle)])
    centre = (palm.box[:2] + palm.box[2:]) / 2 + _PALM_SHIFT * extent[1] * up
    return Square(centre, float(extent.max()) * _PALM_MARGIN, angle)


def _hand_square(points: np.ndarray) -> Square:
    """The turned box around the steady points, moved and widened."""
    # where the fingers begin, as MediaPipe weighs it: the middle one twice
    ahead = (points[INDEX + 1] + points[RING + 1]) / 4 + points[MIDDLE + 1] / 2
    angle = _angle(points[WRIST], ahead)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upright = points[list(_STEADY)] @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    centre = (low + high) / 2 - (0, _HAND_SHIFT * (high - low)[1])
    return Square(centre @ turn, max(float((high - low).max()), 1.0) * _HAND_MARGIN, angle)


def _angle(wrist: np.ndarray, ahead: np.ndarray) -> float:
    """Radians, x towards y, by which a square is turned whose up points from one to the other."""
    x, y = ahead - wrist
    return float(np.arctan2(y, x) + np.pi / 2)
