"""How far from the photo's own view the face is seen: one photo holds only so far."""

from __future__ import annotations

import numpy as np

from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.core.rotation import rotation_matrices
from garrick.perception.portrait import Portrait

HOLDS = 20.0
"""Degrees of yaw beside the photo's within which a single photo holds."""


def turned_away(portrait: Portrait, performance: Performance, camera: CameraPath) -> np.ndarray:
    """(F,) degrees by which the face is seen farther to its side than in the photo: + more of its left side."""
    own = portrait.camera.world_to_camera[None]
    photo = _yaw(portrait.head_rotation[None], np.zeros((1, 3)), own)
    shown = _yaw(performance.head_rotation, performance.head_translation, camera.world_to_camera)
    return (np.degrees(shown - photo) + 180) % 360 - 180


def view_warning(portrait: Portrait, performance: Performance, camera: CameraPath, frames: range) -> str | None:
    """A sentence on frames that show more than one photo holds; None where all of `frames` lie within."""
    angles = np.abs(turned_away(portrait, performance, camera))
    beyond = [frame for frame in frames if angles[frame] > HOLDS]
    if not beyond:
        return None
    worst = max(beyond, key=lambda frame: angles[frame])
    return (
        f"{len(beyond)} of {len(frames)} frames show the face more than {HOLDS:.0f} degrees from the photo's view, "
        f"frame {worst} {angles[worst]:.0f}: what the photo does not show is made up there. Move camera or head less."
    )


def _yaw(rotations: np.ndarray, places: np.ndarray, world_to_camera: np.ndarray) -> np.ndarray:
    """(F,) radians from straight ahead of the head to the camera, about the head's upright axis."""
    turns, shifts = world_to_camera[:, :3, :3], world_to_camera[:, :3, 3]
    eyes = -np.einsum("fji,fj->fi", turns, shifts)
    seen = np.einsum("fji,fj->fi", rotation_matrices(rotations), eyes - places)
    return np.arctan2(seen[:, 0], seen[:, 2])
