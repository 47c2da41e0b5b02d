"""VRM 1.0's humanoid names: Unity's, but for a thumb that begins with its metacarpal."""

from . import unity
from .limbs import limbs

LABEL = "VRM humanoid"

_THUMB = {"thumb": ("ThumbMetacarpal", "ThumbProximal", "ThumbDistal")}

BONES = unity.BONES | limbs("{side}{part}", ("Left", "Right"), unity.ARM, unity.FINGERS | _THUMB)
