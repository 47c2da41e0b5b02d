"""Ready Player Me: besides ARKit's and the visemes' names a few that move both sides; Mixamo's bones without a prefix."""

from ...core.retarget_presets import both, only

LABEL = "Ready Player Me"

KEYS = {
    "mouthOpen": only("jawOpen"),
    "mouthSmile": both("mouthSmile"),
    "eyesClosed": both("eyeBlink"),
    "eyesLookUp": both("eyeLookUp"),
    "eyesLookDown": both("eyeLookDown"),
}

BONES = {
    "neck": ("Neck",),
    "head": ("Head",),
    "left_eye": ("LeftEye",),
    "right_eye": ("RightEye",),
}
