"""Other ways to say a word: besides what the dictionary has, the weak forms of running speech.

A synthetic voice says what it is told and needs none of this. Most forms are those of J. C. Wells, Longman Pronunciation
Dictionary (2008). Forms that differ in one reduced vowel or by a dropped t or d alone are left out on purpose: the own
net cannot tell them apart well enough, and with them alignments of real speech became worse.
"""

from __future__ import annotations

from collections.abc import Sequence

_FORMS: dict[str, tuple[str, ...]] = {
    # articles, conjunctions, prepositions
    "DH AH": ("DH IY",), "DH IY": ("DH AH",), "AH N": ("AE N",), "AE N D": ("AH N D", "AH N", "N"),
    "AH N D": ("AE N D", "AH N", "N"), "AH V": ("AH",), "AO R": ("ER",), "F AO R": ("F ER",), "F ER": ("F AO R",),
    "T UW": ("T AH",), "T AH": ("T UW",), "AE T": ("AH T",), "AE Z": ("AH Z",), "B IH K AO Z": ("B IH K AH Z", "K AH Z"),
    "B IH K AH Z": ("B IH K AO Z", "K AH Z"), "AH N T IH L": ("T IH L",),
    # pronouns
    "Y UW": ("Y AH",), "Y AO R": ("Y ER",), "Y UH R": ("Y AO R", "Y ER"), "HH IY": ("IY",), "HH IH Z": ("IH Z",),
    "HH IH M": ("IH M",), "HH ER": ("ER",), "DH EH M": ("DH AH M",), "DH AE T": ("DH AH T", "AE T"),
    "DH AH T": ("DH AE T", "AE T"),
    # verbs
    "AA R": ("ER",), "W ER": ("W IH R",), "W IH R": ("W ER",), "W AA Z": ("W AH Z",), "W AH Z": ("W AA Z",),
    "AE M": ("AH M",), "AY M": ("AH M",), "HH AE V": ("AE V", "AH V"), "HH AE Z": ("AE Z", "AH Z"),
    "HH AE D": ("AE D", "AH D"), "K AE N": ("K AH N",), "K AH N": ("K AE N",), "W IH L": ("AH L",), "W UH D": ("AH D",),
    "D UW": ("D AH",), "D OW N T": ("D AH N",), "G OW IH NG": ("G AH N",), "DH EH R": ("DH ER",),
    "DH EH R Z": ("DH ER Z",),
    # words of conversation
    "P R AA B AH B L IY": ("P R AA B L IY",), "OW K EY": ("K EY",), "N OW": ("N AH",),
}  # fmt: skip


def forms(phones: Sequence[str]) -> list[tuple[str, ...]]:
    """The ways to say a word that a dictionary gives these ARPAbet phones: they themselves first."""
    return [tuple(phones), *(tuple(form.split()) for form in _FORMS.get(" ".join(phones), ()))]
