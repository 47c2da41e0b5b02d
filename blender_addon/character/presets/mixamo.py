"""Mixamo's skeleton; its characters have keys of their own maker's."""

from .limbs import limbs, numbered

LABEL = "Mixamo"

ARM = ("Shoulder", "Arm", "ForeArm", "Hand")
FINGERS = numbered(
    {finger.lower(): f"Hand{finger}{{number}}" for finger in ("Thumb", "Index", "Middle", "Ring", "Pinky")}
)

BONES = {
    "spine": ("mixamorig:Spine", "mixamorig:Spine1", "mixamorig:Spine2"),
    "neck": ("mixamorig:Neck",),
    "head": ("mixamorig:Head",),
    "left_eye": ("mixamorig:LeftEye",),
    "right_eye": ("mixamorig:RightEye",),
    **limbs("mixamorig:{side}{part}", ("Left", "Right"), ARM, FINGERS),
}
