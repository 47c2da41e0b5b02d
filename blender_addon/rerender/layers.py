"""The F-curves of a data-block in all its layers, and new keys on one that is there."""

from __future__ import annotations

import bpy
import numpy as np

from ..version_adapter import LINEAR, curves_of_action


def layered_curves(block: bpy.types.ID) -> list[bpy.types.FCurve]:
    """Every F-curve that may move a data-block: of its NLA strips, the lowest first, then of its active Action."""
    data = block.animation_data
    if data is None:
        return []
    users = [*_strips(block), data]
    return [curve for user in users for curve in curves_of_action(user.action, getattr(user, "action_slot", None))]


def rewrite_curve(curve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray) -> None:
    """Put other keys on an F-curve. frames, values: (N,), frames ascending."""
    points = np.empty(2 * len(frames), np.float32)
    points[0::2], points[1::2] = frames, values
    curve.keyframe_points.clear()
    curve.keyframe_points.add(len(frames))
    curve.keyframe_points.foreach_set("co", points)
    curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), LINEAR, np.uint8))
    curve.update()


def extend_curve(curve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray, known: int) -> None:
    """Let an F-curve play as it does over the first `known` frames, and go on with linear keys. frames, values: (N,).

    Keys of its own behind those frames count; a curve without any stays so.
    """
    points = curve.keyframe_points
    last = max(points, key=lambda point: point.co.x, default=None)
    if last is None or known >= len(frames):
        return
    end, old_end = float(last.co.x), float(frames[known - 1])
    added = [(frame, value) for frame, value in zip(frames[known:], values[known:], strict=True) if frame > end + 1e-3]
    if added and end < old_end - 1e-3:  # it held, or went straight on: a key at the old end keeps that
        added.insert(0, (old_end, curve.evaluate(old_end)))
        last.handle_left_type, last.interpolation = "FREE", "LINEAR"
    for frame, value in added:
        points.insert(float(frame), float(value), options={"FAST"}).interpolation = "LINEAR"
    curve.update()


def stretch_strips(block: bpy.types.ID, before: float, last: float) -> None:
    """Let NLA strips of a data-block that play their Action up to frame `before` of it play it up to frame `last`.

    What an artist has slid stays where it is, and what was cut off at its end stays cut off.
    """
    for strip in _strips(block):
        if abs(strip.action_frame_end - before) < 1e-3:
            start, scale = strip.frame_start, strip.scale
            strip.action_frame_end = last
            strip.scale = scale
            strip.frame_end_raw = start + (last - strip.action_frame_start) * scale * strip.repeat


def _strips(block: bpy.types.ID) -> list[bpy.types.NlaStrip]:
    tracks = block.animation_data.nla_tracks if block.animation_data else ()
    return [strip for track in tracks for strip in track.strips if strip.action is not None]
