"""Finds faces: MediaPipe's short-range detector on the whole picture and on tiles of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from garrick.perception.nets import run_net

_INPUT = 128
_SCORE = 0.6
_OVERLAP = 0.3


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
    """All faces from left to right; (H, W, 3) uint8. The net sees faces down to a tenth of what it is shown, so tiles
    of a half, and if nothing was found of a quarter, of the longer side follow the whole picture.
    """
    side = max(picture.shape[:2])
    found = _detect(picture, np.array([picture.shape[1], picture.shape[0]]) / 2, side)
    for share in (2, 4):
        if share == 4 and found:
            break
        step = side / share / 2
        for y in np.arange(step, picture.shape[0], step):
            for x in np.arange(step, picture.shape[1], step):
                found += _detect(picture, np.array([x, y]), side / share)
    return sorted(_suppress(found), key=lambda face: face.box[0])


def _detect(picture: np.ndarray, centre: np.ndarray, side: float) -> list[Face]:
    scale = _INPUT / side
    matrix = np.array([[scale, 0, _INPUT / 2 - centre[0] * scale], [0, scale, _INPUT / 2 - centre[1] * scale]])
    tile = cv2.warpAffine(_shrink(picture, scale), _shrunk(matrix, scale), (_INPUT, _INPUT), flags=cv2.INTER_LINEAR)
    outputs = run_net("face_detection_short_range", tile.astype(np.float32) / 127.5 - 1)
    raw = next(output for output in outputs if output.shape[-1] == 16)[0]
    logits = next(output for output in outputs if output.shape[-1] == 1)[0, :, 0]
    scores = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
    good = np.flatnonzero(scores > _SCORE)
    values = raw[good].reshape(-1, 8, 2) / _INPUT
    anchors = _anchors()[good]
    places = values + anchors[:, None]
    places[:, 1] = values[:, 1]  # width and height hang on no anchor
    faces = []
    for place, score in zip((places - 0.5), scores[good], strict=True):
        middle, extent = place[0] * side + centre, (place[1] + 0.5) * side
        box = np.concatenate([middle - extent / 2, middle + extent / 2])
        faces.append(Face(box, place[2:] * side + centre, float(score)))
    return faces


def _shrink(picture: np.ndarray, scale: float) -> np.ndarray:
    """Area-average first when much smaller is wanted, so that sampling does not alias."""
    factor = int(1 / scale)
    return picture if factor < 2 else _area(picture.tobytes(), picture.shape, factor)


@lru_cache(maxsize=4)
def _area(data: bytes, shape: tuple[int, int, int], factor: int) -> np.ndarray:
    picture = np.frombuffer(data, np.uint8).reshape(shape)
    small = (max(1, round(shape[1] / factor)), max(1, round(shape[0] / factor)))
    return cv2.resize(picture, small, interpolation=cv2.INTER_AREA)


def _shrunk(matrix: np.ndarray, scale: float) -> np.ndarray:
    factor = max(1, int(1 / scale))
    return matrix * np.array([factor, factor, 1])


@lru_cache(maxsize=1)
def _anchors() -> np.ndarray:
    """(896, 2) SSD anchor centres: 2 for each cell of 16 x 16, then 6 for each of 8 x 8."""
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
