"""Shots for the tests of re-rendering: imported as the add-on does it, and read at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import bpy

from blender_addon import slices
from blender_addon.rerender.order import wanted_of
from blender_addon.rerender.read_curves import Read, read_shot
from blender_addon.rerender.version_files import load
from blender_addon.rerender.versions import active_folder
from blender_addon.shot_import import shot as shot_files
from blender_addon.shot_import.scene import import_shot
from blender_addon.version_adapter import curves_of_action


def bring_in(manifest: Path, **job: object) -> bpy.types.Collection:
    """Import a shot and let its collection remember it, as an import of a job does."""
    files = shot_files.read_shot(manifest)
    imported = import_shot(files, bpy.context.scene)
    kept = imported.collection.garrick
    kept.is_shot, kept.folder, kept.job, kept.portrait_consent = True, str(manifest.parent), json.dumps(job), True
    kept.head, kept.armature, kept.camera = imported.head, imported.armature, imported.camera
    if not kept.versions:
        kept.versions.add()
    version = kept.versions[0]
    version.name, version.folder = "v1", str(manifest.parent / "frames")
    version.first, version.last = files.frames.first, files.frames.last
    bpy.context.view_layer.objects.active = imported.head
    return imported.collection


def read(shot: bpy.types.Collection, **changes: object) -> tuple[Read, object]:
    """What Blender plays now, and the performance that was rendered last."""
    last = load(active_folder(shot))
    wanted = replace(wanted_of(shot, bpy.context.scene, last), **changes)
    return slices.read(read_shot(wanted)), last.shot.performance


def key_shape(shot: bpy.types.Collection, name: str, keys: dict[int, float]) -> bpy.types.FCurve:
    """An artist's keys on a shape, in an Action of their own above the import's layer; they hold only between their ends."""
    blocks = shot.garrick.head.data.shape_keys
    data = blocks.animation_data
    action = bpy.data.actions.new("mine")
    data.action = action
    if hasattr(action, "slots"):
        data.action_slot = action.slots.new(id_type="KEY", name="mine")
    for frame, value in keys.items():
        blocks.key_blocks[name].value = value
        blocks.key_blocks[name].keyframe_insert("value", frame=frame)
    data.action_extrapolation = "NOTHING"
    return curves_of_action(action, getattr(data, "action_slot", None))[0]
