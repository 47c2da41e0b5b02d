"""IPA as the engines write it -> ARPAbet, the phones of `Speech`."""

from __future__ import annotations

import unicodedata

SILENCE = "SIL"

VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
BILABIALS = frozenset(["P", "B", "M"])
LABIODENTALS = frozenset(["F", "V"])
ARPABET: tuple[str, ...] = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
"""The 39 phones of the CMU dictionary, without stress."""

# Longest spelling first when read. Sounds that English lacks go to the phone whose mouth looks most like theirs.
_TABLE: dict[str, str] = {
    # diphthongs, as two letters and as the single letters of the misaki alphabet
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "ai": "AY", "au": "AW", "ei": "EY",
    "ou": "OW", "ɔi": "OY", "I": "AY", "W": "AW", "A": "EY", "O": "OW", "Q": "OW", "Y": "OY",
    # vowels
    "i": "IY", "y": "UW", "ɪ": "IH", "ʏ": "UH", "ɨ": "IH", "ᵻ": "IH", "e": "EY", "ø": "UH", "ɛ": "EH", "œ": "UH",
    "æ": "AE", "a": "AA", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "o": "OW", "ɤ": "AH", "ʌ": "AH", "ɐ": "AH", "ə": "AH",
    "ɘ": "AH", "ᵊ": "AH", "ɵ": "UH", "ɜ": "ER", "ɝ": "ER", "ɚ": "ER", "ɜɹ": "ER", "əɹ": "ER", "ʊ": "UH", "u": "UW",
    "ʉ": "UW", "ɯ": "UH", "à": "AA", "ã": "AA", "ä": "AA", "å": "AO", "ẽ": "EY", "ì": "IY", "ĩ": "IY", "ǐ": "IY",
    "õ": "OW", "ũ": "UW", "eə": "EH", "ɪə": "IH",
    # lips
    "p": "P", "b": "B", "ɓ": "B", "ʙ": "B", "m": "M", "ɸ": "F", "β": "V", "f": "F", "v": "V", "ʋ": "V", "ɱ": "M",
    "w": "W", "ʍ": "W", "ɥ": "W",
    # tongue tip
    "t": "T", "T": "T", "ʈ": "T", "d": "D", "ɖ": "D", "ɗ": "D", "ɾ": "T", "ɽ": "D", "n": "N", "ɳ": "N", "ñ": "N",
    "ʦ": "T", "ʣ": "D",
    "θ": "TH", "ð": "DH", "s": "S", "z": "Z", "ẑ": "Z", "l": "L", "ɫ": "L", "ɭ": "L", "ɮ": "L", "ɬ": "L", "ɹ": "R",
    "r": "R", "ɻ": "R", "ʀ": "R",
    # hard palate
    "ʃ": "SH", "ʒ": "ZH", "ʂ": "SH", "ʐ": "ZH", "ɕ": "SH", "ʑ": "ZH", "tʃ": "CH", "dʒ": "JH", "tɕ": "CH", "dʑ": "JH",
    "ʧ": "CH", "ʤ": "JH", "ʨ": "CH", "ʥ": "JH", "j": "Y", "ʝ": "Y", "ç": "HH", "ɲ": "N",
    "ʎ": "L", "c": "K", "ɟ": "G",
    # back and throat
    "q": "K", "k": "K", "g": "G", "ɡ": "G", "ŋ": "NG", "ɴ": "NG", "ɣ": "G", "x": "HH", "χ": "HH", "ʁ": "R", "ɰ": "W",
    "h": "HH", "ɦ": "HH", "ħ": "HH",
    # ASCII spellings that espeak-ng leaves in Kyrgyz, Uzbek, Oromo, Danish, Cherokee
    "N": "NG", "S": "SH", "tS": "CH", "X": "HH", "Z": "ZH", "dZ": "JH", "Φ": "F", "ε": "EH",
}  # fmt: skip

_LONGEST = max(map(len, _TABLE))
_LETTERS = frozenset("".join(_TABLE))
_GAP = " "


def to_arpabet(ipa: str) -> tuple[str, ...]:
    """Read IPA -> ARPAbet phones.

    Combining marks and tie bars are skipped; stress, length, tone, throat sounds, spaces and punctuation part phones.
    Raises ValueError naming the first letter that is not in the table.
    """
    letters = _plain(ipa)
    phones: list[str] = []
    at = 0
    while at < len(letters):
        for length in range(min(_LONGEST, len(letters) - at), 0, -1):
            phone = _TABLE.get(letters[at : at + length])
            if phone is not None:
                phones.append(phone)
                at += length
                break
        else:
            if letters[at] != _GAP:
                raise ValueError(f"{letters[at]!r} (U+{ord(letters[at]):04X}) is no IPA letter that can be spoken.")
            at += 1
    return tuple(phones)


def _plain(ipa: str) -> str:
    """Letters only, with _GAP for everything that parts them."""
    composed = unicodedata.normalize("NFC", ipa)
    kept = (letter for letter in composed if letter in _LETTERS or not unicodedata.category(letter).startswith("M"))
    return "".join(letter if letter in _LETTERS or _is_spoken(letter) else _GAP for letter in kept)


def _is_spoken(letter: str) -> bool:
    """Whether it is a true letter (one that the table lacks is an error); the throat's sounds have no mouth of their own."""
    return unicodedata.category(letter) in ("Ll", "Lu", "Lo", "Lt") and letter not in "ʔʕ"
