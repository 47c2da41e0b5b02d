"""Flicker: how much a clip changes where nothing should move, and how restless it is beside a real one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import cv2
import numpy as np

from garrick.errors import InputError
from garrick.evaluation.metric import CLOSER, LOWER, Metric, Score, score
from garrick.evaluation.streams import checked, mattes

STILL_FLICKER = Metric(
    "still-region flicker", "levels", LOWER, "VBench's temporal flickering (Huang et al. 2024) inside a still matte", 10
)

FLICKER_RATIO = Metric(
    "flicker ratio", "times", CLOSER, "mean |a - 2b + c| of three frames in a row, over the video's; 1 is as restless", 25
)  # fmt: skip


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


def restlessness(before: np.ndarray, frame: np.ndarray, after: np.ndarray) -> float:
    """Mean |before - 2 frame + after| of three (H, W, 3) uint8 frames in a row, levels: steady motion has next to none."""
    return float(np.abs(before.astype(np.int16) - 2 * frame.astype(np.int16) + after).mean())


def flicker_ratio(found: np.ndarray, real: np.ndarray) -> Score:
    """How much more restless a clip is than a real one, by the (F,) restlessness of both; nan where it is not known.

    nan against a video in which nothing ever changes.
    """
    both = np.isfinite(found) & np.isfinite(real)
    usual = float(real[both].sum())
    ratio = float(found[both].sum()) / usual if usual > 0 else float("nan")
    return score(FLICKER_RATIO, ratio, max(int(both.sum()), 1))


def _step(one: np.ndarray, other: np.ndarray, still: np.ndarray) -> float:
    return float(cv2.absdiff(one, other)[still].mean()) if still.any() else float("nan")
