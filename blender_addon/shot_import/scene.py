"""Build a shot in a scene: a collection of its own, so that nothing that was there is touched."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from .. import version_adapter
from . import animation, camera, materials, mesh, plate, rig, sound, timeline
from .shot import Shot

SYNTHETIC = "garrick_synthetic"
VERSION = "garrick_version"


@dataclass(frozen=True)
class Imported:
    """What an import added. notes: sentences for the user about what this Blender could not take."""

    collection: bpy.types.Collection
    head: bpy.types.Object
    armature: bpy.types.Object
    camera: bpy.types.Object
    notes: tuple[str, ...]


def import_shot(
    shot: Shot, scene: bpy.types.Scene, phone_markers: bool = False, separate_actions: bool = False
) -> Imported:
    """Add a shot to a scene.

    phone_markers:    mark each phone besides each word.
    separate_actions: for a file that Blender 4.2 shall open too, see `version_adapter.Clip`.

    A fresh scene (see `timeline.is_fresh`) takes its rate, range, picture size, camera and light from the shot. Any
    other keeps what it has, and the shot is laid out in seconds on its rate.
    Raises ValueError with a sentence for the user; nothing is cleaned up then, so call it where undo can.
    """
    lens = camera.lens_of(shot.camera)
    fresh = timeline.is_fresh(scene)
    if fresh:
        timeline.adopt_rate(scene, shot.performance.fps, len(shot.performance))
    collection = _marked(bpy.data.collections.new(shot.name), shot)
    plates = bpy.data.collections.new(f"{shot.name} plates")
    collection.children.link(plates)
    scene.collection.children.link(collection)

    head = mesh.make_head(f"{shot.name} head", shot.rig, materials.head_materials(shot))
    collection.objects.link(head)
    armature = rig.make_armature(f"{shot.name} rig", shot.rig, collection)
    rig.bind(head, armature, shot.rig)
    view = camera.make_camera(f"{shot.name} camera", shot.camera, lens)
    collection.objects.link(view)

    clip = version_adapter.Clip(shot.name, separate_actions)
    animation.animate_face(clip, scene, head, shot.performance)
    animation.animate_bones(clip, scene, armature, shot.rig, shot.performance)
    animation.animate_camera(clip, scene, view, shot.camera, lens, shot.performance)
    where = (clip, scene, view, shot.camera, shot.rig, shot.performance)
    if shot.frames is not None:
        plates.objects.link(plate.add_frames(*where, shot.frames))
    if shot.background is not None:
        plates.objects.link(plate.add_background(*where, shot.background))
    notes = [] if shot.audio is None else [sound.add_sound(scene, shot.audio, shot.performance)]
    timeline.add_markers(scene, shot.words)
    if phone_markers:
        timeline.add_markers(scene, shot.phones)
    if fresh:
        _dress(scene, collection, shot, view, lens)
    return Imported(collection, head, armature, view, tuple(note for note in notes if note))


def _marked(collection: bpy.types.Collection, shot: Shot) -> bpy.types.Collection:
    """Say on the data itself that it is synthetic media, and what made it."""
    collection[SYNTHETIC] = True
    collection[VERSION] = shot.garrick
    return collection


def _dress(
    scene: bpy.types.Scene, collection: bpy.types.Collection, shot: Shot, view: bpy.types.Object, lens: camera.Lens
) -> None:
    """Picture size, camera, colour and light of a fresh scene."""
    scene[SYNTHETIC], scene[VERSION] = True, shot.garrick
    scene.camera = view
    scene.sync_mode = "AUDIO_SYNC"
    render = scene.render
    render.resolution_x, render.resolution_y = shot.camera.size
    render.resolution_percentage = 100
    render.pixel_aspect_x, render.pixel_aspect_y = lens.pixel_aspect
    # The frames are finished pictures: a film-like view transform would wash them out.
    scene.view_settings.view_transform = "Standard"
    if scene.world is None:
        scene.world = bpy.data.worlds.new(f"{shot.name} world")
        tree = version_adapter.use_nodes(scene.world)
        background = tree.nodes.new("ShaderNodeBackground")
        background.inputs["Color"].default_value = (0.5, 0.5, 0.5, 1.0)
        tree.links.new(background.outputs[0], tree.nodes.new("ShaderNodeOutputWorld").inputs["Surface"])
    if not any(item.type == "LIGHT" for item in scene.objects):
        key = bpy.data.lights.new(f"{shot.name} key", "AREA")
        key.energy, key.size = 6.0, 0.2
        lamp = bpy.data.objects.new(key.name, key)
        lamp.parent, lamp.location = view, (0.0, 0.05, 0.0)  # at the camera, so that it reaches into the mouth
        lamp.visible_glossy = False  # no square in the eyes
        collection.objects.link(lamp)
