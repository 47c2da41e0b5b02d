"""Pixels of a shot against those of a video that lies as it does: the whole frame, and the face's box."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from garrick.evaluation.flicker import flicker_ratio, restlessness
from garrick.evaluation.images import L1, PSNR, SSIM, l1, psnr, ssim
from garrick.evaluation.metric import Score, score

_SMALLEST = 16  # pixels of a side that can be compared

Region = tuple[slice, slice]
"""Rows and columns of a picture."""


def face_boxes(ours: np.ndarray, theirs: np.ndarray, within: Region) -> list[Region | None]:
    """The upright box around both faces of each frame, (F, N, 2) landmarks each; None where one is unseen or too small."""
    boxes = []
    rows, columns = within
    corner, opposite = (columns.start, rows.start), (columns.stop, rows.stop)
    for points in np.concatenate([ours, theirs], axis=1):
        if not np.isfinite(points).all():
            boxes.append(None)
            continue
        left, top = np.clip(np.floor(points.min(axis=0)), corner, opposite).astype(int)
        right, bottom = np.clip(np.ceil(points.max(axis=0)), corner, opposite).astype(int)
        large = min(right - left, bottom - top) >= _SMALLEST
        boxes.append((slice(top, bottom), slice(left, right)) if large else None)
    return boxes


def match_pixels(
    pairs: Iterable[tuple[np.ndarray, np.ndarray | None]], whole: Region, boxes: list[Region | None]
) -> tuple[list[Score], list[Score]]:
    """PSNR, SSIM and L1 of the whole frame; the same of the face's box, and there how restless the shot is.

    pairs: (H, W, 3) uint8 of the shot and of the video, None where it has none; one pair a box.
    whole: what both show.    The pictures are gone through once; three pairs are held in memory.
    """
    of_whole, of_box = np.full((len(boxes), 3), np.nan), np.full((len(boxes), 3), np.nan)
    restless = np.full((len(boxes), 2), np.nan)
    last: deque[tuple[np.ndarray, np.ndarray | None]] = deque(maxlen=3)
    for index, (ours, theirs) in enumerate(pairs):
        last.append((ours, theirs))
        if theirs is not None:
            of_whole[index] = _compared(ours[whole], theirs[whole])
            box = boxes[index]
            if box is not None:
                of_box[index] = _compared(ours[box], theirs[box])
        if len(last) == last.maxlen:
            restless[index - 1] = _restless(list(last), boxes[index - 1])
    flicker = flicker_ratio(restless[:, 0], restless[:, 1])
    return _scores(of_whole), [*_scores(of_box), flicker]


def _compared(ours: np.ndarray, theirs: np.ndarray) -> list[float]:
    return [measure([ours], [theirs]).value for measure in (psnr, ssim, l1)]


def _restless(three: list[tuple[np.ndarray, np.ndarray | None]], box: Region | None) -> tuple[float, float]:
    """Of the shot and of the video in the box of the middle one of three pairs; nan where any is not there."""
    pictures = [picture for pair in three for picture in pair if picture is not None]
    if box is None or len(pictures) < 2 * len(three):
        return float("nan"), float("nan")
    return restlessness(*(ours[box] for ours in pictures[::2])), restlessness(*(real[box] for real in pictures[1::2]))


def _scores(values: np.ndarray) -> list[Score]:
    return [score(metric, values[:, column]) for column, metric in enumerate((PSNR, SSIM, L1))]
