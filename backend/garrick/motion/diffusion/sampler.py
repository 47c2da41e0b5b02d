"""From noise to motion, window by window, so that a clip of any length is one piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from garrick.motion.diffusion.channels import MOUTH, POSE
from garrick.motion.diffusion.windows import HISTORY, PATCH, heard_around

WINDOW, OVERLAP = 96, 16  # frames: of a window, and of it those that the window before has made as well
STEPS = 5
_TRUST = 0.5
"""Share of what the layers find that the first step believes without a reference: from noise alone they know hardly more
than the voice says straight away, and what they learned by heart of six minutes is wrong elsewhere."""
_MOUTH_VARIETY, _POSE_VARIETY = 0.1, 1.0
VARIETY = np.repeat(np.array([_MOUTH_VARIETY, _POSE_VARIETY], np.float32), [len(MOUTH), len(POSE)])
"""(22,) how far from the likeliest motion towards one that was drawn.

What is drawn beside the mean knows nothing of the voice: a mouth that is all drawn correlates with a captured one by the
square of what the mean does. A head is free.
"""


@dataclass(frozen=True)
class Conditions:
    """What a window of F frames depends on besides noise, in the net's units.

    voice:     from `Model.listen`.
    before:    (PATCH HISTORY, 22) the motion so far, or None at the start of a clip.
    reference: (PATCH REFERENCE, 16) a manner, or (0, 16) for none.
    ranges:    (2,) binary logarithm of the asked range of expression and pose over the usual one.
    """

    voice: np.ndarray
    before: np.ndarray | None
    reference: np.ndarray
    ranges: np.ndarray


class Model(Protocol):
    """A trained net. Everything is in its units, one window at a time."""

    def listen(self, heard: np.ndarray) -> np.ndarray:
        """(R, FEATURES) of a window and what is around it -> the voice as the net hears it."""
        ...

    def denoise(self, noisy: np.ndarray, t: float, given: Conditions, trust: float) -> np.ndarray:
        """(F, 22) motion with noise of level t -> (F, 22) motion, anew. See `net.Denoiser`."""
        ...


def generate(
    model: Model,
    heard: np.ndarray,
    noise: np.ndarray,
    reference: np.ndarray,
    ranges: np.ndarray,
    window: int = WINDOW,
    variety: np.ndarray = VARIETY,
    tell: Callable[[int], None] = lambda frames: None,
) -> np.ndarray:
    """(T, FEATURES) heard and (F, 22) noise, F even -> (F, 22) float32 motion of mouth and head, all in the net's units.

    variety, tell: see `in_windows`.
    """

    def window_at(first: int, stop: int, before: np.ndarray | None) -> Step:
        given = Conditions(model.listen(heard_around(heard, first, stop - first)), before, reference, ranges)

        def step(noisy: np.ndarray, t: float) -> np.ndarray:
            return model.denoise(noisy, t, given, _TRUST if t == 1.0 and not len(reference) else 1.0)

        return step

    return in_windows(window_at, noise, window, OVERLAP, STEPS, variety, tell)


Step = Callable[[np.ndarray, float], np.ndarray]
"""(F, C) motion with noise of level t -> (F, C) motion, anew."""


def in_windows(
    window_at: Callable[[int, int, np.ndarray | None], Step],
    noise: np.ndarray,
    window: int,
    overlap: int,
    steps: int,
    variety: np.ndarray,
    tell: Callable[[int], None],
) -> np.ndarray:
    """(F, C) noise, F even -> (F, C) float32 motion in the net's units.

    The first frames of a window are those that the window before made; while the noise is taken away they fade from
    what is there to what is new, so the rest goes on from them. Noise belongs to frames, so the same seed gives nearly
    the same motion whatever the windows are.
    window, overlap: frames of a window, and of it those that the window before has made as well.
    window_at: the step of the window from its first frame to before its last, with the PATCH HISTORY frames before it.
    variety: (C,) 0 the mean of all that may come, which is what the first step sees, 1 one that was drawn.
    tell: called with the number of frames made, after each window.
    """
    frames = len(noise)
    motion = np.zeros(noise.shape, np.float32)
    done = 0
    while done < frames:
        first = max(0, min(done - overlap, frames - window)) if done else 0
        stop = min(first + window, frames)
        step = window_at(first, stop, motion[first - PATCH * HISTORY : first] if first >= PATCH * HISTORY else None)
        known = motion[first:done]
        fade = _fade(len(known), overlap)[:, None]
        x = noise[first:stop]
        likeliest = None
        for t, after in pairwise(np.linspace(1.0, 0.0, steps + 1)):
            clean = step(x, float(t))
            clean[: len(known)] += (known - clean[: len(known)]) * fade
            likeliest = clean if likeliest is None else likeliest
            x = clean + (x - clean) * np.float32(after / t)
        motion[first:stop] = likeliest + (x - likeliest) * variety
        done = stop
        tell(done)
    return motion


def _fade(count: int, overlap: int) -> np.ndarray:
    """(count,) 1 while frames are old, and down to 0 over the last `overlap` of them."""
    left = np.arange(count, 0, -1) - 0.5
    return np.minimum(left / overlap, 1.0).astype(np.float32)
