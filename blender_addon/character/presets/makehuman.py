"""MPFB and MakeHuman: ARKit face units under Apple's names, expression units under MakeHuman's, three sets of bones."""

from ...core.retarget_presets import MAKEHUMAN, both, only

LABEL = "MPFB / MakeHuman"

# Keys of MakeHuman's older expressions besides those of its units.
KEYS = MAKEHUMAN | {"mouth-kiss": only("mouthPucker"), "mouth-dimples": both("mouthDimple")}

# The default rig has three bones in the neck, the game engine rig one.
BONES = {
    "neck": ("neck01", "neck02", "neck03", "neck_01"),
    "head": ("head",),
    "jaw": ("jaw",),
    "left_eye": ("eye.L",),
    "right_eye": ("eye.R",),
}
