"""Passage: what is said in one breath, and how a sentence is parted into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ANCHOR = "\ue000"
"""Stands in a text for a place of its markup; readers say where among the words it is."""

SENTENCE_PAUSE, BREATH_PAUSE = 0.35, 0.15  # seconds after a sentence, and inside a parted one
_LONGEST = 400  # letters said in one breath


@dataclass(frozen=True)
class SpokenWord:
    """A word of the text (numbers and units written out, where the reader does so) and its ARPAbet phones.

    emphasis: a level of `garrick.speech.markup`, or "".
    """

    text: str
    phones: tuple[str, ...]
    emphasis: str = ""


@dataclass(frozen=True)
class Passage:
    """What is said in one breath.

    text:     as it is written.
    letters:  as it is pronounced, with stress and punctuation: misaki's letters for English, else espeak-ng's IPA.
    words:    in order; none where the text holds only marks.
    language: a code of espeak-ng ("en-us", "de").
    pause:    seconds of silence after it.
    marks:    (index of the word before which it stands, name); the number of words for one at the end.
    """

    text: str
    letters: str
    words: tuple[SpokenWord, ...]
    language: str
    pause: float
    marks: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Unit:
    """The smallest part that a reader knows: a word, punctuation, or an anchor (`word` None, no letters).

    text, letters: as in `Passage`, each with the space after it.
    """

    text: str
    letters: str
    word: SpokenWord | None = None
    ends_clause: bool = False


Draft = tuple[Passage, tuple[int, ...]]
"""A passage without marks, and for each anchor in it the index of the word before which it stands."""


def pack(sentence: Sequence[Unit], language: str) -> list[Draft]:
    """Part a sentence where a voice would run out of breath: after a clause where there is one."""
    drafts: list[Draft] = []
    held: list[Unit] = []
    size = clause = 0  # letters held, and how many of the held units end with a clause
    for unit in sentence:
        if size + len(unit.letters.rstrip()) > _LONGEST and any(one.word for one in held):
            cut = clause if any(one.word for one in held[:clause]) else len(held)
            drafts.append(_draft(held[:cut], language, BREATH_PAUSE))
            held = held[cut:]
            size, clause = sum(len(one.letters) for one in held), 0
        held.append(unit)
        size += len(unit.letters)
        if unit.ends_clause:
            clause = len(held)
    if any(unit.word or unit.text == ANCHOR for unit in held):
        drafts.append(_draft(held, language, SENTENCE_PAUSE))
    return drafts


def _draft(units: Sequence[Unit], language: str, pause: float) -> Draft:
    words: list[SpokenWord] = []
    anchors: list[int] = []
    for unit in units:
        if unit.text == ANCHOR:
            anchors.append(len(words))
        if unit.word:
            words.append(unit.word)
    text = "".join(unit.text for unit in units if unit.text != ANCHOR).strip()
    letters = "".join(unit.letters for unit in units).strip()
    return Passage(text, letters, tuple(words), language, pause if words else 0.0), tuple(anchors)
