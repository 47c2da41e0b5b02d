"""The ways through known words: one after the other, each in any of its forms, with pauses between that may be left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from garrick.speech import trellis
from garrick.speech.acoustic import SILENT
from garrick.speech.alphabet import ARPABET, SILENCE

THIRDS = 3  # of a phone, one after the other; each lasts a frame at least
PAUSE = -1  # stands for the word of a pause
_OTHERWISE = 4.0  # log cost of another form than the first


class Triphone(NamedTuple):
    """A phone between two others, and whether it begins and ends its word."""

    before: str
    phone: str
    after: str
    begins: bool
    ends: bool


class WordChain:
    """Phones and pauses, as nodes.

    words: the forms of each word, in ARPAbet; beside a word stand the first forms of its neighbours.

    symbols:   of each node, an index into ARPABET, or SILENT.
    owners:    the word that each node belongs to, or PAUSE.
    triphones: of each node.
    """

    def __init__(self, words: Sequence[Sequence[tuple[str, ...]]]) -> None:
        self.symbols: list[int] = []
        self.owners: list[int] = []
        self.triphones: list[Triphone] = []
        self._before: list[dict[int, float]] = []  # of each node: those that it may follow, and the cost
        reached = [trellis.BEGIN]  # the nodes after which a path may go on
        reached.append(self._add_pause(reached))
        for owner, forms in enumerate(words):
            left = words[owner - 1][0][-1] if owner else SILENCE
            right = words[owner + 1][0][0] if owner + 1 < len(words) else SILENCE
            ends: list[int] = []
            for index, form in enumerate(forms):
                follows = dict.fromkeys(reached, _OTHERWISE if index else 0.0)
                around = (left, *form, right)
                for at, symbol in enumerate(form):
                    triphone = Triphone(around[at], symbol, around[at + 2], at == 0, at + 1 == len(form))
                    follows = {self._add(ARPABET.index(symbol), owner, triphone, follows): 0.0}
                ends += follows
            reached = [*ends, self._add_pause(ends)]
        self._ends = [node for node in reached if node != trellis.BEGIN]

    def lattice(self) -> trellis.Lattice:
        """As the search takes it; the sounds are the symbols, all thirds of a node alike."""
        before = np.full((len(self.symbols), max(map(len, self._before))), trellis.NONE)
        costs = np.zeros(before.shape, np.float32)
        for node, follows in enumerate(self._before):
            before[node, : len(follows)] = list(follows)
            costs[node, : len(follows)] = list(follows.values())
        may_end = np.zeros(len(self.symbols), bool)
        may_end[self._ends] = True
        return trellis.Lattice(np.repeat(np.array(self.symbols)[:, None], THIRDS, axis=1), before, costs, may_end)

    def spans(self, nodes: np.ndarray, begins: np.ndarray) -> list[tuple[int, int]]:
        """Where a path through the lattice has each word: its first frame, and the one after its last."""
        spans: dict[int, tuple[int, int]] = {}
        for node, begin, end in zip(nodes.tolist(), begins.tolist(), begins[1:].tolist(), strict=False):
            first, _ = spans.setdefault(self.owners[node], (begin, end))
            spans[self.owners[node]] = first, end
        return [spans[owner] for owner in sorted(spans) if owner != PAUSE]

    def _add_pause(self, follows: Sequence[int]) -> int:
        triphone = Triphone(SILENCE, SILENCE, SILENCE, False, False)
        return self._add(SILENT, PAUSE, triphone, dict.fromkeys(follows, 0.0))

    def _add(self, symbol: int, owner: int, triphone: Triphone, follows: dict[int, float]) -> int:
        self.symbols.append(symbol)
        self.owners.append(owner)
        self.triphones.append(triphone)
        self._before.append(follows)
        return len(self.symbols) - 1
