"""The tools: each takes channels of a subject and edits their keys in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..core import edits
from ..core.arkit import ARKIT_NAMES
from ..core.retiming import TimeMap
from ..shot_import.timeline import scene_rate
from ..version_adapter import LINEAR
from . import quaternions
from .curves import Channel, Clock, fit_strips, shape_values
from .keys import SAME, Keys, ensure_keys, read_keys, write_keys

KEYS = (
    ("ALL", "All Keys", "Every key of the curves"),
    ("SELECTED", "Selected Keys", "The keys that are selected in the Graph Editor or the Dope Sheet"),
    ("RANGE", "Keys in Range", "The keys in the preview range, or in the scene's range where there is none"),
)
"""Items of an EnumProperty: which keys of the curves are edited."""


@dataclass(frozen=True)
class Bounds:
    """How far straight lines may pass a dropped key: face weights 0..1, radians, metres."""

    weight: float
    angle: float
    distance: float

    def of(self, channel: Channel) -> float:
        """In the unit of a channel's curves."""
        if channel.kind == "rotation_quaternion":
            return self.angle / 2  # a component changes by half the angle at most
        return {"shape": self.weight, "rotation_euler": self.angle}.get(channel.kind, self.distance)


@dataclass(frozen=True)
class Reduced:
    """What a reduction did. left: curves that it left alone, for their keys are not joined by straight lines."""

    before: int
    after: int
    left: int


def gain(scene: bpy.types.Scene, channels: Sequence[Channel], which: str, factor: float, average: bool) -> int:
    """Scale the keys about rest, or about each curve's own average; the number of keys that changed."""

    def change(channel: Channel, times: np.ndarray, values: np.ndarray) -> np.ndarray:
        if channel.kind == "rotation_quaternion" and values.shape[1] == 4:
            middle = quaternions.average(values) if average else np.array([1.0, 0.0, 0.0, 0.0])
            return quaternions.scaled(values, factor, middle)
        rest = 1.0 if channel.kind == "scale" else 0.0
        return edits.gain(values, factor, values.mean(axis=0) if average else rest)

    return _edit(scene, channels, which, change)


def smooth(
    scene: bpy.types.Scene, channels: Sequence[Channel], which: str, seconds: float, sealed_at: np.ndarray | None
) -> int:
    """Smooth over `seconds`, without delay; the number of keys that changed.

    sealed_at: (P,) seconds where lips close for a p, b or m: the mouth keeps its keys there, and closed lids stay
    closed. None: everything is smoothed.
    """

    def change(channel: Channel, times: np.ndarray, values: np.ndarray) -> np.ndarray:
        if channel.kind == "rotation_quaternion" and values.shape[1] == 4:
            return quaternions.unit(edits.smooth(times, quaternions.unit(values), seconds))
        new = edits.smooth(times, values, seconds)
        if sealed_at is None or channel.kind != "shape":
            return new
        kept = edits.closures_kept(channel.follows.source, times, values[:, 0], sealed_at)
        return new + (values - new) * kept[:, None]

    return _edit(scene, channels, which, change)


def reduce(scene: bpy.types.Scene, channels: Sequence[Channel], which: str, bounds: Bounds) -> Reduced:
    """Drop keys that straight lines between the others pass within bounds."""
    before = after = left = 0
    for channel in channels:
        for curves, keys in _together(channel):
            count, before = len(keys[0].frames), before + len(curves) * len(keys[0].frames)
            if any((key.settings["interpolation"][:-1] != LINEAR).any() for key in keys):
                left, after = left + len(curves), after + len(curves) * count
                continue
            inside = np.logical_or.reduce([_mask(scene, channel, key, which) for key in keys])
            values = np.stack([key.values for key in keys], axis=1)
            kept = _kept_keys(keys[0].frames, values, inside, bounds.of(channel))
            after += len(curves) * len(kept)
            if len(kept) < count:
                for curve, key in zip(curves, keys, strict=True):
                    write_keys(curve, key.only(kept))
    _tag(channels)
    return Reduced(before, after, left)


def close_lips(scene: bpy.types.Scene, channels: Sequence[Channel], frame: float, hold: float) -> int:
    """Close the lips at a scene frame for `hold` seconds, with soft ramps; the number of curves that changed."""
    reach = hold / 2 + edits.SEAL_RAMP
    corners = (-reach, -hold / 2, 0.0, hold / 2, reach)

    def change(face: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        return edits.sealed(face, edits.seal_amount(seconds, 0.0, hold))

    return _reshape(scene, channels, edits.SEAL, frame, corners, change)


def blink(scene: bpy.types.Scene, channels: Sequence[Channel], frame: float) -> int:
    """Shut the lids at a scene frame; the number of curves that changed."""
    corners = (-edits.LID_FALL, -edits.LID_FALL / 2, 0.0, edits.LID_RISE / 3, edits.LID_RISE / 1.5, edits.LID_RISE)

    def change(face: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        return edits.blinked(face, edits.lid_drop(seconds))

    return _reshape(scene, channels, edits.BLINKING, frame, corners, change)


def retime(scene: bpy.types.Scene, channels: Sequence[Channel], times: TimeMap) -> int:
    """Move every key from the old time to the new one; the number of curves that moved."""
    moved = 0
    for channel in channels:
        for curve in channel.curves:
            keys = read_keys(curve)
            now = channel.clock.frames(scene, times(channel.clock.seconds(scene, keys.frames)))
            write_keys(curve, keys.with_frames(now))
            moved += 1
    fit_strips(channels)
    _tag(channels)
    return moved


def mirror(channels: Sequence[Channel]) -> int:
    """Left for right: curves of the face change their side, bones turn and shift the other way. The number of curves."""
    mirrored = 0
    for channel in channels:
        other = channel.follows.twin
        if channel.kind == "shape":
            other = other if other in channel.block.key_blocks else channel.name
            path = f'key_blocks["{other}"].value'
        else:
            bones = channel.block.data.bones
            path = f'pose.bones["{other}"].{channel.kind}'
            _mirror_bone(channel, np.array(bones[channel.name].matrix_local.to_3x3()), bones[other])
        for curve in channel.curves:
            curve.data_path = path
            mirrored += 1
    _tag(channels)
    return mirrored


def _mirror_bone(channel: Channel, axes: np.ndarray, other: bpy.types.Bone) -> None:
    """Reflect a bone's curves in the plane between left and right, and give them in the other bone's axes."""
    to_other = np.array(other.matrix_local.to_3x3()).T
    reflect = np.eye(3) - 2 * np.outer(channel.left, channel.left)
    if channel.kind == "rotation_quaternion" and len(channel.curves) == 4:
        change = np.eye(4)
        change[1:, 1:] = to_other @ -reflect @ axes  # a turn is an axial vector
    elif channel.kind == "location" and len(channel.curves) == 3:
        change = to_other @ reflect @ axes
    elif channel.kind == "scale":
        return
    else:
        raise ValueError(f"{channel.name} turns by Euler angles or not by all axes; only quaternions can be mirrored.")
    keys = _shared(channel.curves)
    values = np.stack([key.values for key in keys], axis=1) @ change.T
    for column, (curve, key) in enumerate(zip(channel.curves, keys, strict=True)):
        write_keys(curve, key.with_values(values[:, column]))


def _edit(
    scene: bpy.types.Scene,
    channels: Sequence[Channel],
    which: str,
    change: Callable[[Channel, np.ndarray, np.ndarray], np.ndarray],
) -> int:
    """change(channel, (N,) seconds, (N, C) values) -> values; only the keys of `which` take them."""
    changed = 0
    for channel in channels:
        for curves, keys in _together(channel):
            values = np.stack([key.values for key in keys], axis=1)
            new = change(channel, channel.clock.seconds(scene, keys[0].frames), values)
            if channel.kind == "shape":
                block = channel.block.key_blocks.get(channel.name)
                if block is not None:
                    new = np.clip(new, block.slider_min, block.slider_max)
            for column, (curve, key) in enumerate(zip(curves, keys, strict=True)):
                inside = _mask(scene, channel, key, which)
                if inside.any():
                    write_keys(curve, key.with_values(np.where(inside, new[:, column], key.values)))
                    changed += int(inside.sum())
    _tag(channels)
    return changed


def _together(channel: Channel) -> Iterator[tuple[tuple[bpy.types.FCurve, ...], list[Keys]]]:
    """Curves that must be edited together, with keys on the same frames: the four of a quaternion; others alone."""
    if channel.kind == "rotation_quaternion" and len(channel.curves) == 4:
        yield channel.curves, _shared(channel.curves)
        return
    for curve in channel.curves:
        yield (curve,), [read_keys(curve)]


def _shared(curves: Sequence[bpy.types.FCurve]) -> list[Keys]:
    """Keys of several curves, after each got a key where another has one."""
    keys = [read_keys(curve) for curve in curves]
    first = keys[0].frames
    if all(len(key.frames) == len(first) and np.allclose(key.frames, first, atol=SAME) for key in keys):
        return keys
    union = np.unique(np.concatenate([key.frames for key in keys]))
    union = union[np.append(True, np.diff(union) > SAME)]
    for curve in curves:
        ensure_keys(curve, union)
    return [read_keys(curve) for curve in curves]


def _mask(scene: bpy.types.Scene, channel: Channel, keys: Keys, which: str) -> np.ndarray:
    """(N,) bool: the keys that a tool may change."""
    if which == "SELECTED":
        return keys.selected
    if which == "RANGE":
        preview = scene.use_preview_range
        first = scene.frame_preview_start if preview else scene.frame_start
        last = scene.frame_preview_end if preview else scene.frame_end
        at = channel.clock.scene_frame(keys.frames)
        return (at >= first - SAME) & (at <= last + SAME)
    return np.ones(len(keys.frames), bool)


def _kept_keys(frames: np.ndarray, values: np.ndarray, inside: np.ndarray, error: float) -> np.ndarray:
    """Indices that stay: all outside, and of each stretch inside what `reduce_keys` keeps."""
    kept = [np.flatnonzero(~inside)]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    for first, end in edges.reshape(-1, 2):
        start, stop = max(first - 1, 0), min(end + 1, len(frames))
        kept.append(start + edits.reduce_keys(frames[start:stop], values[start:stop], error))
    return np.unique(np.concatenate(kept))


def _reshape(
    scene: bpy.types.Scene,
    channels: Sequence[Channel],
    columns: Sequence[int],
    frame: float,
    corners: Sequence[float],
    change: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> int:
    """Give some shapes another course about a scene frame; the number of curves.

    corners: seconds from `frame` where there must be keys, the first and last being where nothing changes any more.
    change:  change((M, 52) face, (M,) seconds from `frame`) -> (M, 52).
    Keys are added on the scene's frames, so that the new course is seen whatever keys there were.
    """
    names = {ARKIT_NAMES[column]: column for column in columns}
    shapes = [channel for channel in channels if channel.kind == "shape" and channel.follows.source in names]
    if not shapes:
        raise ValueError("None of the shape keys that this needs has an editable curve.")
    rate = scene_rate(scene)
    at = [frame + rate * corner for corner in corners]
    instants = [np.array(at), np.arange(np.ceil(at[0]), at[-1])]
    for channel in shapes:
        own = channel.clock.scene_frame(read_keys(channel.curves[0]).frames)
        instants.append(own[(own > at[0]) & (own < at[-1])])
    frames = np.unique(np.concatenate(instants))
    frames = frames[np.append(True, np.diff(frames) > SAME)]

    def on(clock: Clock) -> np.ndarray:
        return clock.action_frame(frames)

    new = change(shape_values(list(channels), on, len(frames)), (frames - frame) / rate)
    for channel in shapes:
        (curve,) = channel.curves
        ensure_keys(curve, on(channel.clock))
        keys = read_keys(curve)
        own = channel.clock.scene_frame(keys.frames)
        nearest = np.clip(np.searchsorted(frames, own - SAME), 0, len(frames) - 1)
        inside = np.abs(frames[nearest] - own) <= 2 * SAME
        wanted = channel.follows.gain * new[nearest, names[channel.follows.source]]
        block = channel.block.key_blocks.get(channel.name)
        if block is not None:
            wanted = np.clip(wanted, block.slider_min, block.slider_max)
        write_keys(curve, keys.with_values(np.where(inside, wanted, keys.values)))
    _tag(shapes)
    return len(shapes)


def _tag(channels: Sequence[Channel]) -> None:
    """Let the scene play what was edited."""
    for block in {channel.block for channel in channels}:
        block.update_tag()
