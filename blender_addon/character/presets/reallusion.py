"""Reallusion Character Creator: keys of its standard and extended profiles, bones with CC_Base_."""

from ...core.retarget_presets import CHARACTER_CREATOR, both, only
from .limbs import limbs, numbered

LABEL = "Character Creator"

# Besides the extended profile: what older ones have once for both sides, and three of the standard one's mouths.
KEYS = CHARACTER_CREATOR | {
    "Eye_Blink": both("eyeBlink"),
    "Mouth_Funnel": only("mouthFunnel"),
    "Mouth_Pucker": only("mouthPucker"),
    "Mouth_Roll_In_Lower": only("mouthRollLower"),
    "Mouth_Roll_In_Upper": only("mouthRollUpper"),
    "V_Open": only("jawOpen"),
    "V_Tight_O": only("mouthPucker"),
    "V_Wide": both("mouthStretch"),
}

_FINGERS = numbered(
    {
        "thumb": "Thumb{number}", "index": "Index{number}", "middle": "Mid{number}", "ring": "Ring{number}",
        "pinky": "Pinky{number}",
    }
)  # fmt: skip

BONES = {
    "spine": ("CC_Base_Waist", "CC_Base_Spine01", "CC_Base_Spine02"),
    "neck": ("CC_Base_NeckTwist01", "CC_Base_NeckTwist02"),
    "head": ("CC_Base_Head",),
    "jaw": ("CC_Base_JawRoot",),
    "left_eye": ("CC_Base_L_Eye",),
    "right_eye": ("CC_Base_R_Eye",),
    **limbs("CC_Base_{side}_{part}", ("L", "R"), ("Clavicle", "Upperarm", "Forearm", "Hand"), _FINGERS),
}
