"""VRM: VRoid's Fcl_* keys, the expression names of VRM 0 and 1 with their five vowels, VRoid's and the VRM add-on's bones.

Fcl_ALL_* are whole faces made of the others and would count twice; emotions of brows and mouth follow what they show most.
"""

from ...core.retarget_presets import VISEME, VRM, both, only
from .limbs import limbs, numbered

LABEL = "VRM / VRoid"

_VOWELS = {"A": "aa", "I": "ih", "U": "ou", "E": "E", "O": "oh"}

KEYS = (
    {f"Fcl_MTH_{letter}": only(VISEME + viseme) for letter, viseme in _VOWELS.items()}
    | {letter: only(VISEME + viseme) for letter, viseme in _VOWELS.items()}
    | VRM
    | {
        "Fcl_EYE_Close": both("eyeBlink"),
        "Fcl_EYE_Close_L": only("eyeBlinkLeft"),
        "Fcl_EYE_Close_R": only("eyeBlinkRight"),
        "Fcl_EYE_Spread": both("eyeWide"),
        "Fcl_BRW_Angry": both("browDown"),
        "Fcl_BRW_Surprised": (*both("browOuterUp", 0.25), ("browInnerUp", 0.5)),
        "Fcl_MTH_Up": both("mouthSmile"),
        "Fcl_MTH_Down": both("mouthFrown"),
        "blink": both("eyeBlink"),
    }
)

_FINGERS = numbered(
    {
        "thumb": "Thumb{number}", "index": "Index{number}", "middle": "Middle{number}", "ring": "Ring{number}",
        "pinky": "Little{number}",
    }
)  # fmt: skip

BONES = {
    "spine": ("J_Bip_C_Spine", "J_Bip_C_Chest", "J_Bip_C_UpperChest"),
    "neck": ("J_Bip_C_Neck",),
    "head": ("J_Bip_C_Head",),
    "left_eye": ("J_Adj_L_FaceEye",),
    "right_eye": ("J_Adj_R_FaceEye",),
    **limbs("J_Bip_{side}_{part}", ("L", "R"), ("Shoulder", "UpperArm", "LowerArm", "Hand"), _FINGERS),
}
