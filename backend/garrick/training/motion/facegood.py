"""FACEGOOD's recordings (MIT): Mandarin speech of one woman with captured curves of her mouth, as ARKit weights.

The captures have 116 channels at 30 fps, named inside each file (the published lists of names differ; only those of
"shirley_1015" fit). Nothing but the mouth moves. Two of its shapes have no ARKit name and carry much of the motion:
mouth_oh_c and mouth_oo_c, the lips of "oh" and "oo"; they are folded into funnel, pucker and jaw.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io.wavfile

from garrick.motion.diffusion.channels import MOUTH
from garrick.speech.speech import Speech

HELD_OUT = "2_05"
NAMES = ("2_01", "2_02", "2_03", "2_04", "3_15")
"""The takes that may be learned from."""

LAG = 1
"""Frames by which the captured curves come after the sound; taken out."""

_FOLDER = Path("FACEGOOD_FACEGOOD-Audio2Face/code/train")
_PARTS: dict[str, tuple[str, ...]] = {
    "jawOpen": ("mouth_stretch_c",),
    "mouthFunnel": ("mouth_funnel_dl", "mouth_funnel_dr", "mouth_funnel_ul", "mouth_funnel_ur"),
    "mouthPucker": ("mouth_pucker_l", "mouth_pucker_r"),
    "mouthSmileLeft": ("mouth_lipCornerPull_l",),
    "mouthSmileRight": ("mouth_lipCornerPull_r",),
    "mouthStretchLeft": ("mouth_lipStretch_l",),
    "mouthStretchRight": ("mouth_lipStretch_r",),
    "mouthRollLower": ("mouth_suck_dl", "mouth_suck_dr"),
    "mouthRollUpper": ("mouth_suck_ul", "mouth_suck_ur"),
    "mouthShrugUpper": ("mouth_chinRaise_u",),
    "mouthPressLeft": ("mouth_press_l",),
    "mouthPressRight": ("mouth_press_r",),
    "mouthLowerDownLeft": ("mouth_lowerLipDepress_l",),
    "mouthLowerDownRight": ("mouth_lowerLipDepress_r",),
    "mouthUpperUpLeft": ("mouth_upperLipRaise_l",),
    "mouthUpperUpRight": ("mouth_upperLipRaise_r",),
}
"""An ARKit weight is the largest of its parts, as FACEGOOD's own table has it."""
_FOLDED: dict[str, dict[str, float]] = {
    "mouth_oh_c": {"mouthFunnel": 0.5, "mouthPucker": 0.4, "jawOpen": 0.1},
    "mouth_oo_c": {"mouthPucker": 0.8, "mouthFunnel": 0.15},
}
"""What those two shapes are made of: an "oh" is a rounded funnel that opens the jaw a little, an "oo" a tight pucker."""


def folder(data: Path) -> Path:
    """Where the recordings lie below the folder of training data."""
    return data / _FOLDER


def load(data: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """A take -> (N,) float32 waveform at 16 kHz and (F, 16) float32 MOUTH weights at 30 fps, in time with the sound.

    Raises FileNotFoundError.
    """
    rate, samples = scipy.io.wavfile.read(folder(data) / f"wav/1114_{name}.wav")
    if rate != Speech.SAMPLE_RATE:
        raise ValueError(f"The sound of {name} has {rate} Hz, not {Speech.SAMPLE_RATE}.")
    with np.load(folder(data) / f"bs_value_npz/bs_value_1114_{name}.npz") as stored:
        mouth = to_arkit(stored["weights"], [str(channel) for channel in stored["names"]])
    return samples.astype(np.float32) / 32768, mouth[LAG:]


def to_arkit(weights: np.ndarray, names: list[str]) -> np.ndarray:
    """(F, 116) captured weights and their names -> (F, 16) float32 MOUTH weights, 0..1."""
    column = {name: weights[:, index] for index, name in enumerate(names)}
    mouth = np.stack([np.max([column[part] for part in _PARTS[name]], axis=0) for name in MOUTH], axis=1)
    for shape, shares in _FOLDED.items():
        for name, share in shares.items():
            mouth[:, MOUTH.index(name)] += share * column[shape]
    return np.clip(mouth, 0, 1).astype(np.float32)
