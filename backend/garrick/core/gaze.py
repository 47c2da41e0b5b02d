"""Gaze angles and the eight eyeLook weights that go with them."""

from __future__ import annotations

import numpy as np

from .arkit import ARKIT_INDEX

# how far the eye turns at weight 1, degrees: measured on the source's eyeballs (the lids are shaped for that turn)
_UP, _DOWN, _IN, _OUT = np.radians((9.7, 11.0, 14.8, 14.3))
EYE_LOOK: tuple[int, ...] = tuple(
    ARKIT_INDEX[f"eyeLook{way}{side}"] for side in ("Left", "Right") for way in ("Down", "In", "Out", "Up")
)
"""Columns of the face that `eye_look_weights` fills, in its order."""


def eye_look_weights(gaze: np.ndarray) -> np.ndarray:
    """(..., 2, 2) gaze in radians -> (..., 8) weights 0..1 in `EYE_LOOK` order; the lids follow the eyes.

    gaze: per eye (left, right) yaw (+ to the subject's left) and pitch (+ up).
    """
    yaw, pitch = gaze[..., 0], gaze[..., 1]
    inward = np.stack([-yaw[..., 0], yaw[..., 1]], axis=-1)  # the left eye looks in to the right
    columns = np.stack([-pitch / _DOWN, inward / _IN, -inward / _OUT, pitch / _UP], axis=-1)
    return np.clip(columns, 0, 1).reshape(*gaze.shape[:-2], 8).astype(np.float32)
