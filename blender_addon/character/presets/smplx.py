"""SMPL-X skeletons as the SMPL-X and Meshcapade add-ons name them, and Garrick's own, which have the same names."""

from .limbs import ARM, limbs, numbered

LABEL = "SMPL-X"

BONES = {
    "spine": ("spine1", "spine2", "spine3"),
    "neck": ("neck",),
    "head": ("head",),
    "jaw": ("jaw",),
    "left_eye": ("left_eye_smplhf", "left_eye"),
    "right_eye": ("right_eye_smplhf", "right_eye"),
    **limbs("{side}_{part}", ("left", "right"), ARM, numbered("{finger}{number}")),
}
