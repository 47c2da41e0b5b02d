"""Motion of somebody before a camera, for a portrait: what leaves the actor's calm leaves that of the photo."""

from __future__ import annotations

import numpy as np

from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.live_frames import Motion
from garrick.perception.live_grid import Frames
from garrick.perception.portrait import Portrait


def acted(portrait: Portrait, frames: Frames) -> Motion:
    """The frames of a tracked actor, from the pose, gaze and face of the portrait."""
    turned = rotation_matrices(frames.head_rotation.astype(np.float64))
    rest = rotation_matrices(portrait.head_rotation[None].astype(np.float64))
    return Motion(
        frames.first,
        np.clip(portrait.face + frames.face, 0, 1).astype(np.float32),
        axis_angles(turned @ rest).astype(np.float32),
        frames.head_translation,
        (portrait.gaze + frames.gaze).astype(np.float32),
    )
