"""Known words placed in the voice that says them, by the own net's evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garrick.speech import features, fusion, trellis, variants
from garrick.speech.acoustic import LEAD, SILENT
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.speech import Phone

_LEAST = 3  # frames of a phone
_WINDOW = 1000  # nodes kept, two or three for each phone: some 30 s of speech around the best place
_OTHERWISE = 4.0  # log cost of another form than the dictionary's
_PAUSE = -1  # stands for the word of a pause


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
    lattice, _ = _lattice([[word] for word in words])
    nodes, begins = trellis.follow(fusion.evidence(rows), lattice, _LEAST, _WINDOW)
    probabilities = np.exp(rows)
    placed = []
    for symbol, first, stop in zip(lattice.symbols[nodes].tolist(), begins.tolist(), begins[1:].tolist(), strict=False):
        sure = float(probabilities[first:stop, symbol].mean())
        begin, end = (max(0.0, frame * features.HOP - LEAD) + start for frame in (first, stop))
        placed.append(Phone(ARPABET[symbol] if symbol < SILENT else SILENCE, begin, end, sure))
    return placed


def as_spoken(rows: np.ndarray, words: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The way in which each word is said: its phones, or those of the one of its `variants.forms` that is heard.

    rows, words: as in `align`.
    """
    if len(rows) < sum(map(len, words)):
        return [tuple(word) for word in words]
    lattice, owners = _lattice([variants.forms(word) for word in words])
    nodes, _ = trellis.follow(fusion.evidence(rows), lattice, _LEAST, _WINDOW)
    spoken: list[list[str]] = [[] for _ in words]
    for node in nodes.tolist():
        if owners[node] != _PAUSE:
            spoken[owners[node]].append(ARPABET[lattice.symbols[node]])
    return [tuple(word) for word in spoken]


def _lattice(words: Sequence[Sequence[Sequence[str]]]) -> tuple[trellis.Lattice, list[int]]:
    """Words one after the other, each in any of its forms, with a pause before and after that may be left out.

    Also the word that each node belongs to, or _PAUSE.
    """
    symbols: list[int] = []
    before: list[dict[int, float]] = []  # of each node: those that it may follow, and the cost
    owners: list[int] = []

    def add(symbol: int, owner: int, follows: dict[int, float]) -> int:
        symbols.append(symbol)
        owners.append(owner)
        before.append(follows)
        return len(symbols) - 1

    reached = [trellis.BEGIN]  # the nodes after which a path may go on
    reached.append(add(SILENT, _PAUSE, dict.fromkeys(reached, 0.0)))
    for owner, forms in enumerate(words):
        ends: list[int] = []
        for index, form in enumerate(forms):
            follows = dict.fromkeys(reached, _OTHERWISE if index else 0.0)
            for symbol in form:
                follows = {add(ARPABET.index(symbol), owner, follows): 0.0}
            ends += follows
        reached = [*ends, add(SILENT, _PAUSE, dict.fromkeys(ends, 0.0))]
    table = np.full((len(symbols), max(map(len, before))), trellis.NONE)
    costs = np.zeros(table.shape, np.float32)
    for node, follows in enumerate(before):
        table[node, : len(follows)] = list(follows)
        costs[node, : len(follows)] = list(follows.values())
    may_end = np.zeros(len(symbols), bool)
    may_end[[node for node in reached if node != trellis.BEGIN]] = True
    return trellis.Lattice(np.array(symbols), table, costs, may_end), owners
