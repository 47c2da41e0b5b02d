"""Smoothing of what comes frame by frame: much where it rests, little where it moves, and never knowing what follows."""

from __future__ import annotations

import numpy as np


class OneEuro:
    """The one-euro filter (Casiez, Roussel and Vogel 2012): a low-pass whose cutoff rises with the speed.

    rest:  (C,) Hz, the cutoff of what does not move.
    speed: (C,) Hz by which the cutoff rises for each unit a second.
    """

    def __init__(self, rest: np.ndarray, speed: np.ndarray) -> None:
        self._rest, self._speed = rest, speed
        self._time: float | None = None
        self._value = self._slope = np.zeros(len(rest))

    def step(self, time: float, value: np.ndarray) -> np.ndarray:
        """(C,) smoothed; time: seconds, later than the last."""
        if self._time is None:
            self._value = value.astype(np.float64)
        else:
            past = time - self._time
            slope = (value - self._value) / past
            self._slope = self._slope + _share(np.array(_SLOPE_CUTOFF), past) * (slope - self._slope)
            share = _share(self._rest + self._speed * np.abs(self._slope), past)
            self._value = self._value + share * (value - self._value)
        self._time = time
        return self._value.copy()


_SLOPE_CUTOFF = 1.0  # Hz, of the speed itself, as in the paper


def _share(cutoff: np.ndarray, past: float) -> np.ndarray:
    """Of what is new, after so many seconds."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff * past))
