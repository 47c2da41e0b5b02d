"""Mouth shapes of English phones as ARKit weights. Pure data.

A weight without a side stands for both ("mouthSmile" is left and right). The amounts are those of clear conversation on
a head whose jawOpen at 1 parts the lips by some 34 mm: "aa" opens 13 mm, as speakers do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from garrick.core.arkit import ARKIT_INDEX

JAW = ("jawOpen", "jawForward")
LIPS = (
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft",
    "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
)  # fmt: skip
TONGUE = ("tongueOut",)
CHANNELS: tuple[str, ...] = JAW + LIPS + TONGUE
"""The ARKit weights that speech moves; every other weight belongs to somebody else."""


@dataclass(frozen=True)
class Viseme:
    """A class of phones that look alike.

    weights: ARKit targets, 0..1.
    jaw, lips, tongue: dominance 0..1.2 over that part of the mouth (Cohen and Massaro's alpha); 0 leaves it to the
        neighbours. Vowels 1.0 and consonants 0.85 unless a rule of JALI says otherwise.
    vowel:     its opening follows the loudness of the voice.
    lip_heavy: its lips start early and end late (JALI).
    """

    weights: Mapping[str, float]
    jaw: float = 0.85
    lips: float = 0.85
    tongue: float = 0.85
    vowel: bool = False
    lip_heavy: bool = False

    def targets(self) -> np.ndarray:
        """(len(CHANNELS),) float64 in `CHANNELS` order."""
        row = np.zeros(len(CHANNELS))
        for name, weight in self.weights.items():
            sides = (name,) if name in ARKIT_INDEX else (name + "Left", name + "Right")
            row[[CHANNELS.index(side) for side in sides]] = weight
        return row


def _vowel(lips: float = 0.9, lip_heavy: bool = False, **weights: float) -> Viseme:
    return Viseme(weights, jaw=1.0, lips=lips, vowel=True, lip_heavy=lip_heavy)


def _tongue_only(jaw_open: float, jaw: float = 0.4) -> Viseme:
    """L N T D G K NG never change the lips (JALI)."""
    return Viseme({"jawOpen": jaw_open}, jaw=jaw, lips=0.0)


VISEMES: dict[str, Viseme] = {
    # consonants, front to back
    "bilabial": Viseme(
        {"jawOpen": 0.06, "mouthClose": 0.06, "mouthPress": 0.3, "mouthRollLower": 0.1, "mouthRollUpper": 0.08},
        lips=1.1,
    ),
    "labiodental": Viseme({"jawOpen": 0.07, "mouthRollLower": 0.7, "mouthUpperUp": 0.1}, lips=1.1),
    "dental": Viseme({"jawOpen": 0.14, "tongueOut": 0.45, "mouthLowerDown": 0.2, "mouthUpperUp": 0.05}, jaw=0.7, lips=0.6),
    "alveolar": _tongue_only(0.10),
    "lateral": _tongue_only(0.13),
    "velar": _tongue_only(0.13, jaw=0.3),
    "sibilant": Viseme(
        {"jawOpen": 0.05, "mouthStretch": 0.16, "mouthSmile": 0.1, "mouthLowerDown": 0.24, "mouthUpperUp": 0.03},
        jaw=1.0, lips=0.55, lip_heavy=True,
    ),
    "postalveolar": Viseme(
        {"jawOpen": 0.06, "mouthFunnel": 0.34, "mouthPucker": 0.24, "mouthUpperUp": 0.1, "mouthLowerDown": 0.12},
        jaw=1.0, lips=1.0, lip_heavy=True,
    ),
    "rhotic": Viseme({"jawOpen": 0.12, "mouthPucker": 0.32, "mouthFunnel": 0.18}, jaw=0.45, lips=0.75),
    "labiovelar": Viseme({"jawOpen": 0.06, "mouthPucker": 0.75, "mouthFunnel": 0.12}, lips=1.15, lip_heavy=True),
    "palatal": Viseme({"jawOpen": 0.08, "mouthSmile": 0.14, "mouthStretch": 0.1}, jaw=0.4, lips=0.4),
    "glottal": Viseme({"jawOpen": 0.15}, jaw=0.2, lips=0.0),
    # vowels, spread to rounded
    "iy": _vowel(jawOpen=0.10, mouthSmile=0.24, mouthStretch=0.18, mouthLowerDown=0.16, mouthUpperUp=0.05),
    "ih": _vowel(jawOpen=0.16, mouthSmile=0.12, mouthStretch=0.1, mouthLowerDown=0.12),
    "eh": _vowel(jawOpen=0.25, mouthSmile=0.1, mouthStretch=0.12, mouthLowerDown=0.16, mouthUpperUp=0.08),
    "ae": _vowel(jawOpen=0.33, mouthSmile=0.1, mouthStretch=0.18, mouthLowerDown=0.2, mouthUpperUp=0.1),
    "aa": _vowel(jawOpen=0.37, mouthLowerDown=0.12, mouthUpperUp=0.04),
    "ah": _vowel(jawOpen=0.22, mouthLowerDown=0.08, lips=0.6),
    "ao": _vowel(jawOpen=0.29, mouthFunnel=0.3, mouthPucker=0.14, lips=1.0),
    "er": _vowel(jawOpen=0.15, mouthPucker=0.22, mouthFunnel=0.15, lips=0.8),
    "ow": _vowel(jawOpen=0.21, mouthFunnel=0.26, mouthPucker=0.36, lips=1.1, lip_heavy=True),
    "uh": _vowel(jawOpen=0.14, mouthFunnel=0.12, mouthPucker=0.36, lips=1.0),
    "uw": _vowel(jawOpen=0.09, mouthFunnel=0.14, mouthPucker=0.66, lips=1.15, lip_heavy=True),
}  # fmt: skip

PHONE_VISEMES: dict[str, tuple[tuple[str, float], ...]] = {
    "P": (("bilabial", 1.0),), "B": (("bilabial", 1.0),), "M": (("bilabial", 1.0),),
    "F": (("labiodental", 1.0),), "V": (("labiodental", 1.0),),
    "TH": (("dental", 1.0),), "DH": (("dental", 1.0),),
    "T": (("alveolar", 1.0),), "D": (("alveolar", 1.0),), "N": (("alveolar", 1.0),), "L": (("lateral", 1.0),),
    "S": (("sibilant", 1.0),), "Z": (("sibilant", 1.0),),
    "SH": (("postalveolar", 1.0),), "ZH": (("postalveolar", 1.0),),
    "CH": (("postalveolar", 1.0),), "JH": (("postalveolar", 1.0),),
    "R": (("rhotic", 1.0),), "W": (("labiovelar", 1.0),), "Y": (("palatal", 1.0),), "HH": (("glottal", 1.0),),
    "K": (("velar", 1.0),), "G": (("velar", 1.0),), "NG": (("velar", 1.0),),
    "IY": (("iy", 1.0),), "IH": (("ih", 1.0),), "EH": (("eh", 1.0),), "AE": (("ae", 1.0),), "AA": (("aa", 1.0),),
    "AH": (("ah", 1.0),), "AO": (("ao", 1.0),), "ER": (("er", 1.0),), "UH": (("uh", 1.0),), "UW": (("uw", 1.0),),
    # diphthongs glide: shape and share of the phone's time
    "EY": (("eh", 0.55), ("iy", 0.45)), "AY": (("aa", 0.6), ("ih", 0.4)), "AW": (("aa", 0.6), ("uh", 0.4)),
    "OY": (("ao", 0.6), ("ih", 0.4)), "OW": (("ow", 0.6), ("uw", 0.4)),
}  # fmt: skip
"""ARPAbet without stress -> visemes in order with their shares of the phone's duration ("SIL" has none)."""

BILABIALS = frozenset({"P", "B", "M"})
LABIODENTALS = frozenset({"F", "V"})
DENTALS = ("TH", "DH")
SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
OBSTRUENTS_AND_NASALS = frozenset({"T", "D", "K", "G", "TH", "DH", "N", "NG"}) | BILABIALS | LABIODENTALS | SIBILANTS
SILENCE = "SIL"
