"""Axis-angle rotations: radians, the SMPL/MANO convention."""

from __future__ import annotations

import numpy as np


def rotation_matrices(rotations: np.ndarray) -> np.ndarray:
    """(..., 3) axis-angle radians -> (..., 3, 3) rotation matrices."""
    angle = np.linalg.norm(rotations, axis=-1)[..., None, None]
    small = angle < 1e-6
    safe = np.where(small, 1.0, angle)
    x, y, z = np.moveaxis(rotations, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    first = np.where(small, 1 - angle**2 / 6, np.sin(safe) / safe)
    second = np.where(small, 0.5 - angle**2 / 24, (1 - np.cos(safe)) / safe**2)
    return np.eye(3, dtype=rotations.dtype) + first * cross + second * (cross @ cross)


def axis_angles(matrices: np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotation matrices -> (..., 3) axis-angle, angle within 0..pi."""
    skew = matrices - np.swapaxes(matrices, -1, -2)
    axis = np.stack([skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]], axis=-1) / 2
    sine = np.linalg.norm(axis, axis=-1)
    cosine = np.clip((np.trace(matrices, axis1=-2, axis2=-1) - 1) / 2, -1, 1)
    angle = np.arctan2(sine, cosine)
    scale = np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 1.0)
    small = axis * scale[..., None]
    if not (near_turn := (sine < 1e-6) & (cosine < 0)).any():
        return small
    # half turns: the axis is in the symmetric part, (R + 1) / 2 = a a^T
    outer = (matrices + np.eye(3)) / 2
    column = np.take_along_axis(outer, np.argmax(np.diagonal(outer, axis1=-2, axis2=-1), -1)[..., None, None], -1)[
        ..., 0
    ]
    half = column / np.maximum(np.linalg.norm(column, axis=-1, keepdims=True), 1e-9) * np.pi
    return np.where(near_turn[..., None], half, small)


def shortest_turns(start: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(F, 3, 3) the least turns that take one unit direction (3,) to others (F, 3); half a turn goes about any axis."""
    axis = np.cross(start, ends)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    aside = np.cross(start, np.eye(3)[np.argmin(np.abs(start))])
    axis = np.where(sine < 1e-9, aside / np.linalg.norm(aside), axis / np.maximum(sine, 1e-9))
    return rotation_matrices(axis * np.arctan2(sine, (ends @ start)[:, None]))


def eye_rotations(gaze: np.ndarray) -> np.ndarray:
    """(..., 2) yaw (+ to the subject's left) and pitch (+ up), radians -> (..., 3) axis-angle of an eye looking along +Z."""
    yaw, pitch = np.asarray(gaze)[..., 0], np.asarray(gaze)[..., 1]
    zero = np.zeros_like(yaw)
    turn = rotation_matrices(np.stack([zero, yaw, zero], axis=-1))
    lift = rotation_matrices(np.stack([-pitch, zero, zero], axis=-1))
    return axis_angles(turn @ lift)
