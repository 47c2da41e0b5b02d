"""Takes the trembling out of tracked curves, without lag and without dulling what moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import savgol_filter

from garrick.core.arkit import ARKIT_INDEX

_STILL, _MOVING, _LIDS_MOVING = 2.0, 0.8, 0.5  # frames: deviation of the smoothing of what rests and of what moves
_MOVES = 0.08  # of a weight that leaves its slow course: it moves
_HEAD_SPAN = 7  # frames that parabolas are laid through
_LIDS = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
_SHUT = 0.5  # weight from which an eye is shut and its gaze carried on from before


def steady_face(face: np.ndarray, cuts: Sequence[int]) -> np.ndarray:
    """(F, 52) weights, smoothed the more the less they move (the idea of Casiez's one-euro filter, both ways in time).

    cuts: frames at which another shot begins. Blinks are the quickest thing on a face and are smoothed least.
    """
    smooth = np.empty_like(face)
    for start, stop in pairwise((0, *cuts, len(face))):
        part = face[start:stop]
        slow, quick = (gaussian_filter1d(part, frames, axis=0, mode="nearest") for frames in (_STILL, _MOVING))
        quick[:, _LIDS] = gaussian_filter1d(part[:, _LIDS], _LIDS_MOVING, axis=0, mode="nearest")
        moving = np.clip(gaussian_filter1d(np.abs(quick - slow), 1.0, axis=0, mode="nearest") / _MOVES, 0, 1)
        smooth[start:stop] = slow + (quick - slow) * moving**2 * (3 - 2 * moving)
    return np.clip(smooth, 0, 1)


def steady_head(curves: np.ndarray, cuts: Sequence[int]) -> np.ndarray:
    """(F, C) rotations or translations: parabolas through a few frames (Savitzky and Golay 1964)."""
    smooth = curves.copy()
    for start, stop in pairwise((0, *cuts, len(curves))):
        if stop - start >= _HEAD_SPAN:
            smooth[start:stop] = savgol_filter(curves[start:stop], _HEAD_SPAN, 2, axis=0)
    return smooth


def steady_gaze(gaze: np.ndarray, face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(F, 2, 2) without gaps or spikes, and (F,) whether eyes were seen: a shut eye looks where it did before and after."""
    seen = np.isfinite(gaze[:, 0, 0]) & ~(face[:, _LIDS].max(axis=1) > _SHUT)
    if not seen.any():
        return np.zeros_like(gaze), seen
    frames = np.arange(len(gaze))
    flat = gaze.reshape(len(gaze), 4)
    filled = np.stack([np.interp(frames, frames[seen], flat[seen, column]) for column in range(4)], axis=1)
    return median_filter(filled, (3, 1), mode="nearest").reshape(gaze.shape), seen


def bridged(curves: np.ndarray, seen: np.ndarray, cuts: Sequence[int]) -> np.ndarray:
    """The same (F, C), straight from before to after where nobody was seen: the solver would swing on through a gap."""
    straight = curves.copy()
    for start, stop in pairwise((0, *cuts, len(curves))):
        shown = start + np.flatnonzero(seen[start:stop])
        hidden = start + np.flatnonzero(~seen[start:stop])
        if len(shown) and len(hidden):
            for column in range(curves.shape[1]):
                straight[hidden, column] = np.interp(hidden, shown, curves[shown, column])
    return straight
