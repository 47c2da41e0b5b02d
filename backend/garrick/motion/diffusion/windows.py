"""How motion, voice and reference lie in a window of the net."""

from __future__ import annotations

import numpy as np

PATCH = 2  # frames that are one token
ROWS = 4  # of what is heard, a patch
BEFORE = 4  # patches of the voice before the first of the motion, and as many after the last
HISTORY = 8  # patches of motion before
REFERENCE = 32  # patches of a reference
_AT_REST = 10  # per cent of the frames in which a weight is no larger than where it rests


def heard_around(heard: np.ndarray, start: int, frames: int) -> np.ndarray:
    """(T, C) -> (R, C) float32: what is heard in a window of frames and around it; zeros beyond the ends."""
    first = (start * ROWS) // PATCH - BEFORE * ROWS
    stop = ((start + frames) * ROWS) // PATCH + BEFORE * ROWS
    window = np.zeros((stop - first, heard.shape[1]), np.float32)
    low, high = max(first, 0), min(stop, len(heard))
    if low < high:
        window[low - first : high - first] = heard[low:high]
    return window


def moments(frames: np.ndarray) -> np.ndarray:
    """(S,) frames that have another after them -> (PATCH REFERENCE,) frames of a reference.

    REFERENCE of them, evenly spread, each with the next: a long style is seen from its start to its end.
    """
    chosen = frames[np.linspace(0, len(frames) - 1, REFERENCE).round().astype(np.int64)]
    return (chosen[:, None] + np.arange(PATCH)).reshape(-1)


def at_rest(style: np.ndarray) -> np.ndarray:
    """(S, C) weights of somebody -> (C,) where each rests while the person speaks: a smile that stays, pressed lips.

    It is read off and not learned: the captures that there are all rest at 0.
    """
    return np.percentile(style, _AT_REST, axis=0)
