"""Finds a person and the 33 points of the body: MediaPipe's pose nets (BlazePose, Bazarevsky et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from garrick.perception.crop import Square
from garrick.perception.faces import Face
from garrick.perception.nets import run_net

POINTS: tuple[str, ...] = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index", "left_thumb",
    "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel",
    "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
"""What the rows of a body are; left is the subject's left, the fingers are knuckles."""

_DETECTION, _LANDMARKS, _HEATMAP = 224, 256, 64
_SCORE = 0.5
_PRESENCE = 0.5
_PLAIN = 0.7  # visibility of a wrist that is plainly seen
_MARGIN = 1.25  # as in MediaPipe's own graph
_AROUND, _BELOW = 6.0, 1.5  # sides of a face: where the detector looks for its body
_AWAY = 0.4  # of the region's side: a change that it follows at once; a tenth of it is followed by a tenth
_REACH, _SURE = 3, 0.5  # cells of the heatmap around a point, and how sure the best of them has to be


@dataclass(frozen=True)
class SeenBody:
    """A person's body in one picture; rows are `POINTS`, and points outside the picture are guessed.

    points:     (33, 2) float64, pixels of the picture.
    depth:      (33,) float64, pixels behind the hips, negative towards the camera.
    world:      (33, 3) float64, metres from the middle of the hips: x to the picture's right, y down, z away.
    visibility: (33,) float64, 0..1, that a point is in the picture and nothing hides it.
    presence:   0..1, that there is a body.
    region:     where to look for the body in the next picture.
    """

    points: np.ndarray
    depth: np.ndarray
    world: np.ndarray
    visibility: np.ndarray
    presence: float
    region: Square


def find_body(picture: np.ndarray, face: Face | None = None) -> SeenBody | None:
    """The largest person, or the one who has this face; None where there is nobody.

    picture: (H, W, 3) uint8.    face: one of its faces, however small, as `detect_faces` finds them.
    """
    if face is None:
        height, width = picture.shape[:2]
        found = _detect(picture, Square(np.array([width, height]) / 2, float(max(width, height))))
        found.sort(key=lambda one: -one[1].side)
    else:
        middle = (face.box[:2] + face.box[2:]) / 2
        found = _detect(picture, Square(middle + np.array([0, _BELOW * face.size]), _AROUND * face.size))
        found = [one for one in found if np.linalg.norm(one[0] - middle) < face.size]
        found.sort(key=lambda one: float(np.linalg.norm(one[0] - middle)))
    if not found:
        return None
    # the second crop lies around points, as every crop of a video does
    body = _look(picture, _look(picture, found[0][1]).region)
    return body if body.presence > _PRESENCE else None


def follow_body(picture: np.ndarray, last: SeenBody) -> SeenBody:
    """The body that was `last` in the picture before; where its presence falls below a half, find it anew."""
    body = _look(picture, last.region)
    # a region that follows every trembling of the points makes them tremble more
    return replace(body, region=_towards(last.region, body.region))


def shows_hands(picture: np.ndarray) -> bool:
    """Whether the largest person in a picture (H, W, 3) uint8 has a wrist in it that nothing hides."""
    body = find_body(picture)
    if body is None:
        return False
    wrists = [POINTS.index("left_wrist"), POINTS.index("right_wrist")]
    inside = ((body.points[wrists] > 0) & (body.points[wrists] < picture.shape[1::-1])).all(axis=1)
    return bool((inside & (body.visibility[wrists] > _PLAIN)).any())


def _detect(picture: np.ndarray, tile: Square) -> list[tuple[np.ndarray, Square]]:
    """Middle of the face (2,) and surroundings of everybody in a tile, possibly several times."""
    raw, logits = run_net("pose_detection", tile.cut(picture, _DETECTION).astype(np.float32) / 127.5 - 1)
    found = []
    for index in np.flatnonzero(_sigmoid(logits[0, :, 0]) > _SCORE):
        # middle and extent of the face, then hips, circle around the body, shoulders, upper body: pixels from the anchor
        values = raw[0, index].reshape(6, 2).astype(np.float64) + _anchors()[index] * _DETECTION
        face, _, hips, rim = tile.back(values, _DETECTION)[:4]
        found.append((face, _around(hips, rim)))
    return found


def _look(picture: np.ndarray, region: Square) -> SeenBody:
    crop = region.cut(picture, _LANDMARKS).astype(np.float32) / 255
    raw, world, presence = _landmarks(crop)
    points = region.back(raw[:, :2], _LANDMARKS)
    # the net sees the body upright; what it says of space turns back with the crop
    cosine, sine = np.cos(region.angle), np.sin(region.angle)
    world[:, :2] = world[:, :2] @ np.array([[cosine, sine], [-sine, cosine]])
    return SeenBody(
        points=points[:33],
        depth=raw[:33, 2] * region.side / _LANDMARKS,
        world=world,
        visibility=raw[:33, 3],
        presence=presence,
        region=_around(points[33], points[34]),
    )


def _landmarks(crop: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """(35, 4) x, y, z in pixels of the crop and visibility, (33, 3) metres, presence 0..1.

    Below the 33 points: the middle of the hips and a point on the circle around the body.
    """
    by_size = {output.size: output for output in run_net("pose_landmark", crop)}
    raw = by_size[39 * 5].reshape(39, 5)[:35].astype(np.float64)
    heatmap = by_size[_HEATMAP * _HEATMAP * 39].reshape(_HEATMAP, _HEATMAP, 39)
    # the net tells "not hidden" from "in the picture"; seen is what is both
    seen = _sigmoid(raw[:, 3]) * _sigmoid(raw[:, 4])
    points = np.column_stack([_refined(raw[:, :2], heatmap), raw[:, 2], seen])
    return points, by_size[39 * 3].reshape(39, 3)[:33].astype(np.float64), float(by_size[1].item())


def _towards(last: Square, now: Square) -> Square:
    """The last region, drawn to the new one: hardly by small changes, wholly by large ones."""
    turn = abs(_turn(last, now))
    away = max(float(np.linalg.norm(now.centre - last.centre)), abs(now.side - last.side), turn * last.side) / last.side
    return _between(last, now, min(away / _AWAY, 1.0))


def _between(one: Square, other: Square, share: float) -> Square:
    return Square(
        one.centre + share * (other.centre - one.centre),
        one.side + share * (other.side - one.side),
        one.angle + share * _turn(one, other),
    )


def _turn(one: Square, other: Square) -> float:
    """Radians within half a turn."""
    return (other.angle - one.angle + np.pi) % (2 * np.pi) - np.pi


def _refined(points: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """(n, 2) pixels of the crop, drawn to the heatmap (64, 64, 39) where it is sure."""
    refined = points.copy()
    scale = _LANDMARKS / _HEATMAP
    for index, (x, y) in enumerate(np.floor(points / scale).astype(int)):
        left, top = max(x - _REACH, 0), max(y - _REACH, 0)
        cells = _sigmoid(heatmap[top : max(y + _REACH + 1, 0), left : max(x + _REACH + 1, 0), index])
        if not (0 <= x < _HEATMAP and 0 <= y < _HEATMAP) or cells.max() < _SURE:
            continue
        rows, columns = np.indices(cells.shape)
        inside = np.array([(columns * cells).sum(), (rows * cells).sum()]) / cells.sum()
        refined[index] = (inside + np.array([left, top])) * scale
    return refined


def _around(hips: np.ndarray, rim: np.ndarray) -> Square:
    """The square of a circle around the hips through `rim`, which is above the head; upright along the body."""
    across, up = rim - hips
    side = max(2 * float(np.hypot(across, up)) * _MARGIN, 1.0)
    return Square(hips, side, float(np.arctan2(across, -up)))


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -50, 50)))


@cache
def _anchors() -> np.ndarray:
    """(2254, 2) SSD anchor centres, 0..1: 2 for each cell of 28 x 28 and of 14 x 14, then 6 for each of 7 x 7."""
    rows = []
    for cells, count in ((28, 2), (14, 2), (7, 6)):
        y, x = np.mgrid[:cells, :cells]
        centres = np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5
        rows.append(np.repeat(centres / cells, count, axis=1).reshape(-1, 2))
    return np.concatenate(rows)
