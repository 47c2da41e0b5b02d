"""Daz Genesis 8 and 9 skeletons as Daz To Blender and Diffeomorphic name them."""

from .limbs import limbs, numbered

LABEL = "Daz Genesis"

_FINGERS = {
    "thumb": "Thumb{number}", "index": "Index{number}", "middle": "Mid{number}", "ring": "Ring{number}",
    "pinky": "Pinky{number}",
}  # fmt: skip
_8 = limbs("{side}{part}", ("l", "r"), ("Collar", "ShldrBend", "ForearmBend", "Hand"), numbered(_FINGERS))
_9 = limbs(
    "{side}_{part}", ("l", "r"), ("shoulder", "upperarm", "forearm", "hand"),
    numbered({finger: part.lower() for finger, part in _FINGERS.items()}),
)  # fmt: skip

BONES = {
    "spine": ("abdomenLower", "abdomenUpper", "chestLower", "chestUpper", "spine1", "spine2", "spine3", "spine4"),
    "neck": ("neckLower", "neckUpper", "neck1", "neck2"),
    "head": ("head",),
    "jaw": ("lowerJaw", "lowerjaw"),
    "left_eye": ("lEye", "l_eye"),
    "right_eye": ("rEye", "r_eye"),
    **{role: _8[role] + _9[role] for role in _8},
}
