"""MPFB and MakeHuman: ARKit face units under Apple's names, expression units under MakeHuman's, three sets of bones."""

from .recipe import both, only

LABEL = "MPFB / MakeHuman"

KEYS = {
    "eye-left-closure": only("eyeBlinkLeft"),
    "eye-right-closure": only("eyeBlinkRight"),
    "eye-left-opened-up": only("eyeWideLeft"),
    "eye-right-opened-up": only("eyeWideRight"),
    "eye-left-slit": only("eyeSquintLeft"),
    "eye-right-slit": only("eyeSquintRight"),
    "eyebrows-left-down": only("browDownLeft"),
    "eyebrows-right-down": only("browDownRight"),
    "eyebrows-left-extern-up": only("browOuterUpLeft"),
    "eyebrows-right-extern-up": only("browOuterUpRight"),
    "eyebrows-left-inner-up": only("browInnerUp"),
    "eyebrows-right-inner-up": only("browInnerUp"),
    "mouth-compression": both("mouthPress"),
    "mouth-corner-puller": both("mouthSmile"),
    "mouth-depression": both("mouthFrown"),
    "mouth-dimples": both("mouthDimple"),
    "mouth-open": only("jawOpen"),
    "mouth-kiss": only("mouthPucker"),
    "mouth-upward-retraction": both("mouthUpperUp"),
    "mouth-protusion": only("mouthFunnel"),
    "mouth-retraction": both("mouthStretch"),
    "nose-left-elevation": only("noseSneerLeft"),
    "nose-right-elevation": only("noseSneerRight"),
}

# The default rig has three bones in the neck, the game engine rig one.
BONES = {
    "neck": ("neck01", "neck02", "neck03", "neck_01"),
    "head": ("head",),
    "jaw": ("jaw",),
    "left_eye": ("eye.L",),
    "right_eye": ("eye.R",),
}
