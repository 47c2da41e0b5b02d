"""Finds faces: MediaPipe's short-range detector on the whole picture and on tiles of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from garrick.perception.crop import Square
from garrick.perception.nets import run_net

_INPUT = 128
_SCORE = 0.6
_OVERLAP = 0.3
_FINEST = 960  # pixels of the last tiles: the net finds faces from a tenth of what it is shown, here 96 pixels


@dataclass(frozen=True)
class Face:
    """One detected face, in pixels of the picture.

    box:    (4,) left, top, right, bottom.     score: 0..1.
    points: (6, 2) the subject's right eye, left eye, nose tip, mouth, right ear, left ear.
    """

    box: np.ndarray
    points: np.ndarray
    score: float

    @property
    def size(self) -> float:
        """The longer side of the box, pixels."""
        return float(max(self.box[2] - self.box[0], self.box[3] - self.box[1]))


def detect_faces(picture: np.ndarray) -> list[Face]:
    """What may be faces, from left to right, from 96 pixels up; picture: (H, W, 3) uint8.

    Generous on purpose: `face_landmarks` looks closer and says by its presence whether there is a face.
    """
    found = [face for tile in _tiles(picture.shape[1], picture.shape[0]) for face in _detect(picture, tile)]
    return sorted(_suppress(found), key=lambda face: face.box[0])


def _tiles(width: int, height: int) -> Iterator[Square]:
    """The whole picture, then half-overlapping squares of a half, a quarter ... of its longer side."""
    side = float(max(width, height))
    yield Square(np.array([width, height]) / 2, side)
    while side > _FINEST or side == max(width, height):
        side /= 2
        across, down = (max(1, int(np.ceil(2 * length / side)) - 1) for length in (width, height))
        for y in _middles(height, side, down):
            for x in _middles(width, side, across):
                yield Square(np.array([x, y]), side)


def _middles(length: int, side: float, count: int) -> np.ndarray:
    """Middles of `count` tiles that cover a length evenly."""
    return np.array([length / 2]) if count == 1 else np.linspace(side / 2, length - side / 2, count)


def _detect(picture: np.ndarray, tile: Square) -> list[Face]:
    outputs = run_net("face_detection_short_range", tile.cut(picture, _INPUT).astype(np.float32) / 127.5 - 1)
    raw = next(output for output in outputs if output.shape[-1] == 16)[0]
    logits = next(output for output in outputs if output.shape[-1] == 1)[0, :, 0]
    scores = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
    faces = []
    for index in np.flatnonzero(scores > _SCORE):
        # middle, extent, six points: pixels of the input, all but the extent from the anchor
        values = raw[index].reshape(8, 2)
        points = tile.back(values + _anchors()[index] * _INPUT, _INPUT)
        half = values[1] / 2 * tile.side / _INPUT
        faces.append(Face(np.concatenate([points[0] - half, points[0] + half]), points[2:], float(scores[index])))
    return faces


@cache
def _anchors() -> np.ndarray:
    """(896, 2) SSD anchor centres, 0..1: 2 for each cell of 16 x 16, then 6 for each of 8 x 8."""
    rows = []
    for cells, count in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells]
        centres = np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5
        rows.append(np.repeat(centres / cells, count, axis=1).reshape(-1, 2))
    return np.concatenate(rows)


def _suppress(faces: list[Face]) -> list[Face]:
    """Keep the best of faces that overlap or that contain each other's middle."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(_iou(face.box, other.box) < _OVERLAP and not _holds(other.box, face.points[2]) for other in kept):
            kept.append(face)
    return kept


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    overlap = np.prod(np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])))
    return float(overlap / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - overlap))


def _holds(box: np.ndarray, point: np.ndarray) -> bool:
    return bool((point > box[:2]).all() and (point < box[2:]).all())
