"""Where a head is driven to: words, looks and turns of the size that a performance has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from garrick.core.arkit import ARKIT_INDEX
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.rendering.puppet import Pose

_TURN = np.radians((7.0, 11.0, 4.0))  # deviation of pitch, yaw, roll
_FARTHEST = np.radians((14.0, 22.0, 10.0))
_SIDED = ("Left", "Right")

# what a face does -> the largest weights of its channels; a side's name is left out where both move alike
_WORDS = (
    {"jawOpen": 0.6},
    {"jawOpen": 0.35, "mouthStretch": 0.3, "mouthLowerDown": 0.4, "mouthUpperUp": 0.3},
    {"jawOpen": 0.25, "mouthFunnel": 0.8},
    {"jawOpen": 0.12, "mouthPucker": 0.9},
    {"mouthPress": 0.6, "mouthRollLower": 0.5, "mouthRollUpper": 0.4},
    {"jawOpen": 0.15, "mouthLowerDown": 0.5, "mouthUpperUp": 0.5, "mouthSmile": 0.2},
    {"mouthShrugUpper": 0.3, "mouthRollLower": 0.6, "mouthUpperUp": 0.3},
)
_MOODS = (
    {"mouthSmile": 0.9, "cheekSquint": 0.6, "eyeSquint": 0.4, "jawOpen": 0.2},
    {"mouthFrown": 0.6, "browDown": 0.6},
    {"browInnerUp": 0.9, "browOuterUp": 0.7, "eyeWide": 0.5},
    {},
)
_ASIDE = ("mouthLeft", "mouthRight", "jawLeft", "jawRight", "mouthDimpleLeft", "mouthDimpleRight")


def draw_motion(source: Pose, rng: np.random.Generator, shut: float = 0.3) -> Pose:
    """A pose that somebody may take who is in the source pose; shut: share of those whose lids close on the way."""
    face = (source.face * rng.uniform(0, 1)).astype(np.float32)
    for deeds, share in ((_WORDS, 1.0), (_MOODS, 0.8)):
        strength = share * rng.uniform(0, 1)
        for name, weight in deeds[rng.integers(len(deeds))].items():
            for channel in _channels(name):
                face[channel] += strength * weight * rng.uniform(0.7, 1.1)
    face[ARKIT_INDEX[_ASIDE[rng.integers(len(_ASIDE))]]] += 0.25 * rng.uniform(0, 1) ** 2
    if rng.random() < shut:
        lids = [ARKIT_INDEX[f"eyeBlink{side}"] for side in _SIDED]
        face[lids] = rng.uniform(0.2, 1)
    angles = np.clip(rng.normal(0, _TURN), -_FARTHEST, _FARTHEST)
    turn = rotation_matrices(angles) @ rotation_matrices(source.rotation.astype(np.float64))
    gaze = source.gaze + rng.normal(0, (0.12, 0.07), 2)[None]
    return replace(
        source,
        face=np.clip(face, 0, 1).astype(np.float32),
        rotation=axis_angles(turn).astype(np.float32),
        gaze=np.clip(gaze, -0.5, 0.5).astype(np.float32),
    )


def _channels(name: str) -> list[int]:
    sided = [ARKIT_INDEX[name + side] for side in _SIDED if name + side in ARKIT_INDEX]
    return sided or [ARKIT_INDEX[name]]
