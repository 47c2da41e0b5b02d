"""What a plain linear model makes of the same recordings: the floor that a net has to be above."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garrick.motion.diffusion.hearing import SOUNDS
from garrick.speech.features import BANDS
from garrick.training.motion.takes import Take

_AROUND = 8  # frames either side
_PENALTY = 1e3
_MELS = slice(SOUNDS, SOUNDS + BANDS)


def ridge(takes: Sequence[Take], held_out: Take, everything: bool) -> np.ndarray:
    """(F, 16) float32 mouth of a take by ridge regression from what is heard in 17 frames.

    everything: from all that the net hears, every other frame of it, and not from the 40 mel bands alone.
    """
    inputs = np.concatenate([_around(take, everything) for take in takes])
    answers = np.concatenate([take.mouth for take in takes])
    mean, deviation, usual = inputs.mean(axis=0), inputs.std(axis=0) + 1e-2, answers.mean(axis=0)
    scaled = (inputs - mean) / deviation
    penalty = _PENALTY * (10 if everything else 1)
    weights = np.linalg.solve(scaled.T @ scaled + penalty * np.eye(scaled.shape[1]), scaled.T @ (answers - usual))
    return (((_around(held_out, everything) - mean) / deviation) @ weights + usual).astype(np.float32)


def _around(take: Take, everything: bool) -> np.ndarray:
    """(F, columns) of what is heard around each frame."""
    rows = take.heard[0, ::2][: len(take)].astype(np.float64)
    rows = rows if everything else rows[:, _MELS]
    padded = np.pad(rows, ((_AROUND, _AROUND), (0, 0)), mode="edge")
    shifts = range(0, 2 * _AROUND + 1, 2 if everything else 1)
    return np.concatenate([padded[shift : shift + len(rows)] for shift in shifts], axis=1)
