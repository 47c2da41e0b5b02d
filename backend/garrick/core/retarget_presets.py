"""How the face of other kinds of characters follows the 52 ARKit weights: pure data, one table a kind.

A table has every key that a face drives, under its maker's name -> what it follows: pairs of a source and a gain, which add
up. Sources are ARKit's names and "viseme.PP" ... (see `oculus_visemes`). Keys that show whole emotions are not driven:
what makes them up already moves. FLAME's and SMPL-X's expression components mean nothing by themselves; see
`garrick.motion.retarget` (`garrick match`) for those and for any other set of shapes. Characters that bones drive, Rigify's
face and hands and SMPL-X's body among them, have their tables in the add-on, `character/presets`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .arkit import ARKIT_NAMES
from .oculus_visemes import SILENCE, VISEMES

Recipe = tuple[tuple[str, float], ...]

VISEME = "viseme."


def only(source: str, gain: float = 1.0) -> Recipe:
    """One source."""
    return ((source, gain),)


def both(base: str, gain: float = 0.5) -> Recipe:
    """The left and the right of an ARKit pair: at a half each, their mean."""
    return ((f"{base}Left", gain), (f"{base}Right", gain))


def _sided(pairs: dict[str, str]) -> dict[str, Recipe]:
    """Keys that end in _L and _R, and follow sources that end in Left and Right."""
    return {f"{key}_{side[0]}": only(f"{source}{side}") for key, source in pairs.items() for side in ("Left", "Right")}


def _halves(pairs: dict[str, str]) -> dict[str, Recipe]:
    """Keys that end in _L and _R, and both follow a source without a side."""
    return {f"{key}_{side}": only(source) for key, source in pairs.items() for side in "LR"}


ARKIT: dict[str, Recipe] = {name: only(name) for name in ARKIT_NAMES}

_VOWELS = {"I": "ih", "O": "oh", "U": "ou"}  # as Oculus' own list spells them, and ours
OCULUS: dict[str, Recipe] = {
    f"viseme_{name}": only(VISEME + _VOWELS.get(name, name))
    for name in (SILENCE, *(viseme for viseme in VISEMES if viseme not in _VOWELS.values()), *_VOWELS)
}
"""The fifteen of Oculus (Meta) Lipsync as Ready Player Me names them."""

VRM: dict[str, Recipe] = {
    **{key: only(VISEME + name) for key, name in {"aa": "aa", "ih": "ih", "ou": "ou", "ee": "E", "oh": "oh"}.items()},
    "blinkLeft": only("eyeBlinkLeft"),
    "blinkRight": only("eyeBlinkRight"),
    "lookUp": both("eyeLookUp"),
    "lookDown": both("eyeLookDown"),
    "lookLeft": (("eyeLookOutLeft", 0.5), ("eyeLookInRight", 0.5)),
    "lookRight": (("eyeLookInLeft", 0.5), ("eyeLookOutRight", 0.5)),
}
"""VRM 1.0's expressions; "blink" is both eyes' and would count twice, the other five are emotions."""

CHARACTER_CREATOR: dict[str, Recipe] = {
    **_sided(
        {
            "Eye_Blink": "eyeBlink", "Eye_Squint": "eyeSquint", "Eye_Wide": "eyeWide", "Brow_Drop": "browDown",
            "Brow_Raise_Outer": "browOuterUp", "Cheek_Raise": "cheekSquint", "Nose_Sneer": "noseSneer",
            "Mouth_Smile": "mouthSmile", "Mouth_Frown": "mouthFrown", "Mouth_Dimple": "mouthDimple",
            "Mouth_Stretch": "mouthStretch", "Mouth_Press": "mouthPress", "Mouth_Down_Lower": "mouthLowerDown",
            "Mouth_Up_Upper": "mouthUpperUp",
        }
    ),
    **_halves(
        {
            "Brow_Raise_Inner": "browInnerUp", "Cheek_Puff": "cheekPuff", "Mouth_Pucker_Up": "mouthPucker",
            "Mouth_Pucker_Down": "mouthPucker", "Mouth_Funnel_Up": "mouthFunnel", "Mouth_Funnel_Down": "mouthFunnel",
            "Mouth_Roll_In_Upper": "mouthRollUpper", "Mouth_Roll_In_Lower": "mouthRollLower",
        }
    ),
    "Eye_L_Look_Down": only("eyeLookDownLeft"),
    "Eye_R_Look_Down": only("eyeLookDownRight"),
    "Eye_L_Look_Up": only("eyeLookUpLeft"),
    "Eye_R_Look_Up": only("eyeLookUpRight"),
    "Eye_L_Look_L": only("eyeLookOutLeft"),
    "Eye_L_Look_R": only("eyeLookInLeft"),
    "Eye_R_Look_L": only("eyeLookInRight"),
    "Eye_R_Look_R": only("eyeLookOutRight"),
    "Jaw_Open": only("jawOpen"),
    "Jaw_Forward": only("jawForward"),
    "Jaw_L": only("jawLeft"),
    "Jaw_R": only("jawRight"),
    "Mouth_Close": only("mouthClose"),
    "Mouth_L": only("mouthLeft"),
    "Mouth_R": only("mouthRight"),
    "Mouth_Shrug_Upper": only("mouthShrugUpper"),
    "Mouth_Shrug_Lower": only("mouthShrugLower"),
    "Tongue_Out": only("tongueOut"),
}  # fmt: skip
"""Character Creator 4 (and 3+) Extended profile."""


def _makehuman(side: str) -> dict[str, Recipe]:
    eye, brows, nose = (f"{part}-{side.lower()}-" for part in ("eye", "eyebrows", "nose"))
    return {
        f"{eye}closure": ((f"eyeBlink{side}", 1.0), (f"eyeLookDown{side}", 0.45)),
        f"{eye}opened-up": ((f"eyeWide{side}", 1.0), (f"eyeLookUp{side}", 0.9), (f"eyeSquint{side}", 0.7)),
        f"{eye}slit": ((f"eyeSquint{side}", 1.0), (f"eyeLookUp{side}", 0.75)),
        f"{brows}down": ((f"browDown{side}", 0.85), (f"noseSneer{side}", 0.6)),
        f"{brows}extern-up": only(f"browOuterUp{side}", 0.5),
        f"{brows}inner-up": only("browInnerUp", 0.8),
        f"{brows}up": (("browInnerUp", 0.45), (f"browOuterUp{side}", 0.4)),
        f"{nose}elevation": ((f"noseSneer{side}", 0.9), (f"mouthUpperUp{side}", 0.6)),
        f"{nose}dilatation": ((f"noseSneer{side}", 0.8), ("mouthShrugUpper", 0.7), (f"mouthUpperUp{side}", 0.65)),
    }


MAKEHUMAN: dict[str, Recipe] = {
    **_makehuman("Left"),
    **_makehuman("Right"),
    "mouth-open": (("jawOpen", 0.85), ("mouthClose", -0.85)),
    "mouth-corner-puller": (*both("mouthSmile", 0.4), *both("mouthPress", 0.35), *both("mouthDimple", 0.15)),
    "mouth-compression": both("mouthSmile", 0.3),
    "mouth-depression": (
        *both("mouthFrown", 0.35), *both("mouthStretch", 0.35), *both("mouthDimple", 0.15), ("mouthRollLower", 0.15)
    ),
    "mouth-elevation": (*both("mouthSmile", 0.2), ("mouthShrugUpper", 0.2), *both("mouthUpperUp", 0.15)),
    "mouth-eversion": (("jawForward", 0.9), ("mouthShrugLower", 0.55), ("mouthPucker", 0.15)),
    "mouth-parling": (
        ("mouthShrugUpper", 0.85), ("mouthFunnel", 0.65), *both("mouthUpperUp"), *both("mouthDimple", 0.3)
    ),
    "mouth-protusion": only("jawForward", 0.25),
    "mouth-pursing": (("mouthPucker", 0.65), ("mouthFunnel", 0.3), ("cheekPuff", 0.25)),
    "mouth-retraction": (*both("mouthStretch", 0.3), *both("mouthDimple", 0.3), *both("mouthSmile", 0.2)),
    "nose-depression": (("mouthFunnel", 0.7), *both("mouthSmile", 0.2), ("mouthPucker", 0.2)),
}  # fmt: skip
"""MakeHuman's and MPFB's expression units; its face units bear ARKit's names.

The gains are what `garrick.motion.retarget.solve` finds on MakeHuman's own mesh, to the nearest twentieth; but lids shut
whole, and lips are closed by closing the jaw, as no unit closes them over an open one. The units have no sides at the mouth
and no rolled lips: the best mix of them still misses .64 of our shapes' motion (root mean squares), this table .66.
"""


@dataclass(frozen=True)
class Preset:
    """A kind of character. keys: see this module."""

    label: str
    keys: dict[str, Recipe]


PRESETS: dict[str, Preset] = {
    "arkit": Preset("ARKit", ARKIT),
    "oculus": Preset("Oculus / Meta visemes", OCULUS),
    "vrm": Preset("VRM 1.0", VRM),
    "character-creator": Preset("Character Creator", CHARACTER_CREATOR),
    "makehuman": Preset("MakeHuman / MPFB expression units", MAKEHUMAN),
}
