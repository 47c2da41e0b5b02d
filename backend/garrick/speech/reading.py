"""Text -> what is spoken: sentences, words and phones, by hibari's own reading rules (misaki's, Apache-2.0)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from garrick.errors import InputError
from garrick.speech.alphabet import to_arpabet
from garrick.weights import registry

LONGEST_TEXT = 5000  # characters
_LONGEST_PASSAGE = 400  # letters of the voice's alphabet said in one breath
_CLAUSE_ENDS = frozenset(",;:—.!?…")
_SPEAKABLE = frozenset("°©®™")
_QUOTES = '"“”()[]'
_R_VOWEL = re.compile(r"[əɜ]ɹ(?![ˈˌ])|.")  # misaki writes ER as two letters; each other letter stands alone


@dataclass(frozen=True)
class SpokenWord:
    """A word of the text (numbers and units written out) and its ARPAbet phones."""

    text: str
    phones: tuple[str, ...]


@dataclass(frozen=True)
class Passage:
    """What is said in one breath.

    letters:       the voice's own spelling, with stress and punctuation.
    words:         in order.
    ends_sentence: False where a long sentence had to be parted.
    """

    letters: str
    words: tuple[SpokenWord, ...]
    ends_sentence: bool


def read(text: str) -> list[Passage]:
    """Part an English text into passages with words and phones.

    Raises InputError for an empty or too long text, letters that the voice cannot say, or nothing to say.
    """
    sentences = synthesiser().split_sentences(_checked(text))
    passages = [passage for sentence in sentences for passage in _passages(sentence)]
    if not passages:
        raise InputError("There is nothing to say in the text.", "Write at least one word.")
    return passages


def _checked(text: str) -> str:
    """The text in plain letters. Raises InputError."""
    if not text.strip():
        raise InputError("The text is empty.", "Write what is to be said.")
    if len(text) > LONGEST_TEXT:
        raise InputError(
            f"The text has {len(text):,} characters; at most {LONGEST_TEXT:,} can be said at once.",
            "Cut it into shorter texts.",
        )
    plain = unicodedata.normalize("NFKC", text).replace("\u2044", "/")  # ½ becomes 1⁄2
    plain = "".join(character for character in plain if unicodedata.category(character) != "Cf")  # soft hyphens, marks
    unknown = list(dict.fromkeys(character for character in plain if not _can_say(character)))
    if unknown:
        named = ", ".join(f"{character!r}" for character in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        raise InputError(f"The voice cannot say {named}.", "It speaks English only: write the text in Latin letters.")
    return plain


def _can_say(character: str) -> bool:
    kind = unicodedata.category(character)
    if kind[0] == "L":
        return unicodedata.name(character, "").startswith("LATIN")
    if kind == "Nd":
        return character.isascii()
    return (
        kind[0] in "PZM"
        or kind in ("Sc", "Sk")
        or character in "\n\t\r"
        or character.isascii()
        or character in _SPEAKABLE
    )


def _passages(sentence: str) -> list[Passage]:
    """One sentence, parted where the voice would run out of breath: after a clause where there is one."""
    from hibari.g2p.normalize import normalize

    grammar = synthesiser().g2p
    tokens = grammar.phonemize_tokens(grammar.tokenize(normalize(sentence)))
    passages: list[Passage] = []
    letters, words, clause = "", [], (0, 0)  # clause: letters and words up to the last clause end
    for token in tokens:
        spoken = token.phonemes or ""
        if words and len(letters) + len(spoken) > _LONGEST_PASSAGE:
            cut = clause if clause[1] else (len(letters), len(words))
            passages.append(Passage(letters[: cut[0]].strip(), tuple(words[: cut[1]]), ends_sentence=False))
            letters, words, clause = letters[cut[0] :], words[cut[1] :], (0, 0)
        letters += spoken + (" " if token.whitespace else "")
        phones = _phones(spoken)
        if phones:
            words.append(SpokenWord(token.text.strip(_QUOTES) or token.text, phones))
        if spoken and spoken[-1] in _CLAUSE_ENDS:
            clause = len(letters), len(words)
    if words:
        passages.append(Passage(letters.strip(), tuple(words), ends_sentence=True))
    return passages


def _phones(letters: str) -> tuple[str, ...]:
    """misaki's letters -> ARPAbet."""
    return tuple(phone for match in _R_VOWEL.finditer(letters) for phone in to_arpabet(match.group()))


@lru_cache(maxsize=1)
def synthesiser():
    registry.path("hibari")
    from hibari import Hibari

    return Hibari()  # the voice inside the package: the only one that needs no download
