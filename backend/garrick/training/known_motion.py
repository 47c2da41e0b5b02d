"""A performance whose curves are known, for whoever is fitted or measured on renders of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from garrick.core.arkit import ARKIT_INDEX
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.performance import Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.perception.portrait import Portrait

FPS, FRAMES = Fraction(25), 330
"""Rate and length of `truth`."""

_SWEEPS = (
    "jawOpen", "eyeBlinkLeft eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "mouthPucker",
    "browDownLeft", "browDownRight", "mouthFunnel", "eyeWideLeft eyeWideRight", "mouthLeft", "mouthRight",
    "browOuterUpLeft", "browOuterUpRight", "jawLeft", "jawRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "eyeBlinkLeft",
    "eyeBlinkRight", "eyeWideLeft", "eyeWideRight", "mouthSmileLeft mouthSmileRight browInnerUp",
)  # fmt: skip
"""What moves one after the other; those in one string move together."""
_VISEMES: tuple[dict[str, float], ...] = (
    {"jawOpen": 0.35},
    {"mouthFunnel": 0.6, "jawOpen": 0.15},
    {"mouthPucker": 0.6, "jawOpen": 0.1},
    {},
    {"mouthSmileLeft": 0.3, "mouthSmileRight": 0.3, "jawOpen": 0.12},
    {"mouthLowerDownLeft": 0.3, "mouthLowerDownRight": 0.3, "jawOpen": 0.1},
    {"mouthUpperUpLeft": 0.25, "mouthUpperUpRight": 0.25, "mouthLowerDownLeft": 0.4, "mouthLowerDownRight": 0.4,
     "jawOpen": 0.15},
    {"jawOpen": 0.2, "mouthClose": 0.15},
)  # fmt: skip
_SWEEP, _NEXT, _VISEME = 12, 7, 6  # frames


def truth(portrait: Portrait, seed: int) -> Performance:
    """A portrait's performance: each channel once, then as if it spoke and turned by 25 degrees; its eyes jump."""
    rng = np.random.default_rng(seed)
    face, start = _face_curves(rng)
    clock = np.arange(FRAMES) / float(FPS)
    speaking = np.clip((np.arange(FRAMES) - start) / 10, 0, 1)
    turn = np.radians(
        np.stack(
            [
                8 * np.sin(clock * 2 * np.pi / 3.1) * speaking + 2 * np.sin(clock * 1.7),
                25 * np.sin(clock * 2 * np.pi / 5) * speaking + 4 * np.sin(clock * 1.3),
                6 * np.sin(clock * 2 * np.pi / 4.3) * speaking,
            ],
            axis=-1,
        )
    )
    shift = np.stack([0.01 * np.sin(clock * 1.1), 0.006 * np.sin(clock * 0.9), 0.012 * np.sin(clock * 0.7)], axis=-1)
    yaw, pitch = np.sin(clock * 1.9), np.sin(clock * 1.2 + 1)
    jumps = np.stack([0.25 * np.sign(yaw) * (abs(yaw) > 0.5), 0.15 * np.sign(pitch) * (abs(pitch) > 0.6)], axis=-1)
    gaze = (jumps[:, None] + portrait.gaze).astype(np.float32)
    face = portrait.face + face
    # lids go with the eyes, as they do in every performance: see `eye_look_weights`
    face[:, EYE_LOOK] += eye_look_weights(gaze) - eye_look_weights(portrait.gaze)
    turns = rotation_matrices(turn) @ rotation_matrices(portrait.head_rotation.astype(np.float64))
    return replace(
        Performance.rest(FRAMES, FPS, portrait.identity),
        face=np.clip(face, 0, 1).astype(np.float32),
        head_rotation=axis_angles(turns).astype(np.float32),
        head_translation=shift.astype(np.float32),
        gaze=gaze,
    )


def _face_curves(rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """(F, 52) weights above rest, and the frame from which they speak."""
    face = np.zeros((FRAMES, 52))

    def move(name: str, start: int, length: int, peak: float) -> None:
        part = face[start : start + length, ARKIT_INDEX[name]]
        part[:] = np.maximum(part, peak * np.sin(np.linspace(0, np.pi, length))[: len(part)] ** 2)

    at = 5
    for names in _SWEEPS:
        for name in names.split():
            move(name, at, _SWEEP, 0.95 if "Blink" in name else rng.uniform(0.5, 0.8))
        at += _NEXT
    move("jawOpen", at, 16, 0.4)
    move("mouthClose", at, 16, 0.32)
    start = at = at + 16
    while at < FRAMES - _VISEME:
        for name, peak in _VISEMES[rng.integers(len(_VISEMES))].items():
            move(name, at, _VISEME, 1.3 * peak)
        at += 4
    for blink in (start + 10, start + 60):
        move("eyeBlinkLeft", blink, _VISEME, 1)
        move("eyeBlinkRight", blink, _VISEME, 1)
    return face, start
