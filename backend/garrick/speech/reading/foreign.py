"""Every language that espeak-ng knows, by its rules: IPA with stress, words with their phones."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from garrick.errors import InputError
from garrick.speech import espeak
from garrick.speech.alphabet import to_arpabet
from garrick.speech.reading.passage import ANCHOR, Draft, SpokenWord, Unit, pack

_SPACELESS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
_CLAUSE_MARKS = {mark: own for own, marks in {
    ",": ",،、，", ";": ";；؛", ":": ":：", "—": "—–", ".": ".。।॥։۔።．", "!": "!！", "?": "?？؟;፧", "…": "…",
}.items() for mark in marks}  # fmt: skip
_SENTENCE_ENDS = frozenset(".!?…")
_TOKEN = re.compile(r"\S+")
_ANCHORED = re.compile(rf" ?{ANCHOR} ?")


def read_foreign(text: str, language: str) -> list[Draft]:
    """Part a plain text with anchors. language: one of `espeak.languages`. Raises InputError for kanji."""
    if language == "ja" and any(unicodedata.name(letter, "").startswith("CJK UNIFIED") for letter in text):
        raise InputError("Japanese kanji cannot be read.", "Write the text in hiragana or katakana.")
    plain, anchors = _without_anchors(text)
    clauses = espeak.read(plain, language)
    sentences = _sentences(plain, clauses, language)
    drafts: list[Draft] = []
    placed = 0
    for index, sentence in enumerate(sentences):
        following = sentences[index + 1][0][0] if index + 1 < len(sentences) else len(plain) + 1
        units: list[Unit] = []
        for start, unit in sentence:
            while placed < len(anchors) and anchors[placed] <= start:
                units.append(Unit(ANCHOR, ""))
                placed += 1
            units.append(unit)
        while placed < len(anchors) and anchors[placed] < following:
            units.append(Unit(ANCHOR, ""))
            placed += 1
        drafts += pack(units, language)
    if placed < len(anchors):
        drafts += pack([Unit(ANCHOR, "")] * (len(anchors) - placed), language)
    return drafts


def _without_anchors(text: str) -> tuple[str, list[int]]:
    """The text, and the positions in it at which anchors stood."""
    pieces = _ANCHORED.split(text)
    plain, anchors = pieces[0], []
    for before, piece in pairwise(pieces):
        plain += " " if before and piece and piece[0] not in _CLAUSE_MARKS else ""
        anchors.append(len(plain))
        plain += piece
    return plain, anchors


def _sentences(text: str, clauses: list[list[espeak.Heard]], language: str) -> list[list[tuple[int, Unit]]]:
    """Units with the position of their first character, one list a sentence."""
    tokens = [found.span() for found in _TOKEN.finditer(text)]
    grouped: list[tuple[int, int, list[str]]] = []  # clause, position, IPA
    last_token = None
    for clause, heard in ((index, heard) for index, words in enumerate(clauses) for heard in words):
        token = max(0, bisect_right(tokens, (heard.position, len(text))) - 1)
        if grouped and token == last_token and not _spaceless(text, heard.position):
            grouped[-1][2].extend(heard.ipa)
        else:
            start = heard.position if _spaceless(text, heard.position) else tokens[token][0]
            grouped.append((clause, start, list(heard.ipa)))
        last_token = token
    sentences: list[list[tuple[int, Unit]]] = [[]]
    for index, (clause, start, ipa) in enumerate(grouped):
        after = grouped[index + 1] if index + 1 < len(grouped) else None
        stop = after[1] if after else len(text)
        written = text[start:stop]
        mark = _clause_mark(written) if after is None or after[0] != clause else ""
        phones = tuple(phone for one in ipa for phone in _phones(one, language))
        word = SpokenWord(_stripped(written), phones) if phones else None
        unit = Unit(written, "".join(ipa) + mark + " ", word, ends_clause=bool(mark))
        sentences[-1].append((start, unit))
        if mark in _SENTENCE_ENDS or "\n" in written:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def _spaceless(text: str, position: int) -> bool:
    return position < len(text) and unicodedata.name(text[position], "").startswith(_SPACELESS)


def _clause_mark(written: str) -> str:
    """The punctuation behind a word, as Latin script writes it."""
    found = [_CLAUSE_MARKS[letter] for letter in written if letter in _CLAUSE_MARKS]
    return found[-1] if found else ""


def _stripped(written: str) -> str:
    """Without punctuation around it."""
    return " ".join(filter(None, (_bare(token) for token in written.split()))) or written.strip()


def _bare(token: str) -> str:
    kept = [index for index, letter in enumerate(token) if unicodedata.category(letter)[0] not in "PZ"]
    return token[kept[0] : kept[-1] + 1] if kept else ""


def _phones(ipa: str, language: str) -> Sequence[str]:
    try:
        return to_arpabet(ipa)
    except ValueError as error:
        raise InputError(f"The text has a sound that nobody can say ({language}): {error}") from error
