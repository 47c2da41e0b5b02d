"""Apple's 52 names in any spelling, and the ways in which rigs split or join them."""

from ...core.retarget_presets import ARKIT, both, only

LABEL = "ARKit"

KEYS = ARKIT | {
    "browInnerUpLeft": only("browInnerUp"),
    "browInnerUpRight": only("browInnerUp"),
    "cheekPuffLeft": only("cheekPuff"),
    "cheekPuffRight": only("cheekPuff"),
    "browDown": both("browDown"),
    "browOuterUp": both("browOuterUp"),
    "cheekSquint": both("cheekSquint"),
    "eyeBlink": both("eyeBlink"),
    "eyeSquint": both("eyeSquint"),
    "eyeWide": both("eyeWide"),
    "mouthDimple": both("mouthDimple"),
    "mouthFrown": both("mouthFrown"),
    "mouthLowerDown": both("mouthLowerDown"),
    "mouthPress": both("mouthPress"),
    "mouthSmile": both("mouthSmile"),
    "mouthStretch": both("mouthStretch"),
    "mouthUpperUp": both("mouthUpperUp"),
    "noseSneer": both("noseSneer"),
}
