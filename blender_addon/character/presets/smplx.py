"""SMPL-X skeletons as the SMPL-X and Meshcapade add-ons name them."""

LABEL = "SMPL-X"

BONES = {
    "neck": ("neck",),
    "head": ("head",),
    "jaw": ("jaw",),
    "left_eye": ("left_eye_smplhf",),
    "right_eye": ("right_eye_smplhf",),
}
