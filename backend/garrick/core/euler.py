"""Rotations as the Euler angles that files keep: both ways, and without jumps from frame to frame."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .rotation import axis_angles, rotation_matrices

_AXES = {"X": (1.0, 0.0, 0.0), "Y": (0.0, 1.0, 0.0), "Z": (0.0, 0.0, 1.0)}


def euler_matrices(angles: np.ndarray, order: str) -> np.ndarray:
    """(..., N) radians -> (..., 3, 3): N turns about moving axes, the first letter of `order` first ("YXZ": Ry Rx Rz)."""
    angles = np.asarray(angles, np.float64)
    turned = np.broadcast_to(np.eye(3), (*angles.shape[:-1], 3, 3))
    for column, axis in enumerate(order):
        turned = turned @ rotation_matrices(angles[..., column, None] * _AXES[axis])
    return turned


def euler_angles(matrices: np.ndarray) -> np.ndarray:
    """(F, ..., 3, 3) -> (F, ..., 3) radians in the order YXZ (yaw, pitch, roll), each continuous from frame to frame.

    Yaw turns to the subject's left, pitch down, roll lifts the subject's left. At a pitch of 90 degrees roll is 0.
    """
    matrices = np.asarray(matrices, np.float64)
    pitch = np.arcsin(np.clip(-matrices[..., 1, 2], -1, 1))
    level = np.abs(matrices[..., 1, 2]) < 1 - 1e-12
    yaw = np.where(
        level,
        np.arctan2(matrices[..., 0, 2], matrices[..., 2, 2]),
        np.arctan2(-matrices[..., 2, 0], matrices[..., 0, 0]),
    )
    roll = np.where(level, np.arctan2(matrices[..., 1, 0], matrices[..., 1, 1]), 0.0)
    return np.unwrap(np.stack([yaw, pitch, roll], axis=-1), axis=0)


def smooth_axis_angles(matrices: np.ndarray, last: np.ndarray | None = None) -> np.ndarray:
    """(F, ..., 3, 3) -> (F, ..., 3) axis-angle radians; each frame's is the one of its rotation nearest to the frame before.

    So a turn past 180 degrees goes on instead of jumping to the other side, and lies well between samples.
    last: (..., 3) of the frame before the first, for a part of a clip.
    """
    turns = axis_angles(np.asarray(matrices, np.float64))
    for before, now in pairwise(turns if last is None else (last, *turns)):
        angle = np.linalg.norm(now, axis=-1, keepdims=True)
        safe = np.where(angle < 1e-9, 1.0, angle)
        # where nothing turns, any axis is that of whole turns: keep the one from before
        reach = np.linalg.norm(before, axis=-1, keepdims=True)
        kept = before / np.where(reach < 1e-9, 1.0, reach)
        axis = np.where(angle < 1e-9, kept, now / safe)
        rounds = np.round((np.sum(before * axis, axis=-1, keepdims=True) - angle) / (2 * np.pi))
        now += axis * (2 * np.pi * rounds)
    return turns
