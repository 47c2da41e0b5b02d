"""478 landmarks of one face: MediaPipe's face mesh and iris nets, refined by looking three times."""

from __future__ import annotations

import numpy as np

from garrick.perception.crop import Square
from garrick.perception.faces import Face
from garrick.perception.nets import run_net

EYE_CORNERS = ((33, 133), (362, 263))  # subject's right eye: outer, inner; left eye: inner, outer
_MESH, _IRIS = 192, 64
_LOOKS = 3
_MARGIN = 1.5  # side of the square over the face's box, as in MediaPipe's own graph
_EYE_MARGIN = 2.3  # the same over the distance of an eye's corners


def face_landmarks(picture: np.ndarray, face: Face) -> tuple[np.ndarray, float]:
    """(478, 2) float64 pixels of the picture, and presence 0..1.

    picture: (H, W, 3) uint8. Rows: 468 mesh points, right iris 468-472, left iris 473-477 (centre first).
    Each look crops around the last look's points, upright along the eye line.
    """
    square = Square((face.box[:2] + face.box[2:]) / 2, face.size * _MARGIN, _slope(*face.points[:2]))
    points, presence = np.zeros((468, 2)), 0.0
    for _ in range(_LOOKS):
        outputs = run_net("face_landmark", square.cut(picture, _MESH).astype(np.float32) / 255)
        mesh = next(output for output in outputs if output.size == 468 * 3).reshape(468, 3)[:, :2]
        logit = float(next(output for output in outputs if output.size == 1).ravel()[0])
        presence = float(1 / (1 + np.exp(-np.clip(logit, -50, 50))))
        points = square.back(mesh.astype(np.float64), _MESH)
        low, high = points.min(axis=0), points.max(axis=0)
        square = Square((low + high) / 2, float((high - low).max()) * _MARGIN, _slope(points[33], points[263]))
    right, left = EYE_CORNERS
    irises = [_iris(picture, points[list(right)], mirrored=False), _iris(picture, points[list(left)], mirrored=True)]
    return np.concatenate([points, *irises]), presence


def _slope(right_eye: np.ndarray, left_eye: np.ndarray) -> float:
    return float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))


def _iris(picture: np.ndarray, corners: np.ndarray, mirrored: bool) -> np.ndarray:
    """(5, 2) iris centre and rim of one eye; the net knows one side only, so the other is shown mirrored."""
    side = float(np.linalg.norm(corners[1] - corners[0])) * _EYE_MARGIN
    square = Square(corners.mean(axis=0), side, _slope(*corners))
    crop = square.cut(picture, _IRIS)
    outputs = run_net("iris_landmark", (crop[:, ::-1] if mirrored else crop).astype(np.float32) / 255)
    found = next(output for output in outputs if output.size == 15).reshape(5, 3)[:, :2].astype(np.float64)
    if mirrored:
        found[:, 0] = _IRIS - found[:, 0]
    return square.back(found, _IRIS)
