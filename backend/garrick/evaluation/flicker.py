"""Flicker: how much a clip changes where nothing should move."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import cv2
import numpy as np

from garrick.errors import InputError
from garrick.evaluation.metric import LOWER, Metric, Score, score
from garrick.evaluation.streams import checked, mattes

STILL_FLICKER = Metric(
    "still-region flicker", "levels", LOWER, "VBench's temporal flickering (Huang et al. 2024) inside a still matte", 10
)


def still_flicker(frames: Iterable[np.ndarray], still: Iterable[np.ndarray] | np.ndarray) -> Score:
    """Mean absolute difference of neighbouring frames over the pixels that are still in both, in levels of 0..255.

    frames: (H, W, 3) uint8 each.
    still:  (H, W) matte of what must not move (the background, a locked-off set), for all frames or one a frame.
    A Score's `each` has one value a step, so one less than there are frames. Raises InputError for fewer than two frames.
    """
    pairs = pairwise(mattes(still, checked(frames)))
    steps = [_step(one, other, here & there) for (one, here), (other, there) in pairs]
    if not steps:
        raise InputError("Flicker is the change from one frame to the next.", "Give at least two frames.")
    return score(STILL_FLICKER, steps)


def _step(one: np.ndarray, other: np.ndarray, still: np.ndarray) -> float:
    return float(cv2.absdiff(one, other)[still].mean()) if still.any() else float("nan")
