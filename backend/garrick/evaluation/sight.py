"""Follows one face from picture to picture."""

from __future__ import annotations

import numpy as np

from garrick.perception.crop import Square
from garrick.perception.faces import detect_faces
from garrick.perception.landmarks import face_landmarks, look_again

_PRESENT = 0.8  # presence from which a picture shows a face
_LOOKS = 2  # at a face that is followed
NET_SIDE = 224  # pixels of a face's square, as a net of features sees it
_MARGIN = 1.2  # side of a face's square over its landmarks' extent


class Sight:
    """Sees a face where it was before, else the largest one."""

    def __init__(self) -> None:
        self._points: np.ndarray | None = None

    def see(self, picture: np.ndarray | None) -> np.ndarray:
        """(478, 2) float64 pixels of the face, nan for none. picture: the next one, (H, W, 3) uint8; None: there is none."""
        found = None if picture is None else self._follow(picture)
        if found is None and picture is not None:
            found = _largest(picture)
        self._points = found
        return np.full((478, 2), np.nan) if found is None else found

    def _follow(self, picture: np.ndarray) -> np.ndarray | None:
        if self._points is None:
            return None
        points, presence = look_again(picture, self._points, _LOOKS)
        return points if presence >= _PRESENT else None


def face_square(points: np.ndarray) -> Square:
    """The upright or turned square around a face, (478, 2) pixels, whose upper edge is parallel to the eyes."""
    low, high = points[:468].min(axis=0), points[:468].max(axis=0)
    across = points[263] - points[33]  # outer corners of the eyes
    return Square((low + high) / 2, float((high - low).max()) * _MARGIN, float(np.arctan2(across[1], across[0])))


def evenly(indices: np.ndarray, count: int) -> list[int]:
    """At most so many of (N,) indices, evenly spread, the first and the last among them."""
    at = np.unique(np.linspace(0, len(indices) - 1, min(count, len(indices))).round().astype(int))
    return indices[at].tolist()


def _largest(picture: np.ndarray) -> np.ndarray | None:
    for face in sorted(detect_faces(picture), key=lambda face: -face.size):
        points, presence = face_landmarks(picture, face)
        if presence >= _PRESENT:
            return points
    return None
