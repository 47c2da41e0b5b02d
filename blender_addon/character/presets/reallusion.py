"""Reallusion Character Creator: keys of its standard and extended profiles, bones with CC_Base_."""

from .recipe import both, only

LABEL = "Character Creator"

KEYS = {
    "Eye_Blink": both("eyeBlink"),
    "Brow_Drop_L": only("browDownLeft"),
    "Brow_Drop_R": only("browDownRight"),
    "Brow_Raise_Inner_L": only("browInnerUp"),
    "Brow_Raise_Inner_R": only("browInnerUp"),
    "Brow_Raise_Outer_L": only("browOuterUpLeft"),
    "Brow_Raise_Outer_R": only("browOuterUpRight"),
    "Cheek_Puff_L": only("cheekPuff"),
    "Cheek_Puff_R": only("cheekPuff"),
    "Cheek_Raise_L": only("cheekSquintLeft"),
    "Cheek_Raise_R": only("cheekSquintRight"),
    "Nose_Sneer_L": only("noseSneerLeft"),
    "Nose_Sneer_R": only("noseSneerRight"),
    "Jaw_Open": only("jawOpen"),
    "Jaw_L": only("jawLeft"),
    "Jaw_R": only("jawRight"),
    "Jaw_Forward": only("jawForward"),
    "Mouth_Close": only("mouthClose"),
    "Mouth_L": only("mouthLeft"),
    "Mouth_R": only("mouthRight"),
    "Mouth_Funnel": only("mouthFunnel"),
    "Mouth_Pucker": only("mouthPucker"),
    "Mouth_Roll_In_Lower": only("mouthRollLower"),
    "Mouth_Roll_In_Upper": only("mouthRollUpper"),
    "Mouth_Shrug_Lower": only("mouthShrugLower"),
    "Mouth_Shrug_Upper": only("mouthShrugUpper"),
    "Mouth_Down_Lower_L": only("mouthLowerDownLeft"),
    "Mouth_Down_Lower_R": only("mouthLowerDownRight"),
    "Mouth_Up_Upper_L": only("mouthUpperUpLeft"),
    "Mouth_Up_Upper_R": only("mouthUpperUpRight"),
    "Eye_L_Look_Down": only("eyeLookDownLeft"),
    "Eye_R_Look_Down": only("eyeLookDownRight"),
    "Eye_L_Look_Up": only("eyeLookUpLeft"),
    "Eye_R_Look_Up": only("eyeLookUpRight"),
    "Eye_L_Look_L": only("eyeLookOutLeft"),
    "Eye_L_Look_R": only("eyeLookInLeft"),
    "Eye_R_Look_L": only("eyeLookInRight"),
    "Eye_R_Look_R": only("eyeLookOutRight"),
    "Tongue_Out": only("tongueOut"),
    "V_Open": only("jawOpen"),
    "V_Tight_O": only("mouthPucker"),
    "V_Wide": both("mouthStretch"),
}

BONES = {
    "neck": ("CC_Base_NeckTwist01", "CC_Base_NeckTwist02"),
    "head": ("CC_Base_Head",),
    "jaw": ("CC_Base_JawRoot",),
    "left_eye": ("CC_Base_L_Eye",),
    "right_eye": ("CC_Base_R_Eye",),
}
