"""A shot moved in time as a whole: its layers, plates, pictures, voice and markers alike."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

from .. import version_adapter
from ..shot_import import timeline
from . import versions
from .fitting import fit, voice_strips
from .place import lies_in_strip, place_of
from .version_files import load


def move(shot: bpy.types.Collection, scene: bpy.types.Scene, start: int) -> float:
    """Let a shot begin at a frame of the scene; by how many frames it moved. The scene's own range and cameras stay.

    Keys and strips that an artist has laid over the shot's own go with it. Raises ValueError, and OSError where its files
    cannot be read, before anything is changed.
    """
    files = load(versions.active_folder(shot)).shot
    before = place_of(shot, scene)
    delta = start - before.start
    blocks = list(_blocks(shot))
    for block in blocks:
        version_adapter.check_editable(block)
    written = not lies_in_strip(shot)
    voices = voice_strips(shot, scene)
    markers = [*timeline.markers_of(scene, before, files.words), *timeline.markers_of(scene, before, files.phones)]
    shifted: set[bpy.types.Action] = set()
    for block in blocks:
        _shift(block.animation_data, delta, shifted)
    if written:
        shot.garrick.start += round(delta)
    for strip in voices:
        strip.frame_start += delta
    for marker in set(markers):
        marker.frame += round(delta)
    fit(shot, scene, files)
    return delta


def _blocks(shot: bpy.types.Collection) -> Iterator[bpy.types.ID]:
    """What of a shot may be animated, each once."""
    found: dict[bpy.types.ID, None] = {}
    for item in shot.all_objects:
        found[item] = None
        if item.data is not None:
            found[item.data] = None
            found[getattr(item.data, "shape_keys", None)] = None
        for slot in item.material_slots:
            found[slot.material and slot.material.node_tree] = None
    return (
        block for block in found if block is not None and block.library is None and block.animation_data is not None
    )


def _shift(data: bpy.types.AnimData, delta: float, shifted: set[bpy.types.Action]) -> None:
    """Move the strips, and the keys of an Action that lies in none."""
    for track in data.nla_tracks:
        for strip in track.strips:
            start, end = strip.frame_start, strip.frame_end
            strip.frame_start_raw, strip.frame_end_raw = start + delta, end + delta
    action = data.action
    if action is None or action.library is not None or action in shifted:
        return
    shifted.add(action)
    for curve in version_adapter.curves_of_action(action, getattr(data, "action_slot", None)):
        for name in ("co", "handle_left", "handle_right"):
            points = np.empty(2 * len(curve.keyframe_points), np.float32)
            curve.keyframe_points.foreach_get(name, points)
            points[0::2] += delta
            curve.keyframe_points.foreach_set(name, points)
        curve.update()
