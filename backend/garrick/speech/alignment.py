"""Known words placed in the voice that says them.

By the evidence of the own net; of English words that a person says, or a voice that sounds like one, also by that of the
senones, which have heard people (`garrick.speech.senones`). The two are added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from garrick.speech import features, fusion, trellis, variants
from garrick.speech.acoustic import LEAD, SILENT
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.senones.model import load_senones
from garrick.speech.speech import Phone
from garrick.speech.word_chain import PAUSE, WordChain

_WINDOW = 1000  # nodes kept, two or three for each phone: some 30 s of speech around the best place
SENONES, SENONES_IN_NOISE = 1.0, 0.2
"""What the log likelihood of senones counts. 0.6 to 1 give nearly the same on clean recordings; noise they know less well
than the own net does, which was trained with it."""
_UNLIKELY = -60.0  # such a likelihood below the best one is as bad as it gets
_MOVES = 60  # frames by which the senones may move a word from where the own net has it
_LONG = 2000  # frames: longer sounds are placed in pieces of about this length when senones are heard


@dataclass(frozen=True)
class Sounds:
    """What words can be placed by.

    rows:    (T, 40) log probabilities of ARPABET and silence.
    cepstra: (T, 3, 13) from `senones.cepstra`, of the same frames; None when only the own net is to be heard.
    trust:   SENONES or SENONES_IN_NOISE.
    """

    rows: np.ndarray
    cepstra: np.ndarray | None = None
    trust: float = SENONES

    def part(self, first: int, stop: int) -> Sounds:
        """Some of the frames."""
        cepstra = None if self.cepstra is None else self.cepstra[first:stop]
        return Sounds(self.rows[first:stop], cepstra, self.trust)


def align(sounds: Sounds, words: Sequence[Sequence[str]], start: float = 0.0) -> list[Phone]:
    """Place the phones of words -> phones in order, pauses as "SIL", covering the frames without gaps.

    words: the ARPAbet phones of each word; a pause may come before and after each.
    start: seconds at which the frames begin.
    """
    phones, _ = _place(sounds, [[tuple(word)] for word in words], start)
    return phones


def align_as_spoken(
    sounds: Sounds, words: Sequence[Sequence[str]], start: float = 0.0
) -> tuple[list[Phone], list[tuple[str, ...]]]:
    """The same, each word in the one of its `variants.forms` that is heard -> also the phones of each word."""
    return _place(sounds, [variants.forms(word) for word in words], start)


def _place(
    sounds: Sounds, words: Sequence[Sequence[tuple[str, ...]]], start: float
) -> tuple[list[Phone], list[tuple[str, ...]]]:
    """The phones, and the form of each word; words: all the forms that each may have."""
    if sounds.cepstra is None or len(sounds.rows) <= _LONG:
        return _place_at_once(sounds, words, start)
    phones: list[Phone] = []
    spoken: list[tuple[str, ...]] = []
    for first, stop, own in _pieces(sounds.rows, words):
        placed, said = _place_at_once(sounds.part(first, stop), words[own], start + first * features.HOP)
        phones, spoken = phones + placed, spoken + said
    return phones, spoken


def _pieces(rows: np.ndarray, words: Sequence[Sequence[tuple[str, ...]]]) -> Iterator[tuple[int, int, slice]]:
    """A sound without sure pauses cut in the middle between two words, where the own net has them -> frames, words."""
    if len(rows) < sum(len(forms[0]) for forms in words):
        yield 0, len(rows), slice(None)
        return
    chain = WordChain(words)
    spans = chain.spans(*trellis.follow(fusion.evidence(rows), chain.lattice(), _WINDOW))
    first = word = 0
    for after, ((_, end), (begin, stop)) in enumerate(pairwise(spans), start=1):
        if stop - first > _LONG:
            yield first, (end + begin) // 2, slice(word, after)
            first, word = (end + begin) // 2, after
    yield first, len(rows), slice(word, len(words))


def _place_at_once(
    sounds: Sounds, words: Sequence[Sequence[tuple[str, ...]]], start: float
) -> tuple[list[Phone], list[tuple[str, ...]]]:
    count = sum(len(forms[0]) for forms in words)
    if len(sounds.rows) < count:  # too little sound: everything gets its share of the time
        times = start + np.linspace(0, len(sounds.rows) * features.HOP, count + 1)
        known = [symbol for forms in words for symbol in forms[0]]
        phones = [Phone(*placed, 0.0) for placed in zip(known, times.tolist(), times[1:].tolist(), strict=False)]
        return phones, [forms[0] for forms in words]
    chain = WordChain(words)
    nodes, begins = _best_path(chain, sounds)
    probabilities = np.exp(sounds.rows)
    phones = []
    spoken: list[tuple[str, ...]] = [() for _ in words]
    for node, first, stop in zip(nodes.tolist(), begins.tolist(), begins[1:].tolist(), strict=False):
        symbol, owner = chain.symbols[node], chain.owners[node]
        sure = float(probabilities[first:stop, symbol].mean())
        begin, end = (max(0.0, frame * features.HOP - LEAD) + start for frame in (first, stop))
        phones.append(Phone(ARPABET[symbol] if symbol < SILENT else SILENCE, begin, end, sure))
        if owner != PAUSE:
            spoken[owner] += (ARPABET[symbol],)
    return phones, spoken


def _best_path(chain: WordChain, sounds: Sounds) -> tuple[np.ndarray, np.ndarray]:
    """Nodes, and the frames at which they begin, as `trellis.follow` gives them."""
    lattice, evidence = chain.lattice(), fusion.evidence(sounds.rows)
    path = trellis.follow(evidence, lattice, _WINDOW)
    if sounds.cepstra is None:
        return path
    model = load_senones()
    senones = np.array([model.senones(triphone) for triphone in chain.triphones])
    pairs, columns = np.unique(lattice.sounds * model.count + senones, return_inverse=True)
    symbols, needed = np.divmod(pairs, model.count)
    likely = model.likelihoods(sounds.cepstra, needed, _near(chain, *path)[:, symbols])
    likely = np.maximum(likely - likely.max(axis=1, keepdims=True), _UNLIKELY)
    lattice = replace(lattice, sounds=columns.reshape(lattice.sounds.shape))
    return trellis.follow(evidence[:, symbols] + sounds.trust * likely, lattice, _WINDOW)


def _near(chain: WordChain, nodes: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """(T, 40) bool: where each symbol can be if the words are about where a path has them; silence everywhere."""
    near = np.zeros((begins[-1], SILENT + 1), bool)
    near[:, SILENT] = True
    spans = chain.spans(nodes, begins)
    for symbol, owner in zip(chain.symbols, chain.owners, strict=True):
        if owner != PAUSE:
            first, stop = spans[owner]
            near[max(0, first - _MOVES) : stop + _MOVES, symbol] = True
    return near
