"""blender_addon/rerender/read_camera: a pinhole camera that sees what Blender's camera sees."""

from __future__ import annotations

import itertools
import math

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector
from rerender_shots import bring_in, read

from blender_addon.axes import to_blender
from blender_addon.rerender.changes import settled_path
from blender_addon.rerender.order import obstacle
from blender_addon.rerender.read_camera import camera_at
from blender_addon.rerender.read_curves import LAST_CAMERA, SCENE_CAMERA, SHOT_CAMERA
from blender_addon.rerender.version_files import load
from blender_addon.rerender.versions import active_folder

pytestmark = pytest.mark.usefixtures("addon")

POINTS = np.array([[0, 0, 0.1], [0.05, -0.08, 0.02], [-0.09, 0.06, -0.03]])


def new_camera(name: str = "mine", **settings: object) -> bpy.types.Object:
    """A camera before the face, a little to its side, turned towards it."""
    camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    bpy.context.scene.collection.objects.link(camera)
    camera.location = (0.15, -0.7, 0.05)
    camera.rotation_euler = (math.radians(86), math.radians(4), math.radians(12))
    for setting, value in settings.items():
        setattr(camera.data, setting, value)
    return camera


def pixels_in_blender(shot: bpy.types.Collection, camera: bpy.types.Object, frame: int) -> np.ndarray:
    """(N, 2) where Blender sees points that are fixed to the rig, y down."""
    scene = bpy.context.scene
    scene.frame_set(1 + frame)
    graph = bpy.context.evaluated_depsgraph_get()
    rig = shot.garrick.armature.evaluated_get(graph).matrix_world
    found = []
    for point in POINTS:
        x, y, _ = world_to_camera_view(scene, camera.evaluated_get(graph), rig @ Vector(to_blender(point)))
        found.append([x * scene.render.resolution_x, (1 - y) * scene.render.resolution_y])
    return np.array(found)


def assert_seen_alike(
    shot: bpy.types.Collection, camera: bpy.types.Object, frames=(0, 5, 11), **wanted: object
) -> None:
    found, _ = read(shot, **wanted)
    for frame in frames:
        ours = found.path.at(frame).project(POINTS)[:, :2]
        np.testing.assert_allclose(ours, pixels_in_blender(shot, camera, frame), atol=0.01)


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (50, 50)])
@pytest.mark.parametrize("aspect", [(1.0, 1.0), (1.5, 1.0), (1.0, 1.25)])
def test_every_way_to_fit_a_sensor(tiny_shot, size, aspect):
    shot = bring_in(tiny_shot(size=size))
    shot.garrick_rerender.camera = SCENE_CAMERA
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = size
    render.pixel_aspect_x, render.pixel_aspect_y = aspect
    for fit, shift in itertools.product(("AUTO", "HORIZONTAL", "VERTICAL"), ((0.0, 0.0), (0.13, -0.21))):
        lens = {
            "sensor_fit": fit,
            "sensor_width": 30.0,
            "sensor_height": 22.0,
            "shift_x": shift[0],
            "shift_y": shift[1],
        }
        camera = new_camera(lens=55.0, **lens)
        bpy.context.scene.camera = camera
        assert_seen_alike(shot, camera, (0,))


def test_moved_parented_constrained_and_zooming(tiny_shot):
    shot = bring_in(tiny_shot())
    shot.garrick_rerender.camera = SCENE_CAMERA
    scene = bpy.context.scene
    holder = bpy.data.objects.new("dolly", None)
    scene.collection.objects.link(holder)
    holder.scale = (2, 2, 2)
    for frame, x in ((1, -0.1), (12, 0.2)):
        holder.location.x = x
        holder.keyframe_insert("location", frame=frame)
    camera = new_camera()
    camera.parent = holder
    camera.location *= 0.5
    aim = camera.constraints.new("TRACK_TO")
    aim.target, aim.track_axis, aim.up_axis = shot.garrick.armature, "TRACK_NEGATIVE_Z", "UP_Y"
    for frame, lens in ((1, 40.0), (12, 80.0)):
        camera.data.lens = lens
        camera.data.keyframe_insert("lens", frame=frame)
    scene.camera = camera
    assert_seen_alike(shot, camera)


def test_a_rig_that_is_moved_turned_scaled_and_animated(tiny_shot):
    shot = bring_in(tiny_shot())
    rig = shot.garrick.armature
    rig.scale = (1.7, 1.7, 1.7)
    rig.rotation_mode = "XYZ"
    for frame, turn in ((1, 0.1), (12, 0.9)):
        rig.location, rig.rotation_euler = (1.0, 2.0, turn), (0.1, 0.2, turn)
        rig.keyframe_insert("location", frame=frame)
        rig.keyframe_insert("rotation_euler", frame=frame)
    camera = new_camera()
    camera.location = (1.3, 0.2, 0.4)
    bpy.context.scene.camera = camera
    shot.garrick_rerender.camera = SCENE_CAMERA
    assert_seen_alike(shot, camera)
    found, stored = read(shot)
    np.testing.assert_allclose(found.performance.head_translation, stored.head_translation, atol=1e-5)
    rig.scale = (1.0, 1.2, 1.0)
    with pytest.raises(ValueError, match="scaled unevenly"):
        read(shot)


def test_markers_choose_the_camera_as_in_a_render(tiny_shot):
    shot = bring_in(tiny_shot())
    shot.garrick_rerender.camera = SCENE_CAMERA
    scene = bpy.context.scene
    first, second, hidden = (new_camera(name, lens=lens) for name, lens in (("a", 35), ("b", 70), ("c", 20)))
    second.location.x = -0.2
    hidden.hide_render = True
    for camera, frame in ((first, 4), (second, 8), (hidden, 10)):
        marker = scene.timeline_markers.new(camera.name, frame=frame)
        marker.camera = camera
    assert [camera_at(scene, frame).name for frame in (1, 4, 7.9, 8, 12)] == ["a", "a", "a", "b", "b"]
    assert_seen_alike(shot, first, (0, 6))
    assert_seen_alike(shot, second, (7, 11))
    found, _ = read(shot)
    assert found.cameras == ("a", "b")
    # Blender's own choice, which it makes when it renders.
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    chosen = []
    note = lambda scene, *_: chosen.append(scene.camera.name)  # noqa: E731
    bpy.app.handlers.render_pre.append(note)
    try:
        scene.render.resolution_percentage = 10
        for frame in (2, 8):
            scene.frame_set(frame)
            bpy.ops.render.render()
    finally:
        bpy.app.handlers.render_pre.remove(note)
    assert chosen == ["a", "b"]


def test_the_imported_camera_reads_back_as_it_was(tiny_shot):
    for moving in (False, True):
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        shot = bring_in(tiny_shot(name=f"moving{moving}", moving=moving))
        found, _ = read(shot)
        last = load(active_folder(shot)).path
        again = settled_path(found.path, last)
        np.testing.assert_array_equal(again.world_to_camera, last.world_to_camera)
        np.testing.assert_array_equal(again.intrinsics, last.intrinsics)


def test_the_choice_of_camera(tiny_shot):
    shot = bring_in(tiny_shot())
    camera = new_camera()
    scene = bpy.context.scene
    scene.camera = camera
    settings = shot.garrick_rerender
    seen = {}
    for choice in (SHOT_CAMERA, SCENE_CAMERA, LAST_CAMERA):
        settings.camera = choice
        shot.garrick.camera.location.x = 0.4 if choice == LAST_CAMERA else 0.0
        seen[choice] = read(shot)[0]
    assert seen[SCENE_CAMERA].cameras == ("mine",)
    assert seen[LAST_CAMERA].cameras == ()
    assert seen[SHOT_CAMERA].cameras == (shot.garrick.camera.name,)
    np.testing.assert_allclose(
        seen[LAST_CAMERA].path.world_to_camera[0], [[1, 0, 0, 0], [0, -1, 0, 0.01], [0, 0, -1, 0.5], [0, 0, 0, 1]]
    )


def test_what_cannot_be_rendered_from_is_refused(tiny_shot):
    shot = bring_in(tiny_shot())
    scene = bpy.context.scene
    shot.garrick_rerender.camera = SCENE_CAMERA
    scene.camera = new_camera(type="ORTHO")
    with pytest.raises(ValueError, match="not a perspective camera"):
        read(shot)
    scene.camera = None
    with pytest.raises(ValueError, match="has no camera"):
        read(shot)
    assert "no camera" in obstacle(shot, scene)
    shot.garrick_rerender.camera = SHOT_CAMERA
    assert obstacle(shot, scene) is None
    bpy.data.objects.remove(shot.garrick.camera)
    assert "camera was deleted" in obstacle(shot, scene)
