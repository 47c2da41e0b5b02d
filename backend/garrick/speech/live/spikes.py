"""What hama hears while the sound comes: the latest sound again and again, as it cannot go on where it stopped."""

from __future__ import annotations

import numpy as np

from garrick.speech.recogniser import BLANK, FRAME, FRAME_SAMPLES, hear

EVERY = 1920  # samples, 120 ms: hama's work is most of what a stream costs
HEARD = 0.5  # seconds heard at once
_WINDOW = round(HEARD / FRAME)
_TOLD = 12  # frames at the end of that whose rows count: the earlier ones were heard better, with more before them
_KEPT = 200


class LiveSpikes:
    """hama's latest answers, a row each FRAME seconds; a row may change until _TOLD frames have come."""

    def __init__(self) -> None:
        self._sound = np.zeros(0, np.float32)
        self._rows = np.zeros((0, BLANK + 1), np.float32)
        self._heard = 0  # frames; `_rows` ends there

    @property
    def heard(self) -> float:
        """Seconds that have been heard."""
        return self._heard * FRAME

    def push(self, samples: np.ndarray, speaking: bool) -> None:
        """Hear (EVERY,) float32 more at 16 kHz; when nobody is speaking in the latest of it, it costs nothing."""
        self._sound = np.concatenate([self._sound, samples])[-_WINDOW * FRAME_SAMPLES :]
        new = len(samples) // FRAME_SAMPLES
        self._heard += new
        fresh = hear(self._sound, 0, len(self._sound) // FRAME_SAMPLES)[-_TOLD:] if speaking else _silent(new)
        self._rows = np.concatenate([self._rows[: len(self._rows) + new - len(fresh)], fresh])[-_KEPT:]

    def rows(self, first: int, count: int) -> np.ndarray:
        """(count, 40) log probabilities of the phones and BLANK from a frame on; BLANK where nothing is known."""
        found = _silent(count)
        start = self._heard - len(self._rows)
        begin, stop = max(first, start), min(first + count, self._heard)
        if stop > begin:
            found[begin - first : stop - first] = self._rows[begin - start : stop - start]
        return found


def _silent(count: int) -> np.ndarray:
    rows = np.full((count, BLANK + 1), np.log(1e-8), np.float32)
    rows[:, BLANK] = 0.0
    return rows
