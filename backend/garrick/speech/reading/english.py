"""English by hibari's own reading rules (misaki's, Apache-2.0), American or British."""

from __future__ import annotations

import re
from functools import lru_cache

from garrick.speech.alphabet import to_arpabet
from garrick.speech.reading.passage import ANCHOR, Draft, SpokenWord, Unit, pack
from garrick.weights import registry

_CLAUSE_ENDS = frozenset(",;:—.!?…")
_QUOTES = '"“”()[]'
_R_VOWEL = re.compile(r"[əɜ]ɹ(?![ˈˌ])|.")  # misaki writes ER as two letters; each other letter stands alone
_LONG_NUMBER = re.compile(r"\d{22,}")  # no number has a name that long
_LONG_WORD = re.compile(r"[^\W\d_]{100}")
_MONEY = re.compile(r"(?<!\w)([$£€])\s?(\d+(?:,\d{3})*)(\.\d+)?(?![.,]?\d)(?:\s(thousand|million|billion|trillion)\b)?")
_COINS = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
}
_TELEPHONE = re.compile(r"(?<![\w.,-])(?:(\d{3})-)?(\d{3})-(\d{4})(?![\w-])")


def read_english(text: str, language: str) -> list[Draft]:
    """Part a plain text with anchors. language: "en-us" or "en-gb"."""
    from hibari import Hibari

    registry.path("hibari")
    text = _LONG_NUMBER.sub(lambda number: " ".join(number.group()), text)
    text = _LONG_WORD.sub(r"\g<0> ", text)  # the rules take longer and longer over an endless one
    grammar = _grammar(language == "en-gb")
    sentences = Hibari.split_sentences(_TELEPHONE.sub(_digit_by_digit, text))
    return [draft for sentence in sentences for draft in pack(_units(sentence, grammar), language)]


def written_out(text: str) -> str:
    """Dates, times, units and abbreviations as words; plain numbers and money stay."""
    from hibari.g2p.normalize import normalize

    return normalize(text)


def money_in_words(text: str) -> str:
    """ "$12.50" as "12 dollars and 50 cents", for espeak-ng, which says "dollar twelve point five zero"."""
    return _MONEY.sub(_amount, text)


def _amount(found: re.Match[str]) -> str:
    sign, whole, part, scale = found.groups()
    one, many, coin, coins = _COINS[sign]
    if scale or (part and len(part) != 3):
        return " ".join(filter(None, (whole + (part or ""), scale, many)))
    change = int(part[1:]) if part else 0
    said = [f"{whole} {one if whole == '1' else many}"] if whole != "0" or not change else []
    return " and ".join([*said, *([f"{change} {coin if change == 1 else coins}"] if change else [])])


def _units(sentence: str, grammar) -> list[Unit]:
    units = []
    for token in grammar.phonemize_tokens(grammar.tokenize(written_out(sentence))):
        if ANCHOR in token.text:
            units += [Unit(ANCHOR, "")] * token.text.count(ANCHOR)
            continue
        spoken, space = token.phonemes or "", " " if token.whitespace else ""
        phones = _phones(spoken)
        word = SpokenWord(token.text.strip(_QUOTES) or token.text, phones) if phones else None
        ends_clause = bool(spoken) and spoken[-1] in _CLAUSE_ENDS
        units.append(Unit(token.text + space, spoken + space, word, ends_clause))
    return units


def _phones(letters: str) -> tuple[str, ...]:
    """misaki's letters -> ARPAbet."""
    open_front = letters.replace("a", "æ")  # the British "a" of "cat"; in IPA at large it is the one of "father"
    return tuple(phone for match in _R_VOWEL.finditer(open_front) for phone in to_arpabet(match.group()))


def _digit_by_digit(number: re.Match[str]) -> str:
    return ", ".join(" ".join(group) for group in number.groups() if group)


@lru_cache(maxsize=2)
def _grammar(british: bool):
    from hibari.g2p import G2P

    return G2P(british=british)
