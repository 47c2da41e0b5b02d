"""Rotations of a performance as the quaternions that Blender's bones take. Numpy only."""

from __future__ import annotations

import numpy as np

from .axes import to_blender


def bone_quaternions(axis_angles: np.ndarray, bone_axes: np.ndarray) -> np.ndarray:
    """(F, 3) axis-angle radians in Garrick's space -> (F, 4) w x y z in the bone's own axes, sign-continuous.

    bone_axes: (3, 3) columns are the rest bone's axes in Blender's space. A rotation R of the space turns the bone by
    B' R B, whose axis is the axis of R seen from the bone: B' axis.
    """
    return continuous(quaternions(to_blender(np.asarray(axis_angles, np.float64)) @ bone_axes))


def quaternions(axis_angles: np.ndarray) -> np.ndarray:
    """(F, 3) axis-angle radians -> (F, 4) unit quaternions w x y z."""
    half = np.linalg.norm(axis_angles, axis=-1, keepdims=True) / 2
    # np.sinc(x) = sin(pi x) / (pi x): finite at no rotation.
    return np.concatenate([np.cos(half), axis_angles / 2 * np.sinc(half / np.pi)], axis=-1)


def continuous(quaternions: np.ndarray) -> np.ndarray:
    """Flip signs so that neighbours lie in one hemisphere: curves are interpolated a component at a time."""
    flips = np.where(np.sum(quaternions[1:] * quaternions[:-1], axis=-1) < 0, -1.0, 1.0)
    signs = np.concatenate([[1.0], np.cumprod(flips)])
    return quaternions * signs[:, None]
