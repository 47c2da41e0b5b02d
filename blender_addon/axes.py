"""Between Garrick's space and Blender's: the only place where axes change.

Garrick: metres, +X to the subject's left, +Y up, +Z out of the face; cameras are OpenCV's (x right, y down, z forward).
Blender: metres, +X to the subject's left, -Y out of the face, +Z up; a camera looks along its -Z with +Y up.
"""

from __future__ import annotations

import numpy as np

TO_BLENDER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Rotation about +X by 90 degrees: a column vector of Garrick's space, seen in Blender's."""

_CAMERA_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])


def to_blender(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) points or directions in Garrick's space -> the same in Blender's."""
    return np.asarray(vectors) @ TO_BLENDER.T.astype(np.asarray(vectors).dtype, copy=False)


def from_blender(vectors: np.ndarray) -> np.ndarray:
    """The inverse of `to_blender`."""
    return np.asarray(vectors) @ TO_BLENDER.astype(np.asarray(vectors).dtype, copy=False)


def camera_to_blender(world_to_camera: np.ndarray) -> np.ndarray:
    """(..., 4, 4) OpenCV `world_to_camera` in Garrick's space -> (..., 4, 4) `matrix_world` of a Blender camera."""
    to_world = np.eye(4)
    to_world[:3, :3] = TO_BLENDER
    return to_world @ np.linalg.inv(np.asarray(world_to_camera, np.float64)) @ _CAMERA_FLIP


def camera_from_blender(matrix_world: np.ndarray) -> np.ndarray:
    """The inverse of `camera_to_blender`."""
    to_world = np.eye(4)
    to_world[:3, :3] = TO_BLENDER
    return _CAMERA_FLIP @ np.linalg.inv(np.asarray(matrix_world, np.float64)) @ to_world
