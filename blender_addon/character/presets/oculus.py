"""The fifteen visemes of Oculus (Meta) Lipsync, as Ready Player Me, VRChat and others spell them."""

from ...core.retarget_presets import VISEME, only

LABEL = "Oculus / Meta visemes"

_NAMES = {
    "PP": "PP", "FF": "FF", "TH": "TH", "DD": "DD", "kk": "kk", "CH": "CH", "SS": "SS", "nn": "nn", "RR": "RR",
    "aa": "aa", "E": "E", "I": "ih", "ih": "ih", "O": "oh", "oh": "oh", "U": "ou", "ou": "ou",
}  # fmt: skip

# Silence is the mouth at rest: its key stays as it is.
KEYS = {
    f"{prefix}{name}": only(VISEME + viseme)
    for prefix in ("viseme_", "vrc.v_", "v_", "vis_")
    for name, viseme in _NAMES.items()
} | {name: only(VISEME + name) for name in ("PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR")}
