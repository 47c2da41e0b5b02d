"""Brings a video into a shot's framing: one scale and one shift for the whole clip, found from the face in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from garrick.errors import InputError

_SAME_SCALE, _SAME_PLACE = 0.005, 1.0  # share and pixels within which a video lies as the shot does
_GREY = 128  # beyond the video
_EYE, _OTHER_EYE, _NOSE, _CHIN = 33, 263, 1, 152  # landmarks: outer corners, tip, lowest point
_ROUNDS = 10  # of reweighting
_NEAR = 0.005  # of the face's size: points that lie nearer weigh no more


@dataclass(frozen=True)
class Framing:
    """Where a video lies in a shot's frame: its point p, in pixels, lies at scale * p + shift.

    shift: (2,) pixels of the shot.    video, shot: width and height of their pictures, pixels.
    """

    scale: float
    shift: np.ndarray
    video: tuple[int, int]
    shot: tuple[int, int]

    @property
    def moved(self) -> np.ndarray:
        """(2,) pixels by which the video's middle lies right of and below the shot's."""
        return self.scale * np.array(self.video) / 2 + self.shift - np.array(self.shot) / 2

    @property
    def kept(self) -> bool:
        """Whether the video lies as the shot does, so that its pixels are left as they are."""
        same = abs(self.scale - 1) < _SAME_SCALE and bool((np.abs(self.moved) < _SAME_PLACE).all())
        return same and self.video == self.shot

    def sentence(self) -> str:
        """For a report."""
        if self.kept:
            return "The video lies as the shot does; its pixels were left as they are."
        right, down = (round(float(value)) + 0 for value in self.moved)
        return f"The video was scaled by {self.scale:.3g} and moved by {right}, {down} px to lie as the shot does."

    def points(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) pixels of the video -> pixels of the shot."""
        return points if self.kept else points * self.scale + self.shift

    def picture(self, picture: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 of the video in the shot's frame, grey beyond the video."""
        if self.kept:
            return picture
        low = -self.shift / self.scale
        high = low + np.array(self.shot) / self.scale
        beyond = np.ceil(np.maximum([-low, high - np.array(self.video)], 0)).astype(int)  # left, up; right, down
        padded = np.pad(picture, ((beyond[0, 1], beyond[1, 1]), (beyond[0, 0], beyond[1, 0]), (0, 0)), mode="edge")
        box = (*(low + beyond[0]).tolist(), *(high + beyond[0]).tolist())
        laid = np.asarray(Image.fromarray(padded).resize(self.shot, Image.Resampling.BICUBIC, box))
        framed = np.full_like(laid, _GREY)
        framed[self.covered()] = laid[self.covered()]
        return framed

    def covered(self) -> tuple[slice, slice]:
        """Rows and columns of the shot's frame that the video shows."""
        width, height = self.shot
        if self.kept:
            return slice(0, height), slice(0, width)
        low = np.ceil(np.maximum(self.shift, 0)).astype(int)
        high = np.floor(np.minimum(self.shift + self.scale * np.array(self.video), self.shot)).astype(int)
        return slice(low[1], high[1]), slice(low[0], high[0])


def find_framing(
    video: np.ndarray, shot: np.ndarray, video_size: tuple[int, int], shot_size: tuple[int, int]
) -> Framing:
    """The framing that lays a video's face over a shot's: the median of those of all frames that show it in both.

    video, shot: (F, N >= 468, 2) landmarks in pixels, nan where no face is seen. Each frame's fit lets the head turn in the
    picture, or its scale would come out too small; the turn is then left alone. Points that an expression moves weigh
    little. Raises InputError where no frame shows the face in both.
    """
    both = np.isfinite(video).all(axis=(1, 2)) & np.isfinite(shot).all(axis=(1, 2))
    if not both.any():
        raise InputError("No frame shows a face in the shot and in the video.", "Give a video of the same length.")
    pairs = [_upper_faces(*pair) for pair in zip(video[both], shot[both], strict=True)]
    scale = float(np.median([_scale(ours, theirs) for theirs, ours in pairs]))
    shift = np.median([np.median(ours - scale * theirs, axis=0) for theirs, ours in pairs], axis=0)
    return Framing(scale, shift, video_size, shot_size)


def _upper_faces(video: np.ndarray, shot: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of two (N, 2) faces the points above the tip of the nose: a jaw that drops makes no face larger."""
    eyes = video[[_EYE, _OTHER_EYE]].mean(axis=0)
    down = video[_CHIN] - eyes
    above = (video - eyes) @ down < (video[_NOSE] - eyes) @ down
    return video[above], shot[above]


def _scale(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The size of (N, 2) points over that of others, by the similarity with the least sum of distances (Weiszfeld 1937).

    As complex numbers a similarity is ours = factor * theirs + shift, and its scale |factor|.
    """
    target, source = ours @ (1, 1j), theirs @ (1, 1j)
    near = _NEAR * float(np.ptp(ours, axis=0).max())
    weights, factor = np.ones(len(source)), 1.0 + 0j
    for _ in range(_ROUNDS):
        weights = weights / weights.sum()
        away, wanted = source - weights @ source, target - weights @ target
        factor = (weights * away.conj()) @ wanted / (weights @ np.abs(away) ** 2)
        weights = 1 / np.maximum(np.abs(wanted - factor * away), near)
    return abs(factor)
