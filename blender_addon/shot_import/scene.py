"""Build a shot in a scene: a collection of its own, so that nothing that was there is touched."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from .. import version_adapter
from ..compositing import colour
from . import animation, camera, materials, mesh, plate, rig, sound, timeline
from .shot import Shot

SYNTHETIC = "garrick_synthetic"
VERSION = "garrick_version"


@dataclass(frozen=True)
class Imported:
    """What an import added.

    notes: sentences for the user about what this Blender could not take. controls: sentences that say what moves what.
    """

    collection: bpy.types.Collection
    head: bpy.types.Object
    armature: bpy.types.Object
    camera: bpy.types.Object
    notes: tuple[str, ...]
    controls: tuple[str, ...]


def import_shot(
    shot: Shot, scene: bpy.types.Scene, phone_markers: bool = False, separate_actions: bool = False,
    word_markers: bool = True, key_error: float = 0.0,
) -> Imported:  # fmt: skip
    """Add a shot to a scene.

    phone_markers, word_markers: mark where each speech sound or each word begins.
    separate_actions: for a file that Blender 4.2 shall open too, see `version_adapter.Clip`.
    key_error:        leave out keys that straight lines pass within this much of a face weight, a quaternion's
                      component or a metre; 0 keeps a key for each frame.

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

    keys = animation.keying(version_adapter.Clip(shot.name, separate_actions), scene, shot.performance, key_error)
    animation.animate_face(keys, head, shot.performance)
    animation.animate_bones(keys, armature, shot.rig, shot.performance)
    animation.animate_camera(keys, view, shot.camera, lens)
    if shot.frames is not None:
        plate.add_backdrop(scene, view, shot.performance, shot.frames)
        plates.objects.link(plate.add_frames(keys, scene, view, shot.camera, shot.rig, shot.performance, shot.frames))
    if shot.background is not None:
        plates.objects.link(plate.add_background(keys, view, shot.camera, shot.rig, shot.background))
    keys.clip.lay_down()
    notes = [] if shot.audio is None else [sound.add_sound(scene, shot.audio, shot.performance)]
    for wanted, spans in ((word_markers, shot.words), (phone_markers, shot.phones)):
        if wanted:
            timeline.add_markers(scene, spans)
    if fresh:
        _dress(scene, collection, shot, view, lens)
    if hasattr(collection, "garrick"):  # a script may import with the extension switched off
        _remember(collection, shot, head, armature, view)
        colour.apply(scene)
    bones = [name for name, channel in zip(shot.rig.joint_names, shot.rig.joint_channels, strict=True) if channel]
    controls = (
        f'The NLA track "{shot.name}" of {head.name} moves {len(shot.rig.shape_names)} face keys, that of {armature.name} '
        f"the bones {', '.join(bones)}.",
    )
    return Imported(collection, head, armature, view, tuple(note for note in notes if note), controls)


def _marked(collection: bpy.types.Collection, shot: Shot) -> bpy.types.Collection:
    """Say on the data itself that it is synthetic media, and what made it."""
    collection[SYNTHETIC] = True
    collection[VERSION] = shot.garrick
    return collection


def _remember(
    collection: bpy.types.Collection, shot: Shot, head: bpy.types.Object, armature: bpy.types.Object,
    view: bpy.types.Object,
) -> None:  # fmt: skip
    """Write down what belongs to the shot and where its files lie."""
    kept = collection.garrick
    kept.is_shot = True
    kept.folder = materials.blend_path(shot.folder)
    kept.head, kept.armature, kept.camera = head, armature, view
    if shot.frames is not None:
        version = kept.versions.add()
        version.name = "v1"
        version.folder = materials.blend_path(shot.frames.first_file.parent)
        version.first, version.last = shot.frames.first, shot.frames.last


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
