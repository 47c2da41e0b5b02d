"""Whether a clip repeats itself: a head that goes round in a loop, a face that knows few expressions.

A loop is motion that comes again after the same time, and goes on doing so: one look-alike nod is none, and stillness is
none however long it lasts, for only what moves is asked whether it was seen before.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from garrick.core.arkit import ARKIT_NAMES
from garrick.errors import InputError
from garrick.evaluation.metric import CLOSER, LOWER, Metric, Score, score

LOOPING = 0.5  # of the motion: a report should speak of a loop from here

REPEATED = Metric(
    "repeated motion", "share", LOWER, "share of the moving frames that come again after one and the same time", 250
)  # fmt: skip
MODES = Metric(
    "expression modes", "", CLOSER, "leader clusters of the face without speech, blinks and gaze, held for 0.25 s", 250
)  # fmt: skip

EXPRESSION: tuple[int, ...] = tuple(
    index
    for index, name in enumerate(ARKIT_NAMES)
    if name.startswith(("brow", "cheek", "nose", "eyeSquint", "eyeWide", "mouthSmile", "mouthFrown", "mouthDimple"))
)
"""Curves that show a mood; the others speak, blink or look."""

_WINDOW = 2.0  # seconds that must be alike
_SHORTEST, _LONGEST = 0.6, 30.0  # seconds of period; a faster tremble is jitter, a slower loop is seen by nobody
_SMOOTHING = 0.1  # seconds, standard deviation: the noise of a tracker is never the same twice
_ALIKE = 0.12  # squared difference over the sum of both variances: 0 the same, 1 nothing in common
_LASTING = 3.0  # seconds through which the likeness must go on
_NEARLY = 0.9  # of the greatest share: the shortest such period is the loop's own, the longer are its multiples
_STILL_TURN = np.radians(0.3)  # deviation of a head within a window, below which it rests
_STILL_WEIGHT = 0.02  # the same of the face's weights, root of the summed squares
_APART = 0.15  # Euclidean distance of two expressions that a viewer tells apart
_HELD = 0.25  # seconds


@dataclass(frozen=True)
class Repetition:
    """What of a clip comes again.

    share:  see REPEATED; nan where nothing moves.
    period: seconds after which it comes again; nan where nothing does.
    moving: share of the clip's frames that move at all.
    """

    share: Score
    period: float
    moving: float

    @property
    def looping(self) -> bool:
        """Whether a report should speak of a loop."""
        return bool(self.share.value >= LOOPING)

    def sentence(self) -> str:
        """For a report: "motion repeats every 3.2 s through 84 % of what moves"."""
        if not self.looping:
            return "motion does not repeat"
        return f"motion repeats every {self.period:.1f} s through {self.share.value:.0%} of what moves"


def head_repetition(rotations: np.ndarray, fps: Fraction) -> Repetition:
    """Loops of a head: (F, 3) axis-angle, radians."""
    if rotations.ndim != 2 or rotations.shape[1] != 3:
        raise InputError(f"Head rotations must be frames by 3, not of the shape {rotations.shape}.")
    return _repetition(rotations, fps, _STILL_TURN)


def face_repetition(face: np.ndarray, fps: Fraction) -> Repetition:
    """Loops of a face: (F, 52) weights, of which EXPRESSION is looked at: words do come again."""
    return _repetition(_expression(face), fps, _STILL_WEIGHT)


def expression_modes(face: np.ndarray, fps: Fraction) -> Score:
    """How many expressions that can be told apart (F, 52) weights hold for 0.25 s or longer; a still face has one.

    Leader clustering: the first frame leads; the frame farthest from every leader leads next, until none is farther than
    _APART. What is only passed through on the way from one to another is not held.
    """
    shown = _expression(face)
    nearest = np.linalg.norm(shown - shown[0], axis=1)
    owner = np.zeros(len(shown), int)
    leaders = 1
    while nearest.max() > _APART:
        distance = np.linalg.norm(shown - shown[np.argmax(nearest)], axis=1)
        owner[distance < nearest] = leaders
        nearest = np.minimum(nearest, distance)
        leaders += 1
    long_enough = max(1, min(round(_HELD * float(fps)), len(shown)))
    edges = np.concatenate([[0], np.flatnonzero(np.diff(owner)) + 1, [len(owner)]])
    held = {int(owner[start]) for start, stop in pairwise(edges) if stop - start >= long_enough}
    return score(MODES, float(max(1, len(held))), len(shown))


def long_enough(frames: int, fps: Fraction) -> bool:
    """Whether a clip can be asked for loops: two windows of 2 s."""
    return frames >= 2 * round(_WINDOW * float(fps))


def _expression(face: np.ndarray) -> np.ndarray:
    """(F, 52) -> (F, E) float64."""
    if face.ndim != 2 or face.shape[1] != len(ARKIT_NAMES) or len(face) == 0:
        raise InputError(f"Face curves must be frames by {len(ARKIT_NAMES)}, not of the shape {face.shape}.")
    _check_known(face)
    return np.asarray(face, np.float64)[:, list(EXPRESSION)]


def _check_known(curves: np.ndarray) -> None:
    if not np.isfinite(curves).all():
        raise InputError(
            "Some frames have no motion (the face was not found there).", "Cut the clip, or fill the gaps."
        )


def _repetition(curves: np.ndarray, fps: Fraction, still: float) -> Repetition:
    """Compare (F, C) curves with themselves at every lag, and keep the lag at which most of the motion comes again."""
    rate = float(fps)
    window = round(_WINDOW * rate)
    if not long_enough(len(curves), fps):
        raise InputError(
            f"Repetition needs {2 * _WINDOW:g} s or more, not {len(curves) / rate:.1f} s.", "Give a longer clip."
        )
    _check_known(curves)
    curves = gaussian_filter1d(np.asarray(curves, np.float64), _SMOOTHING * rate, axis=0, mode="nearest")
    variance = _variance(curves, window)
    moves = variance > still**2
    moving = float(moves.mean())
    if not moves.any():
        return Repetition(score(REPEATED, np.full(1, np.nan)), float("nan"), moving)
    # a lag beyond half of the clip leaves less than half of it to compare: not a loop, one part seen twice
    lags = np.arange(round(_SHORTEST * rate), min(len(curves) // 2, round(_LONGEST * rate)) + 1)
    frames, distances = np.zeros(len(lags), int), np.zeros(len(lags))
    for index, lag in enumerate(lags):
        difference = np.square(curves[lag:] - curves[:-lag]).sum(axis=1)
        frames[index] = (_again(difference, variance, moves, window, rate) & moves).sum()
        distances[index] = difference.mean()
    if not frames.max():
        return Repetition(score(REPEATED, 0.0, len(curves)), float("nan"), moving)
    # the first run of lags that all do nearly as well lies around the period; in it the likest is the period itself
    good = np.flatnonzero(frames >= _NEARLY * frames.max())
    run = good[: int(np.argmax(np.diff(good, append=good[-1] + 2) > 1)) + 1]
    best = run[np.argmin(distances[run])]
    return Repetition(score(REPEATED, frames[best] / moves.sum(), len(curves)), float(lags[best] / rate), moving)


def _again(difference: np.ndarray, variance: np.ndarray, moves: np.ndarray, window: int, rate: float) -> np.ndarray:
    """(F - lag,) squared difference of frames that lie a lag apart -> (F,) whether a frame lies in a stretch that comes
    again, or came before, that far away."""
    lag = len(moves) - len(difference)
    early, late = slice(None, -lag), slice(lag, None)
    alike = uniform_filter1d(difference, window, mode="nearest") <= _ALIKE * (variance[early] + variance[late])
    # both move; a stretch may run on through a rest, which is the same in both or it would not be alike
    resting = ~moves[early] & ~moves[late]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (alike | resting).astype(int), [0]])))
    again = np.zeros(len(moves), bool)
    for start, stop in edges.reshape(-1, 2):
        if (alike & ~resting)[start:stop].sum() >= _LASTING * rate:
            again[start:stop] = True
            again[start + lag : stop + lag] = True
    return again


def _variance(curves: np.ndarray, window: int) -> np.ndarray:
    """(F, C) -> (F,) variance within the window around each frame, summed over the curves."""
    centred = curves - curves.mean(axis=0)
    mean = uniform_filter1d(centred, window, axis=0, mode="nearest")
    square = uniform_filter1d(np.square(centred), window, axis=0, mode="nearest")
    return np.maximum(square - np.square(mean), 0).sum(axis=1)
