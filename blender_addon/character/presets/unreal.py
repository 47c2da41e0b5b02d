"""Unreal's mannequins, UE4's with three bones in the spine and UE5's with five; MPFB's game engine rig has their names."""

from .limbs import limbs, numbered

LABEL = "Unreal mannequin"

BONES = {
    "spine": ("spine_01", "spine_02", "spine_03", "spine_04", "spine_05"),
    "neck": ("neck_01", "neck_02"),
    "head": ("head",),
    **limbs(
        "{part}_{side}", ("l", "r"), ("clavicle", "upperarm", "lowerarm", "hand"), numbered("{finger}_0{number}")
    ),
}  # fmt: skip
