"""The squares of a frame that the nets see: fixed to a hand, or to the head, so that a face that talks stays in place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from garrick.core.camera import Camera
from garrick.core.rotation import rotation_matrices
from garrick.rendering.puppet import Pose, Puppet

SIDE = 256
"""Pixels of the square."""

_FOREHEAD, _CHIN = 10, 152  # MediaPipe's points at the ends of the face
_MARGIN = 1.4  # of the face's height


@dataclass(frozen=True)
class Crop:
    """A square of a frame, upright with the head.

    to_frame: (2, 3) float64: crop pixels to frame pixels, both with centres at whole + 0.5.    side: pixels of the square.
    """

    to_frame: np.ndarray
    side: int = SIDE

    @property
    def scale(self) -> float:
        """Frame pixels of one crop pixel."""
        return float(np.hypot(*self.to_frame[:, 0]))

    def points(self, screen: np.ndarray) -> np.ndarray:
        """(V, 3) frame pixels and depth -> the same in crop pixels, float32."""
        (a, b), (c, d) = self.to_frame[:, :2]
        turn = np.array([[d, -b], [-c, a]]) / (a * d - b * c)  # not by LAPACK, whose second thread then spins for long
        placed = (screen[:, :2] - self.to_frame[:, 2]) @ turn.T
        return np.ascontiguousarray(np.column_stack([placed, screen[:, 2]]), np.float32)

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """(side, side, ...) of a frame, of its type; beyond its edges they go on."""
        step = max(1, int(self.scale))  # a larger frame is averaged down first, or it would shimmer
        matrix = self._indices()
        if step > 1:
            small = (picture.shape[1] // step, picture.shape[0] // step)
            across = np.array([small[0] / picture.shape[1], small[1] / picture.shape[0]])
            picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
            matrix = matrix * across[:, None]
            matrix[:, 2] += 0.5 * across - 0.5
        return cv2.warpAffine(
            picture,
            matrix,
            (self.side, self.side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def paste(self, values: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
        """(side, side, C) of the crop -> (bottom - top, right - left, C) of a box of the frame; zero outside the crop."""
        top, bottom, left, right = box
        matrix = self._indices()
        matrix[:, 2] -= (left, top)
        return cv2.warpAffine(values, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)

    def box(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, bottom, left and right of what the crop covers of a frame of that width and height."""
        corners = self.side * np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) @ self.to_frame[:, :2].T + self.to_frame[:, 2]
        left, top = np.clip(np.floor(corners.min(axis=0)), 0, size).astype(int)
        right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, size).astype(int)
        return int(top), int(bottom), int(left), int(right)

    def _indices(self) -> np.ndarray:
        """`to_frame` for pixels counted by their corner index, as OpenCV does."""
        matrix = self.to_frame.copy()
        matrix[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
        return matrix


def face_crop(puppet: Puppet, pose: Pose, camera: Camera) -> Crop:
    """The square about a posed head's face; it depends on where the head is, and on no expression."""
    marks = puppet.head.landmarks(puppet.head.template)[[_FOREHEAD, _CHIN]].astype(np.float64)
    pivot = puppet.head.joint_template[1]
    placed = (marks - pivot) @ rotation_matrices(pose.rotation).T + pivot + pose.translation
    middle = placed.mean(axis=0)
    up = placed[0] - placed[1]
    view = camera.world_to_camera[:3, :3]
    seen = camera.project(middle[None])[0]
    side = _MARGIN * np.linalg.norm(up) * camera.intrinsics[0, 0] / seen[2] / SIDE
    aside = view @ up
    angle = np.arctan2(-aside[0], -aside[1]) if np.hypot(*aside[:2]) > 1e-6 else 0.0
    cosine, sine = side * np.cos(angle), side * np.sin(angle)
    matrix = np.array([[cosine, sine], [-sine, cosine]])
    return Crop(np.column_stack([matrix, seen[:2] - matrix @ np.full(2, SIDE / 2)]))
