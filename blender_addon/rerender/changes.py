"""Which frames have to be rendered again. Numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.camera import CameraPath
from ..core.performance import CHANNELS, Performance

JOIN = 12
"""Frames: rendering so many takes as long as beginning another job, so closer ranges are rendered as one."""

_POSE = 1e-5  # metres, or entries of a rotation
_LENS = 1e-5  # of the picture's longer side


def settled_path(read: CameraPath, last: CameraPath) -> CameraPath:
    """`read` with the last camera's own numbers, bit for bit, in every frame in which it has not moved.

    Blender holds a camera in single precision; the frames would differ in their last digits.
    """
    if read.size != last.size or len(read) != len(last):
        return read
    poses = np.where(
        _same(read.world_to_camera, last.world_to_camera, _POSE), last.world_to_camera, read.world_to_camera
    )
    near = _same(read.intrinsics, last.intrinsics, _LENS * max(read.size))
    return replace(read, world_to_camera=poses, intrinsics=np.where(near, last.intrinsics, read.intrinsics))


def changed_frames(
    performance: Performance, path: CameraPath, last_performance: Performance, last_path: CameraPath
) -> np.ndarray:
    """(F,) bool: frames that would not look as they did, for settled performances and paths.

    Everything has changed where length, rate or size differ.
    """
    changed = np.zeros(len(performance), bool)
    alike = len(performance) == len(last_performance) and performance.fps == last_performance.fps
    if not alike or path.size != last_path.size or len(path) != len(last_path):
        return ~changed
    for name in CHANNELS:
        apart = getattr(performance, name) != getattr(last_performance, name)
        changed |= apart.reshape(len(changed), -1).any(axis=1)
    for name in ("world_to_camera", "intrinsics"):
        changed |= (getattr(path, name) != getattr(last_path, name)).any(axis=(1, 2))
    return changed


def ranges_of(frames: np.ndarray) -> list[tuple[int, int]]:
    """(F,) bool -> first and last frame of each run of them; runs less than `JOIN` frames apart are one."""
    runs: list[tuple[int, int]] = []
    for frame in np.flatnonzero(frames).tolist():
        if runs and frame - runs[-1][1] <= JOIN:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs


def spoken(ranges: Sequence[tuple[int, int]]) -> str:
    """Ranges for people: "3, 10-24"; the first few of many."""
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return ", ".join(texts[:4]) + (f" and {len(texts) - 4} more" if len(texts) > 4 else "")


def _same(one: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
    """(F, 1, 1) bool."""
    return (np.abs(one - other) <= tolerance).all(axis=(1, 2), keepdims=True)
