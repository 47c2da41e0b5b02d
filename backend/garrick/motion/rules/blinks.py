"""Blinks: when they come and how the lids move."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from garrick.core.edits import LID_FALL, LID_RISE, lid_drop
from garrick.core.timing import frame_times, nearest_frame
from garrick.speech.speech import Prosody

RATE = 26.0  # blinks a minute in conversation (Bentivoglio et al. 1997)
_SIGMA = 0.6  # of the log-normal intervals
APART = 0.4  # seconds at least between two blinks
DRAWN = 0.35  # seconds over which a pause or a gaze shift draws a blink to itself
_AFTER = 0.05  # seconds from the end of a phrase to its blink
FIRST = 0.5  # seconds: a clip starts with open eyes
_LAST = 0.25  # seconds: and ends with them, as its last frame is often held


def blink_times(duration: float, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Draw when the lids shut, in seconds: log-normal intervals, `rate` a minute on average; none for a rate of 0."""
    if rate <= 0:
        return np.zeros(0)
    times, time = [], FIRST + 60 / rate * rng.random()
    while time < duration:
        times.append(time)
        time += blink_interval(rate, rng)
    return np.array(times)


def blink_interval(rate: float, rng: np.random.Generator) -> float:
    """Draw the seconds from one blink to the next, `rate` a minute on average; infinite for a rate of 0."""
    if rate <= 0:
        return np.inf
    return max(60 / rate * float(np.exp(_SIGMA * rng.standard_normal() - _SIGMA**2 / 2)), APART)


def place(times: np.ndarray, occasions: np.ndarray) -> np.ndarray:
    """Move each blink to the nearest occasion within reach, if it is still free; order and distance are kept."""
    placed: list[float] = []
    for time in times:
        free = occasions[(np.abs(occasions - time) <= DRAWN) & (occasions >= FIRST)]
        free = free[free >= placed[-1] + APART] if placed else free
        at = float(free[np.argmin(np.abs(free - time))]) if len(free) else float(time)
        placed.append(max(at, placed[-1] + APART) if placed else at)
    return np.array(placed)


def open_at_the_end(times: np.ndarray, duration: float) -> np.ndarray:
    """(N,) seconds without those of blinks that a clip's end would cut off."""
    return times[times <= duration - _LAST]


def after_phrases(prosody: Prosody) -> np.ndarray:
    """(N,) seconds: just after the end of each phrase, where speakers blink (Cummins 2010)."""
    return prosody.phrase_ends.astype(np.float64) + _AFTER


def blink_curve(times: np.ndarray, frames: int, fps: Fraction) -> np.ndarray:
    """(N,) seconds -> (F,) 0 open .. 1 shut. Each blink shuts the eyes fully on the frame nearest to its time."""
    shown = frame_times(frames, fps)
    curve = np.zeros(frames)
    for time in times:
        shut = shown[min(max(nearest_frame(time, fps), 0), frames - 1)]
        first, last = np.searchsorted(shown, [shut - LID_FALL, shut + LID_RISE])
        curve[first:last] = np.maximum(curve[first:last], lid_drop(shown[first:last] - shut))
    return curve
