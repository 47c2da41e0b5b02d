"""Quaternions w x y z, (N, 4), that curves hold a component each. Numpy only."""

from __future__ import annotations

import numpy as np

from ..rotations import continuous
from ..rotations import quaternions as of_turns


def unit(values: np.ndarray) -> np.ndarray:
    """(N, 4) of length 1 and in one hemisphere with their neighbours; what has no length is no rotation."""
    lengths = np.linalg.norm(values, axis=-1, keepdims=True)
    whole = np.where(lengths < 1e-9, np.array([1.0, 0.0, 0.0, 0.0]), values / np.maximum(lengths, 1e-9))
    return continuous(whole)


def scaled(values: np.ndarray, factor: float, about: np.ndarray) -> np.ndarray:
    """Each turn away from `about` (4,), times `factor`."""
    away = _product(about * (1, -1, -1, -1), unit(values))
    return continuous(_product(about, of_turns(_turns(away) * factor)))


def average(values: np.ndarray) -> np.ndarray:
    """(4,) the middle of rotations that lie near each other."""
    return unit(unit(values).mean(axis=0, keepdims=True))[0]


def _turns(values: np.ndarray) -> np.ndarray:
    """(N, 3) axis-angle radians, at most half a turn."""
    values = np.where(values[:, :1] < 0, -values, values)
    sine = np.linalg.norm(values[:, 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, values[:, :1])
    return values[:, 1:] * np.where(sine < 1e-9, 2.0, angle / np.maximum(sine, 1e-9))


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The rotation b, then a."""
    a, b = np.broadcast_arrays(a, b)
    w = a[..., :1] * b[..., :1] - np.sum(a[..., 1:] * b[..., 1:], axis=-1, keepdims=True)
    return np.concatenate([w, a[..., :1] * b[..., 1:] + b[..., :1] * a[..., 1:] + np.cross(a[..., 1:], b[..., 1:])], -1)
