"""What programs that listen to speech write down: phones, visemes or drawn mouth shapes, and what each means for the lips.

15 visemes are the Oculus set; six lip classes are what a viewer can tell apart, and what every notation can be brought to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from garrick.speech.alphabet import SILENCE

_OCULUS = {
    "sil": (SILENCE,), "PP": ("P", "B", "M"), "FF": ("F", "V"), "TH": ("TH", "DH"), "DD": ("T", "D"),
    "kk": ("K", "G", "NG"), "CH": ("CH", "JH", "SH", "ZH"), "SS": ("S", "Z"), "nn": ("N", "L"), "RR": ("R", "ER"),
    "aa": ("AA", "AE", "AH", "AW", "AY"), "E": ("EH", "EY"), "I": ("IH", "IY", "Y"), "O": ("AO", "OW", "OY"),
    "U": ("UW", "UH", "W"),
}  # fmt: skip
OCULUS: dict[str, str] = {phone: viseme for viseme, phones in _OCULUS.items() for phone in phones}
"""ARPAbet -> Oculus viseme; HH has none."""
VISEMES: tuple[str, ...] = tuple(_OCULUS)

CLOSED, LABIODENTAL, ROUNDED, OPEN, OTHER, SILENT = "closed", "labiodental", "rounded", "open", "other", "silence"
_LIPS_OF_VISEMES = {viseme: OTHER for viseme in VISEMES} | {
    "PP": CLOSED, "FF": LABIODENTAL, "U": ROUNDED, "O": ROUNDED, "aa": OPEN, "E": OPEN, "sil": SILENT,
}  # fmt: skip
_LIPS_OF_SHAPES = {
    "A": CLOSED, "B": OTHER, "C": OPEN, "D": OPEN, "E": ROUNDED, "F": ROUNDED, "G": LABIODENTAL, "H": OTHER, "X": SILENT,
}  # fmt: skip

ALLOWED: dict[str, frozenset[str]] = {
    "sil": frozenset({SILENT, CLOSED}),
    "PP": frozenset({CLOSED}),
    "FF": frozenset({LABIODENTAL}),
    **dict.fromkeys(("TH", "SS", "CH", "DD", "RR"), frozenset({OTHER, ROUNDED})),
    **dict.fromkeys(("kk", "nn"), frozenset({OTHER, ROUNDED, OPEN})),
    "aa": frozenset({OPEN}),
    "E": frozenset({OPEN, OTHER}),
    "I": frozenset({OTHER}),
    "O": frozenset({ROUNDED}),
    "U": frozenset({ROUNDED}),
}
"""Viseme -> lip classes that Rhubarb's own rules allow for it (its animation rules, shapes with one lip class merged)."""


class Cue(Protocol):
    """One symbol of a notation and its seconds; a `garrick.speech.speech.Phone` is one."""

    @property
    def symbol(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


@dataclass(frozen=True)
class MouthCue:
    """A viseme or mouth shape from `start` to `end`, seconds."""

    symbol: str
    start: float
    end: float


@dataclass(frozen=True)
class Notation:
    """What symbols mean.

    classes: symbol -> class; a symbol that is not in it has no mouth of its own and keeps the one before.
    lips:    class -> one of the six lip classes.
    rest:    the class where nothing is written.
    """

    classes: Mapping[str, str]
    lips: Mapping[str, str]
    rest: str

    @property
    def has_visemes(self) -> bool:
        """Whether the classes are the 15 visemes, not something coarser."""
        return self.rest == "sil"


PHONES = Notation(OCULUS, _LIPS_OF_VISEMES, "sil")
OCULUS_VISEMES = Notation({viseme: viseme for viseme in VISEMES}, _LIPS_OF_VISEMES, "sil")
RHUBARB_SHAPES = Notation({shape: shape for shape in _LIPS_OF_SHAPES}, _LIPS_OF_SHAPES, "X")
