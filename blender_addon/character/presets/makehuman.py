"""MPFB and MakeHuman: ARKit face units under Apple's names, expression units under MakeHuman's, three sets of bones."""

from ...core.retarget_presets import MAKEHUMAN, both, only
from .limbs import FINGERS, limbs, numbered

LABEL = "MPFB / MakeHuman"

# Keys of MakeHuman's older expressions besides those of its units.
KEYS = MAKEHUMAN | {"mouth-kiss": only("mouthPucker"), "mouth-dimples": both("mouthDimple")}

_FINGERS = numbered({name: f"finger{place}-{{number}}" for place, name in enumerate(FINGERS, 1)})

# The default rig, numbered from the neck downwards, with three bones in the neck; the game engine rig is Unreal's.
BONES = {
    "spine": ("spine05", "spine04", "spine03", "spine02", "spine01"),
    "neck": ("neck01", "neck02", "neck03"),
    "head": ("head",),
    "jaw": ("jaw",),
    "left_eye": ("eye.L",),
    "right_eye": ("eye.R",),
    **limbs("{part}.{side}", ("L", "R"), ("clavicle", "upperarm01", "lowerarm01", "wrist"), _FINGERS),
}
