"""Rigify's human without its controls: the metarig, and the deform bones (DEF-) of one that was handed on by themselves."""

from .limbs import FINGERS, limbs, numbered

LABEL = "Rigify bones"

_PALM = numbered({name: f"{'' if name == 'thumb' else 'f_'}{name}.0{{number}}" for name in FINGERS})
_ARMS = limbs("{part}.{side}", ("L", "R"), ("shoulder", "upper_arm", "forearm", "hand"), _PALM)
_TRUNK = {
    "spine": ("spine.001", "spine.002", "spine.003"),
    "neck": ("spine.004", "spine.005"),
    "head": ("spine.006",),
    "jaw": ("jaw",),
    "left_eye": ("eye.L",),
    "right_eye": ("eye.R",),
}

BONES = {role: (*names, *(f"DEF-{name}" for name in names)) for role, names in (_TRUNK | _ARMS).items()}
