"""Keeps its eyes on one face through a video: finds it, follows it, notices when it is gone, hidden, or cut away."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from garrick.perception.clip_fit import Sighting
from garrick.perception.crop import Square
from garrick.perception.faces import detect_faces
from garrick.perception.iris import refine_irises
from garrick.perception.landmarks import face_landmarks, look_again
from garrick.perception.skin import FaceCrop

_PRESENT = 0.8
_FAR = 0.06  # of the face's size: a face that moved so far is looked at twice
_JUMP = 0.5  # of the face's size: no face moves so far from frame to frame
_PATCH = 24
_ALIKE = 0.55  # correlation of a face with how it looked before: of one person it was 0.67 at least, of two 0.40
_LESS_ALIKE, _PATIENCE = 0.25, 25  # what is enough after so many frames away, as the light may have changed
_SLOWLY = 0.05  # share of a new look in what is remembered
_SEARCH_EVERY = 3  # frames between searches, once a face has been away for as many
_THUMBNAIL = (32, 18)
_CUT = 18.0  # grey levels by which all of the picture changes at a cut
_CUT_RATIO = 4.0  # over what it changed lately


@dataclass(frozen=True)
class Seen:
    """One frame. face: None where it is not seen.    cut: whether a new shot begins here."""

    face: Sighting | None
    cut: bool


class FaceFollower:
    """Follows one person's face; `person` counts the faces of the first frame that shows any, from the left."""

    def __init__(self, person: int | None = None) -> None:
        """person: None for the largest face."""
        self.most = 0  # faces that a search found
        self._person = person
        self._points: np.ndarray | None = None
        self._last: np.ndarray | None = None
        self._look: np.ndarray | None = None
        self._away = 0
        self._thumbnail: np.ndarray | None = None
        self._change = 0.0

    def see(self, picture: np.ndarray | None) -> Seen:
        """The next frame, (H, W, 3) uint8, or None where the video has none."""
        if picture is None:
            self._points = None
            self._away += 1
            return Seen(None, False)
        cut = self._is_cut(picture)
        if cut:
            self._points = self._last = None
            self._away = 0
        points = self._follow(picture) if self._points is not None else None
        if points is None:
            points = self._search(picture)
        self._points = points
        if points is None:
            self._away += 1
            return Seen(None, cut)
        self._away, self._last = 0, points
        return Seen(Sighting(refine_irises(picture, points), FaceCrop.of(picture, points)), cut)

    def _follow(self, picture: np.ndarray) -> np.ndarray | None:
        assert self._points is not None
        assert self._look is not None
        points, presence = look_again(picture, self._points)
        size, moved = _size(self._points), _apart(points, self._points)
        if presence >= _PRESENT and _FAR * size < moved < _JUMP * size:
            points, presence = look_again(picture, points)
        if presence < _PRESENT or moved > _JUMP * size or not 0.7 < _size(points) / size < 1.4:
            return None
        patch = _patch(picture, points)
        if _alike(patch, self._look) < _ALIKE:
            return None
        self._look = (1 - _SLOWLY) * self._look + _SLOWLY * patch
        return points

    def _search(self, picture: np.ndarray) -> np.ndarray | None:
        """Look for the face in the whole picture: the one that looks most like it, or at first the chosen one."""
        if self._away > _SEARCH_EVERY and self._away % _SEARCH_EVERY:
            return None
        looks = [face_landmarks(picture, face) for face in detect_faces(picture)]
        found = [points for points, presence in looks if presence >= _PRESENT]
        self.most = max(self.most, len(found))
        if not found:
            return None
        if self._look is None:
            index = int(np.argmax([_size(points) for points in found])) if self._person is None else self._person
            if index >= len(found):
                return None
            chosen = found[index]
        else:
            alike = [_alike(_patch(picture, points), self._look) for points in found]
            if self._last is not None:  # near to where it was is more likely the same
                alike = [a - 0.1 * _apart(p, self._last) / _size(p) for a, p in zip(alike, found, strict=True)]
            chosen = found[int(np.argmax(alike))]
            enough = _ALIKE if self._away <= _PATIENCE else _LESS_ALIKE
            if self._last is not None and _alike(_patch(picture, chosen), self._look) < enough:
                return None
        if self._look is None:
            self._look = _patch(picture, chosen)
        return chosen

    def _is_cut(self, picture: np.ndarray) -> bool:
        small = cv2.resize(picture, _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
        last, self._thumbnail = self._thumbnail, small
        if last is None:
            return False
        change = float(np.abs(small - last).mean())
        cut = change > max(_CUT, _CUT_RATIO * self._change)
        self._change = 0.8 * self._change + 0.2 * min(change, _CUT)
        return cut


def _size(points: np.ndarray) -> float:
    return float(np.ptp(points[:468], axis=0).max())


def _apart(points: np.ndarray, others: np.ndarray) -> float:
    return float(np.linalg.norm(points[:468].mean(axis=0) - others[:468].mean(axis=0)))


def _patch(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(_PATCH, _PATCH, 3) of the face, of mean 0 and length 1."""
    low, high = points[:468].min(axis=0), points[:468].max(axis=0)
    square = Square((low + high) / 2, float((high - low).max())).cut(picture, 4 * _PATCH)
    patch = cv2.resize(square, (_PATCH, _PATCH), interpolation=cv2.INTER_AREA).astype(np.float32)
    patch -= patch.mean()
    return patch / max(float(np.linalg.norm(patch)), 1e-6)


def _alike(patch: np.ndarray, look: np.ndarray) -> float:
    return float((patch * look).sum() / max(float(np.linalg.norm(look)), 1e-6))
