"""Cuts a turned square out of a picture and carries points there and back; pixel centres lie at whole + 0.5."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Square:
    """A square in a picture: centre (2,) and side in pixels, turned by `angle` radians, x towards y."""

    centre: np.ndarray
    side: float
    angle: float = 0.0

    def cut(self, picture: np.ndarray, size: int) -> np.ndarray:
        """(size, size, 3) uint8 of a (H, W, 3) picture; beyond its edges the picture is black."""
        to_square = self._matrix(size)
        reach = self.side * (abs(np.cos(self.angle)) + abs(np.sin(self.angle))) / 2 + 2
        low = np.maximum(np.floor(self.centre - reach), 0).astype(int)
        high = np.minimum(np.ceil(self.centre + reach), picture.shape[1::-1]).astype(int)
        if (high <= low).any():
            return np.zeros((size, size, 3), np.uint8)
        part = picture[low[1] : high[1], low[0] : high[0]]
        origin, pixel = low.astype(np.float64), np.ones(2)
        if self.side > 2 * size:  # bilinear sampling of a much larger picture would alias: shrink it first
            small = np.maximum(1, np.round((high - low) * size * 1.5 / self.side)).astype(int)
            pixel = (high - low) / small
            part = np.asarray(Image.fromarray(part).resize(tuple(small), Image.Resampling.BOX))
        # from indices of `part` (centres at whole numbers) to those of the square
        turn = to_square[:, :2] * pixel
        shift = to_square[:, :2] @ (origin + pixel / 2) + to_square[:, 2] - 0.5
        return cv2.warpAffine(part, np.column_stack([turn, shift]), (size, size), flags=cv2.INTER_LINEAR)

    def onto(self, points: np.ndarray, size: int) -> np.ndarray:
        """(..., 2) pixels of the picture -> pixels of the cut square."""
        matrix = self._matrix(size)
        return points @ matrix[:, :2].T + matrix[:, 2]

    def back(self, points: np.ndarray, size: int) -> np.ndarray:
        """(..., 2) pixels of the cut square -> pixels of the picture."""
        matrix = self._matrix(size)
        return (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T

    def _matrix(self, size: int) -> np.ndarray:
        """(2, 3), picture -> square."""
        cosine, sine = np.cos(self.angle) * size / self.side, np.sin(self.angle) * size / self.side
        turn = np.array([[cosine, sine], [-sine, cosine]])
        return np.column_stack([turn, size / 2 - turn @ self.centre])
