"""Where a shot lies in a scene's time now: an artist may have slid its strips since it was imported."""

from __future__ import annotations

import bpy

from ..core.arkit import ARKIT_NAMES
from ..shot_import.timeline import Place, scene_rate
from ..version_adapter import curves_of_action
from .parts import parts_of

_PATHS = frozenset(f'key_blocks["{name}"].value' for name in ARKIT_NAMES)


def place_of(shot: bpy.types.Collection, scene: bpy.types.Scene) -> Place:
    """The place of a shot in a scene, see `start_of`."""
    return Place(start_of(shot), scene_rate(scene))


def start_of(shot: bpy.types.Collection) -> float:
    """The scene's frame of a shot's frame 0: its face's strip says it, the lowest that moves any ARKit key.

    A shot that has lost its face, or whose keys lie in no strip, begins where its keys were written.
    """
    start, strip = float(shot.garrick.start), _strip_of(shot)
    return start if strip is None else strip.frame_start + (start - strip.action_frame_start) * strip.scale


def written_place(shot: bpy.types.Collection, scene: bpy.types.Scene) -> Place:
    """Where the keys of the shot's own Action lie, by that Action's own frames, whatever strip plays them."""
    return Place(float(shot.garrick.start), scene_rate(scene))


def lies_in_strip(shot: bpy.types.Collection) -> bool:
    """Whether an NLA strip plays the shot's face, so that moving that moves the shot."""
    return _strip_of(shot) is not None


def _strip_of(shot: bpy.types.Collection) -> bpy.types.NlaStrip | None:
    try:
        data = parts_of(shot).head.data.shape_keys.animation_data
    except ValueError:
        return None
    for track in data.nla_tracks if data is not None else ():
        for strip in track.strips:
            curves = curves_of_action(strip.action, getattr(strip, "action_slot", None))
            if any(curve.data_path in _PATHS for curve in curves):
                return strip
    return None
