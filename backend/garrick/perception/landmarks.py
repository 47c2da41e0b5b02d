"""478 landmarks of one face, found by looking again around what the last look found."""

from __future__ import annotations

import numpy as np

from garrick.perception.crop import Square
from garrick.perception.face_net import SIZE, face_points
from garrick.perception.faces import Face

_LOOKS = 3
_MARGIN = 1.5  # side of the square over the face's box, as in MediaPipe's own graph
_OUTER_CORNERS = (33, 263)  # of the subject's right and left eye


def face_landmarks(picture: np.ndarray, face: Face) -> tuple[np.ndarray, float]:
    """(478, 2) float64 pixels of the picture, and presence 0..1.

    picture: (H, W, 3) uint8. Rows: 468 mesh points, right iris 468-472, left iris 473-477 (centre first).
    """
    square = Square((face.box[:2] + face.box[2:]) / 2, face.size * _MARGIN, _slope(*face.points[:2]))
    return look_again(picture, _look(picture, square)[0], _LOOKS - 1)


def look_again(picture: np.ndarray, points: np.ndarray, looks: int = 1) -> tuple[np.ndarray, float]:
    """The same face's landmarks and presence, in a picture in which they lie near `points` (478, 2)."""
    presence = 0.0
    for _ in range(looks):
        low, high = points[:468].min(axis=0), points[:468].max(axis=0)
        right, left = points[list(_OUTER_CORNERS)]
        square = Square((low + high) / 2, float((high - low).max()) * _MARGIN, _slope(right, left))
        points, presence = _look(picture, square)
    return points, presence


def _look(picture: np.ndarray, square: Square) -> tuple[np.ndarray, float]:
    points, presence = face_points(square.cut(picture, SIZE))
    return square.back(points, SIZE), presence


def _slope(right_eye: np.ndarray, left_eye: np.ndarray) -> float:
    return float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))
