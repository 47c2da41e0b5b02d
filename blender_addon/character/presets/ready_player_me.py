"""Ready Player Me: besides ARKit's and the visemes' names a few that move both sides; Mixamo's bones without a prefix."""

from ...core.retarget_presets import both, only
from . import mixamo

LABEL = "Ready Player Me"

KEYS = {
    "mouthOpen": only("jawOpen"),
    "mouthSmile": both("mouthSmile"),
    "eyesClosed": both("eyeBlink"),
    "eyesLookUp": both("eyeLookUp"),
    "eyesLookDown": both("eyeLookDown"),
}

BONES = {role: tuple(name.removeprefix("mixamorig:") for name in names) for role, names in mixamo.BONES.items()}
