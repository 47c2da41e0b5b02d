"""Looks for one person in the pictures of a camera, and takes nobody else for them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import cv2
import numpy as np

from garrick.perception.clip_fit import Sighting
from garrick.perception.follow import FaceFollower

_SIZE = 32  # pixels of what is remembered
_SAME = 0.6  # correlation with how the person looks: one who turned by 25 degrees .44 to .6, others mostly below .6
_SLOWLY = 0.003  # share of a new look in what is remembered
_JUMP = 0.5  # of the face's width, from one picture to the next: that may be somebody else


class LiveSight:
    """A face follower that looks twice at whoever comes: a camera has no cuts, but light that changes looks like one.

    person: counts the faces of the first picture that shows any, from the left; None for the largest.
    """

    def __init__(self, person: int | None) -> None:
        self._follower = FaceFollower(person)
        self._kept: FaceFollower | None = None  # as it was when it last saw the person
        self._look: np.ndarray | None = None
        self._place: np.ndarray | None = None  # of the face in the picture before

    def remember(self, faces: Sequence[Sighting]) -> None:
        """These are the person; from now on nobody else is taken for them. May come from another thread than `see`."""
        self._look = np.mean([_pattern(face) for face in faces], axis=0)

    def see(self, picture: np.ndarray) -> Sighting | None:
        """The person in the next picture, (H, W, 3) uint8."""
        face = self._follower.see(picture).face
        if face is None:
            self._place = None
            return None
        if self._look is not None:
            pattern = _pattern(face)
            if self._comes(face) and _alike(pattern, self._look) < _SAME:
                self._place = None
                if self._kept is not None:
                    self._follower = deepcopy(self._kept)
                return None
            self._look = self._look + _SLOWLY * (pattern - self._look)
            self._kept = deepcopy(self._follower)
        self._place = face.landmarks[:468].mean(axis=0)
        return face

    def _comes(self, face: Sighting) -> bool:
        moved = np.inf if self._place is None else np.linalg.norm(face.landmarks[:468].mean(axis=0) - self._place)
        return bool(moved > _JUMP * np.ptp(face.landmarks[:468, 0]))


def _pattern(face: Sighting) -> np.ndarray:
    """(_SIZE^2,) how a face looks, of mean 0 and length 1."""
    small = cv2.resize(face.crop.pixels, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


def _alike(pattern: np.ndarray, look: np.ndarray) -> float:
    return float(pattern @ look) / max(float(np.linalg.norm(look)), 1e-6)
