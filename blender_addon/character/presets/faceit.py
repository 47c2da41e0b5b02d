"""Faceit: its baked target shapes bear ARKit's names; these are the extra phonemes and expressions that it can add."""

from ...core.retarget_presets import both, only

LABEL = "Faceit"

# Keys that Faceit's control rig drives are refused by the import; bake the control rig to the keys, or drive it.
KEYS = {
    "mouthOpen": only("jawOpen"),
    "mouthPuckerWide": only("mouthPucker"),
    "eyesClosed": both("eyeBlink"),
    "tongueOutward": only("tongueOut"),
}
