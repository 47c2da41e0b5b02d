"""Unity's humanoid names, as VRM 0 and many exporters have them; `vrm_humanoid` has VRM 1.0's."""

from .limbs import limbs

LABEL = "Unity humanoid"

ARM = ("Shoulder", "UpperArm", "LowerArm", "Hand")
FINGERS = {
    finger: (f"{name}Proximal", f"{name}Intermediate", f"{name}Distal")
    for finger, name in {
        "thumb": "Thumb", "index": "Index", "middle": "Middle", "ring": "Ring", "pinky": "Little"
    }.items()
}  # fmt: skip

BONES = {
    "spine": ("Spine", "Chest", "UpperChest"),
    "neck": ("Neck",),
    "head": ("Head",),
    "jaw": ("Jaw",),
    "left_eye": ("LeftEye",),
    "right_eye": ("RightEye",),
    **limbs("{side}{part}", ("Left", "Right"), ARM, FINGERS),
}
