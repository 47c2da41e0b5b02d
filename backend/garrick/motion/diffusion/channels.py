"""What the face diffusion transformer moves, and how often: shared by its training and its use."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from garrick.core.arkit import ARKIT_INDEX

RATE = Fraction(30)
"""Frames a second of the net's motion: that of the captures it learned from."""

MOUTH: tuple[str, ...] = (
    "jawOpen", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
)  # fmt: skip
"""The ARKit weights for which there are captures. Every other weight is left to the rules."""

POSE: tuple[str, ...] = ("pitch", "yaw", "roll", "x", "y", "z")
"""Turn of the head from rest in degrees, as in `garrick.motion.rules.head`, and its way from rest in metres."""

CHANNELS: tuple[str, ...] = MOUTH + POSE

LEARNED = np.zeros(len(ARKIT_INDEX), bool)
"""(52,) which ARKit weights are in MOUTH."""
LEARNED[[ARKIT_INDEX[name] for name in MOUTH]] = True
