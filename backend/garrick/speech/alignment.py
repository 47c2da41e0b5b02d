"""Known words placed in the voice that says them, by the own net's evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garrick.speech import features, fusion, trellis
from garrick.speech.acoustic import LEAD, SILENT
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.speech import Phone

_LEAST = 3  # frames of a phone
_WINDOW = 2000  # states kept, _LEAST for each phone: some 40 s of speech around the best place


def align(rows: np.ndarray, words: Sequence[Sequence[str]], start: float = 0.0) -> list[Phone]:
    """Place the phones of words -> phones in order, pauses as "SIL", covering the rows without gaps.

    rows:  (T, 40) log probabilities of ARPABET and silence.
    words: the ARPAbet phones of each word; a pause may come before and after each.
    start: seconds at which the rows begin.
    """
    count = sum(map(len, words))
    if len(rows) < count:  # too little sound: everything gets its share of the time
        times = start + np.linspace(0, len(rows) * features.HOP, count + 1)
        known = [symbol for word in words for symbol in word]
        return [Phone(*placed, 0.0) for placed in zip(known, times.tolist(), times[1:].tolist(), strict=False)]
    symbols, pauses = [SILENT], [True]
    for word in words:
        symbols += [ARPABET.index(symbol) for symbol in word] + [SILENT]
        pauses += [False] * len(word) + [True]
    begins = trellis.align(fusion.evidence(rows), np.array(symbols), np.array(pauses), _LEAST, _WINDOW)
    probabilities = np.exp(rows)
    placed = []
    for symbol, first, stop in zip(symbols, begins, begins[1:], strict=False):
        if stop > first:
            sure = float(probabilities[first:stop, symbol].mean())
            begin, end = (max(0.0, int(frame) * features.HOP - LEAD) + start for frame in (first, stop))
            placed.append(Phone(ARPABET[symbol] if symbol < SILENT else SILENCE, begin, end, sure))
    return placed
