"""Mixamo's skeleton; its characters have keys of their own maker's."""

LABEL = "Mixamo"

BONES = {
    "neck": ("mixamorig:Neck",),
    "head": ("mixamorig:Head",),
    "left_eye": ("mixamorig:LeftEye",),
    "right_eye": ("mixamorig:RightEye",),
}
