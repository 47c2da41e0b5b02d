"""The live net's answer for sound that comes in pieces: a row every 10 ms, each at most AHEAD seconds after its frame."""

from __future__ import annotations

import copy

import numpy as np

from garrick.speech import acoustic, features

AHEAD = 0.0825
"""Seconds of sound after the centre of a frame that its row needs."""

_NET = "phones_live"
_PAST = 88  # frames before a row that the net sees
_AHEAD = 6  # frames after the latest row that it sees
_HALF = 200  # samples of half a window
_BEFORE = 2  # frames whose sound is kept, so that the next frame's window is whole


class LiveRows:
    """One voice. The same pushes give the same rows; other pushes of the same sound, nearly the same ones."""

    def __init__(self) -> None:
        self._sound = np.zeros(0, np.float32)
        self._first = 0  # frame on which `_sound` starts
        self._samples = 0
        self._normaliser = features.RunningNormaliser((features.BANDS,))
        self._mels = np.zeros((0, features.BANDS), np.float32)
        self._start = 0  # frame of the first of `_mels`
        self._given = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """(n,) float32 more at 16 kHz -> (k, 40) log probabilities of ARPABET and silence: the rows that follow."""
        self._samples += len(samples)
        self._sound = np.concatenate([self._sound, samples])
        self._mels = np.concatenate([self._mels, self._normaliser.push(self._new_mels())])
        rows = self._rows()
        self._given += len(rows)
        old = max(0, self._given - _PAST - self._start) // 2 * 2  # the net hears frames in pairs
        self._mels, self._start = self._mels[old:], self._start + old
        return rows

    def rest(self, samples: np.ndarray) -> np.ndarray:
        """(k, 40): the rows up to the end of these (n,) samples more, as if silence followed; all of it will come again."""
        ahead = copy.deepcopy(self)
        silence = np.zeros(round((AHEAD + 2 * features.HOP) * features.STEP / features.HOP), np.float32)
        rows = ahead.push(np.concatenate([samples, silence]))
        return rows[: (self._samples + len(samples)) // features.STEP + 1 - self._given]

    def _new_mels(self) -> np.ndarray:
        """(k, 40) log mels of the frames whose windows are whole by now; forgets the sound before them."""
        done = self._start + len(self._mels)
        stop = (self._samples - _HALF) // features.STEP + 1 if self._samples >= _HALF else 0
        if stop <= done:
            return np.zeros((0, features.BANDS), np.float32)
        piece = self._sound[: (stop - 1 - self._first) * features.STEP + _HALF]
        mels = features.log_mels(features.power_spectrum(piece))[done - self._first : stop - self._first]
        keep = max(0, stop - _BEFORE)
        self._sound, self._first = self._sound[(keep - self._first) * features.STEP :], keep
        return mels

    def _rows(self) -> np.ndarray:
        """(k, 40): what the net says of the frames that it has not yet spoken about and sees enough of."""
        even = len(self._mels) // 2 * 2
        stop = self._start + even - _AHEAD
        if stop <= self._given:
            return np.zeros((0, acoustic.SILENT + 1), np.float32)
        rows = acoustic.run(_NET, self._mels[:even])
        return acoustic.with_silence(rows[self._given - self._start : stop - self._start])
