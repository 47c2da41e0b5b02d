"""Build a shot in a scene: a collection of its own, so that nothing that was there is touched."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import bpy

from .. import slices, version_adapter
from ..compositing import colour
from ..core.arkit import ARKIT_NAMES
from ..slices import Steps
from . import animation, camera, materials, mesh, plate, rig, sound, timeline
from .shot import Shot
from .timeline import Place
from .undoing import all_or_nothing

SYNTHETIC = "garrick_synthetic"
VERSION = "garrick_version"


@dataclass(frozen=True)
class Options:
    """How a shot is imported.

    start:       scene frame of its frame 0; None: the scene's first frame.
    word_markers, phone_markers: mark where each word or each speech sound begins.
    key_error:   leave out keys that straight lines pass within this much of a face weight, a quaternion's component or a
                 metre; 0 keeps a key for each frame.
    separate_actions: for a file that Blender 4.2 shall open too, see `version_adapter.Clip`.
    """

    start: int | None = None
    word_markers: bool = True
    phone_markers: bool = False
    key_error: float = 0.0
    separate_actions: bool = False


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


_AS_SHOT = Options()


def import_shot(shot: Shot, scene: bpy.types.Scene, options: Options = _AS_SHOT) -> Imported:
    """Add a shot to a scene, all at once, see `import_steps`. Raises ValueError with a sentence for the user."""
    return slices.run(import_steps(shot, scene, options))


def import_steps(shot: Shot, scene: bpy.types.Scene, options: Options = _AS_SHOT) -> Steps[Imported]:
    """Add a shot to a scene, in steps of a few milliseconds; it comes into sight with the last ones.

    A fresh scene (see `timeline.is_fresh`) takes its rate, range, picture size, camera and light from the shot. Any
    other keeps what it has, and the shot is laid out in seconds on its rate.
    Raises ValueError with a sentence for the user; then, or stopped half-way, nothing of it stays.
    """
    return all_or_nothing(_counted(_steps(shot, scene, options), _steps_of(shot)))


def _steps_of(shot: Shot) -> int:
    """About how many steps the import of a shot takes."""
    return len(shot.rig.shape_names) + len(ARKIT_NAMES) + 2 * len(shot.rig.joint_names) + 12


def _counted(steps: Generator[None, None, Imported], total: int) -> Steps[Imported]:
    done = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        done += 1
        yield "import", min(done, total), total


def _steps(shot: Shot, scene: bpy.types.Scene, options: Options) -> Generator[None, None, Imported]:
    lens = camera.lens_of(shot.camera)
    fresh = timeline.is_fresh(scene)
    place = timeline.place_in(scene, options.start)
    if fresh:
        place = replace(place, rate=timeline.adopted_rate(shot.performance.fps))
    collection = _marked(bpy.data.collections.new(shot.name), shot)
    plates = bpy.data.collections.new(f"{shot.name} plates")
    collection.children.link(plates)
    armature = _armature(shot, scene, collection)
    yield
    looks = materials.head_materials(shot)
    yield
    head = yield from mesh.head_steps(f"{shot.name} head", shot.rig, looks)
    yield from rig.bind_steps(head, armature, shot.rig)
    view = camera.make_camera(f"{shot.name} camera", shot.camera, lens)

    clip = version_adapter.Clip(shot.name, options.separate_actions)
    keys = animation.keying(clip, place, shot.performance, options.key_error)
    yield from animation.face_steps(keys, head, shot.performance)
    yield from animation.bone_steps(keys, armature, shot.rig, shot.performance)
    animation.animate_camera(keys, view, shot.camera, lens)
    yield
    if shot.frames is not None:
        plate.add_backdrop(place, view, shot.performance, shot.frames)
        yield
        plates.objects.link(plate.add_frames(keys, place, view, shot.camera, shot.rig, shot.performance, shot.frames))
        yield
    if shot.background is not None:
        plates.objects.link(plate.add_background(keys, view, shot.camera, shot.rig, shot.background))
        yield
    clip.lay_down()
    yield
    notes = []
    with timeline.kept_on_failure(scene):
        if fresh:
            timeline.adopt_rate(scene, shot.performance.fps, len(shot.performance), round(place.start))
        if shot.audio is not None:  # its length is counted in the scene's frames
            notes.append(sound.add_sound(scene, place, shot.audio, shot.performance))
            yield
        for item in (head, view):
            collection.objects.link(item)
        for wanted, spans in ((options.word_markers, shot.words), (options.phone_markers, shot.phones)):
            if wanted:
                timeline.add_markers(scene, place, spans)
        if fresh:
            _dress(scene, collection, shot, view, lens)
        if hasattr(collection, "garrick"):  # a script may import with the extension switched off
            _remember(collection, shot, place, head, armature, view)
            colour.apply(scene)
    if fresh:
        _look_through_camera(scene)
    bones = [name for name, channel in zip(shot.rig.joint_names, shot.rig.joint_channels, strict=True) if channel]
    controls = (
        f'The NLA track "{shot.name}" of {head.name} moves {len(shot.rig.shape_names)} face keys, that of {armature.name} '
        f"{len(bones)} bones.",
    )
    return Imported(collection, head, armature, view, tuple(note for note in notes if note), controls)


def _armature(shot: Shot, scene: bpy.types.Scene, collection: bpy.types.Collection) -> bpy.types.Object:
    """The rig, which only the edit mode of an object in sight can make; the collection is in the scene from here on."""
    layer = bpy.context.view_layer if bpy.context.scene == scene else scene.view_layers[0]
    active = layer.objects.active
    if active is not None and active.mode != "OBJECT":
        raise ValueError("Leave the edit or pose mode first.")
    scene.collection.children.link(collection)
    with bpy.context.temp_override(scene=scene, view_layer=layer):
        return rig.make_armature(f"{shot.name} rig", shot.rig, collection)


def _marked(collection: bpy.types.Collection, shot: Shot) -> bpy.types.Collection:
    """Say on the data itself that it is synthetic media, and what made it."""
    collection[SYNTHETIC] = True
    collection[VERSION] = shot.garrick
    return collection


def _remember(
    collection: bpy.types.Collection, shot: Shot, place: Place, head: bpy.types.Object, armature: bpy.types.Object,
    view: bpy.types.Object,
) -> None:  # fmt: skip
    """Write down what belongs to the shot and where its files lie."""
    kept = collection.garrick
    kept.is_shot, kept.start = True, round(place.start)
    kept.folder = materials.blend_path(shot.folder)
    kept.head, kept.armature, kept.camera = head, armature, view
    if shot.frames is not None:
        version = kept.versions.add()
        version.name = "v1"
        version.folder = materials.blend_path(shot.frames.first_file.parent)
        version.first, version.last = shot.frames.first, shot.frames.last


def _look_through_camera(scene: bpy.types.Scene) -> None:
    """Have the windows of a fresh scene show what its camera sees: in Blender's first view a head is a grey dot.

    A solid view as Blender sets it up paints head and frames grey; with flat light it shows their pictures as they are.
    """
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas if window.scene == scene else ():
            if area.type == "VIEW_3D":
                space = area.spaces.active
                space.region_3d.view_perspective = "CAMERA"
                if (space.shading.light, space.shading.color_type) == ("STUDIO", "MATERIAL"):
                    space.shading.light, space.shading.color_type = "FLAT", "TEXTURE"


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
