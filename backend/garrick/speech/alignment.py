"""Known words placed in the voice that says them, by the own net's evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garrick.speech import features, trellis
from garrick.speech.acoustic import SILENT
from garrick.speech.alphabet import ARPABET, SILENCE, VOWELS
from garrick.speech.speech import Phone

_LEAST = 3  # frames of a phone
_WINDOW = 6000  # states kept: about 40 s of speech around the best place
_OWN, _KIN, _ANY = 0.9, 0.09, 0.01
"""How much evidence counts that is for the phone itself, for its kind (vowel or consonant), and for anything but silence:
people do not say every phone of the dictionary."""
_PAUSE = (
    3.0  # log cost of a frame of silence that may as well be left out, so that closures of stops do not become pauses
)
_FRAME_EDGE = features.HOP / 2  # frame i lasts from half a hop before its centre


def align(rows: np.ndarray, words: Sequence[Sequence[str]], start: float = 0.0) -> list[Phone]:
    """Place the phones of words -> phones in order, pauses as "SIL", covering the rows without gaps.

    rows:  (T, 40) log probabilities of ARPABET and silence.
    words: the ARPAbet phones of each word; a pause may come before and after each.
    start: seconds at which the rows begin.
    """
    symbols, pauses = [SILENT], [True]
    for word in words:
        symbols += [ARPABET.index(symbol) for symbol in word] + [SILENT]
        pauses += [False] * len(word) + [True]
    begins = trellis.align(_evidence(rows), np.array(symbols), np.array(pauses), _LEAST, _WINDOW)
    probabilities = np.exp(rows)
    placed = []
    for symbol, first, stop in zip(symbols, begins, begins[1:], strict=False):
        if stop > first:
            sure = float(probabilities[first:stop, symbol].mean())
            times = (max(0.0, frame * features.HOP - _FRAME_EDGE) + start for frame in (first, stop))
            placed.append(Phone(ARPABET[symbol] if symbol < SILENT else SILENCE, *times, sure))
    return placed


def _evidence(rows: np.ndarray) -> np.ndarray:
    """(T, 40) float32: log of how well each frame goes with each known phone."""
    probabilities = np.exp(rows)
    vowel = np.array([symbol in VOWELS for symbol in ARPABET])
    kin = np.where(
        vowel,
        probabilities[:, :SILENT][:, vowel].sum(1, keepdims=True),
        probabilities[:, :SILENT][:, ~vowel].sum(1, keepdims=True),
    )
    spoken = 1 - probabilities[:, SILENT:]
    phones = _OWN * probabilities[:, :SILENT] + _KIN * kin + _ANY * spoken
    return np.log(np.concatenate([phones, probabilities[:, SILENT:]], axis=1) + 1e-4).astype(np.float32)
