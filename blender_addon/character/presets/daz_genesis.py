"""Daz Genesis 8 and 9 skeletons as Daz To Blender and Diffeomorphic name them."""

LABEL = "Daz Genesis"

BONES = {
    "neck": ("neckLower", "neckUpper", "neck1", "neck2"),
    "head": ("head",),
    "jaw": ("lowerJaw", "lowerjaw"),
    "left_eye": ("lEye", "l_eye"),
    "right_eye": ("rEye", "r_eye"),
}
