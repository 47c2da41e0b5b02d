"""The keys of one F-curve as arrays, read and written whole: a key at a time would take minutes."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

SAME = 0.01
"""Frames: keys nearer to each other than this are one."""

_WHOLE = ("interpolation", "easing", "handle_left_type", "handle_right_type", "type")
_REAL = ("back", "amplitude", "period")
_FLAGS = ("select_control_point", "select_left_handle", "select_right_handle")


@dataclass
class Keys:
    """All keys of a curve, in the order of time.

    points, left, right: (N, 2) float64, frame and value of each key and of its two handles.
    settings:            what else there is to a key, (N,) each.
    """

    points: np.ndarray
    left: np.ndarray
    right: np.ndarray
    settings: dict[str, np.ndarray]

    @property
    def frames(self) -> np.ndarray:
        """(N,) of the curve's Action."""
        return self.points[:, 0]

    @property
    def values(self) -> np.ndarray:
        """(N,)."""
        return self.points[:, 1]

    @property
    def selected(self) -> np.ndarray:
        """(N,) bool."""
        return self.settings["select_control_point"]

    def with_values(self, values: np.ndarray) -> Keys:
        """Other values (N,); the handles move along."""
        return self._shifted(1, values - self.values)

    def with_frames(self, frames: np.ndarray) -> Keys:
        """Other frames (N,), ascending; the handles move along and stretch with the time about them."""
        moved = self._shifted(0, frames - self.frames)
        for handles in (moved.left, moved.right):
            reach = handles[:, 0] - moved.points[:, 0]
            handles[:, 0] = moved.points[:, 0] + reach * _stretch(self.frames, frames)
        return moved

    def only(self, kept: np.ndarray) -> Keys:
        """The keys of the indices (K,)."""
        settings = {name: values[kept] for name, values in self.settings.items()}
        return Keys(self.points[kept], self.left[kept], self.right[kept], settings)

    def _shifted(self, column: int, by: np.ndarray) -> Keys:
        moved = []
        for array in (self.points, self.left, self.right):
            array = array.copy()
            array[:, column] += by
            moved.append(array)
        return Keys(*moved, self.settings)


def read_keys(curve: bpy.types.FCurve) -> Keys:
    """All keys of a curve."""
    points, count = curve.keyframe_points, len(curve.keyframe_points)

    def pairs(name: str) -> np.ndarray:
        values = np.empty(2 * count, np.float32)
        points.foreach_get(name, values)
        return values.reshape(count, 2).astype(np.float64)

    settings = {}
    for names, dtype in ((_WHOLE, np.int32), (_REAL, np.float32), (_FLAGS, bool)):
        for name in names:
            settings[name] = np.empty(count, dtype)
            points.foreach_get(name, settings[name])
    return Keys(pairs("co"), pairs("handle_left"), pairs("handle_right"), settings)


def write_keys(curve: bpy.types.FCurve, keys: Keys) -> None:
    """Give a curve these keys and no others."""
    points = curve.keyframe_points
    if len(points) != len(keys.points):
        points.clear()
        points.add(len(keys.points))
    for name, values in keys.settings.items():
        points.foreach_set(name, values)
    for name, pairs in (("co", keys.points), ("handle_left", keys.left), ("handle_right", keys.right)):
        points.foreach_set(name, pairs.astype(np.float32).ravel())
    curve.update()


def ensure_keys(curve: bpy.types.FCurve, frames: np.ndarray) -> None:
    """Keys on these frames too, on the curve as it runs now: its shape stays."""
    own = read_keys(curve).frames
    near = np.searchsorted(own, frames)
    before, after = own[np.maximum(near - 1, 0)], own[np.minimum(near, len(own) - 1)]
    fresh = np.minimum(np.abs(frames - before), np.abs(frames - after)) > SAME
    for frame, value in [(float(frame), curve.evaluate(float(frame))) for frame in frames[fresh]]:
        curve.keyframe_points.insert(frame, value)
    curve.update()


def _stretch(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """(N,) how much time about each key is stretched."""
    if len(old) < 2:
        return np.ones(len(old))
    return np.maximum(np.gradient(new) / np.maximum(np.gradient(old), 1e-6), 1e-3)
