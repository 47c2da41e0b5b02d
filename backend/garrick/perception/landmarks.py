"""478 landmarks of one face: MediaPipe's face mesh and iris nets, refined by looking twice."""

from __future__ import annotations

import cv2
import numpy as np

from garrick.perception.faces import Face
from garrick.perception.nets import run_net

EYE_CORNERS = ((33, 133), (362, 263))  # subject's right eye, left eye: outer/inner, inner/outer
_MESH, _IRIS = 192, 64
_LOOKS = 3


def face_landmarks(picture: np.ndarray, face: Face) -> tuple[np.ndarray, float]:
    """(478, 2) float64 pixels of the picture (468 mesh points, right iris 468-472, left iris 473-477) and presence 0..1.

    picture: (H, W, 3) uint8. Each look crops around the last look's points, upright along the eye line.
    """
    eyes = face.points[1] - face.points[0]
    centre, side = (face.box[:2] + face.box[2:]) / 2, face.size * 1.5
    angle = float(np.arctan2(eyes[1], eyes[0]))
    points, presence = np.zeros((468, 2)), 0.0
    for _ in range(_LOOKS):
        matrix = _crop(centre, side, angle, _MESH)
        crop = _warp(picture, matrix, _MESH, side)
        outputs = run_net("face_landmark", crop.astype(np.float32) / 255)
        mesh = next(output for output in outputs if output.size == 468 * 3).reshape(468, 3)[:, :2]
        logit = float(next(output for output in outputs if output.size == 1).ravel()[0])
        presence = 1 / (1 + np.exp(-np.clip(logit, -50, 50)))
        points = _back(mesh, matrix)
        centre, side = (points.min(axis=0) + points.max(axis=0)) / 2, float(np.ptp(points, axis=0).max()) * 1.5
        eyes = points[263] - points[33]
        angle = float(np.arctan2(eyes[1], eyes[0]))
    irises = [_iris(picture, points, corners, angle, mirrored) for corners, mirrored in zip(EYE_CORNERS, (False, True), strict=True)]
    return np.concatenate([points, *irises]), float(presence)


def _iris(picture: np.ndarray, points: np.ndarray, corners: tuple[int, int], angle: float, mirrored: bool) -> np.ndarray:
    """(5, 2) iris centre and rim of one eye; the net knows one side only, so the other is shown mirrored."""
    ends = points[list(corners)]
    side = float(np.linalg.norm(ends[1] - ends[0])) * 2.3
    matrix = _crop(ends.mean(axis=0), side, angle, _IRIS)
    crop = _warp(picture, matrix, _IRIS, side)
    outputs = run_net("iris_landmark", (crop[:, ::-1] if mirrored else crop).astype(np.float32) / 255)
    found = next(output for output in outputs if output.size == 15).reshape(5, 3)[:, :2].astype(np.float64)
    if mirrored:
        found[:, 0] = _IRIS - found[:, 0]
    return _back(found, matrix)


def _crop(centre: np.ndarray, side: float, angle: float, size: int) -> np.ndarray:
    """(2, 3) affine of a turned square around `centre` onto size x size."""
    cosine, sine = np.cos(-angle) * size / side, np.sin(-angle) * size / side
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, size / 2 - turn @ centre])


def _warp(picture: np.ndarray, matrix: np.ndarray, size: int, side: float) -> np.ndarray:
    # shrinking a lot with plain bilinear sampling aliases: blur by the scale first
    factor = side / size
    if factor > 1.5:
        picture = cv2.GaussianBlur(picture, (0, 0), factor / 3)
    return cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _back(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    inverse = cv2.invertAffineTransform(matrix)
    return points @ inverse[:, :2].T + inverse[:, 2]
