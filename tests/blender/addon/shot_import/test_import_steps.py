"""A shot comes in by steps: the window is given back between them, one undo takes it all, and half a shot never stays."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon import slices, tasks, version_adapter
from blender_addon.shot_import import scene as scene_import
from blender_addon.shot_import.scene import Options, import_shot, import_steps
from blender_addon.shot_import.shot import read_shot

pytestmark = pytest.mark.usefixtures("addon")

KINDS = ("objects", "collections", "meshes", "armatures", "cameras", "lights", "materials", "images", "actions", "sounds",
         "worlds")  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    tasks.unregister()
    tasks.register()


@pytest.fixture
def small_slices(monkeypatch) -> None:
    """One step a turn."""
    monkeypatch.setattr(slices, "SLICE_S", 0.0)


def held() -> dict[str, list[str]]:
    """What the file holds, and what an import sets in the scene."""
    scene = bpy.context.scene
    render = scene.render
    names = {kind: sorted(block.name for block in getattr(bpy.data, kind)) for kind in KINDS}
    names["scene"] = [render.fps, render.fps_base, scene.frame_start, scene.frame_end, scene.frame_current]
    names["scene"] += [render.resolution_x, scene.camera, scene.world, scene.sync_mode]
    names["markers"] = [marker.name for marker in scene.timeline_markers]
    names["strips"] = [strip.name for strip in version_adapter.sequencer_strips(scene)]
    return names


def task_of(manifest: Path) -> tasks.Task:
    shot = read_shot(manifest)
    scene = bpy.context.scene
    return tasks.start(tasks.Task("shot", lambda handle: shot, lambda shot: import_steps(shot, scene), undo="Import"))


def go_on(task: tasks.Task, done: float) -> None:
    """Until so many steps of the import are done."""
    while task.done < done and task.state == "running":
        tasks.pump()


def finish(task: tasks.Task) -> None:
    while task.state == "running":
        tasks.pump()


def test_the_window_is_given_back_and_hears_how_far_it_is(tiny_shot, small_slices):
    task = task_of(tiny_shot())
    told = []
    while task.state == "running":
        tasks.pump()
        told.append((task.phase, task.done, task.total))
    steps = [done for phase, done, _ in told if phase == "import"]
    assert len(set(steps)) > 100  # each shape key, joint and curve on its own
    assert steps == sorted(steps)
    assert steps[-1] == pytest.approx(told[-1][2], rel=0.1)
    assert task.state == "done"
    bpy.context.scene.frame_set(6)
    blocks = bpy.data.objects["shot head"].data.shape_keys.key_blocks[1:]
    expected = read_shot(Path(bpy.data.collections["shot"].garrick.folder) / "shot.json").performance.face[5]
    np.testing.assert_allclose([block.value for block in blocks], expected, atol=1e-6)


def test_nothing_is_in_sight_before_it_is_whole(tiny_shot, small_slices):
    task = task_of(tiny_shot())
    go_on(task, 100)
    assert not [item for item in bpy.context.scene.objects if item.type in ("MESH", "CAMERA")]
    assert not bpy.context.scene.timeline_markers
    finish(task)
    assert {item.type for item in bpy.context.scene.objects} >= {"MESH", "CAMERA", "ARMATURE"}


@pytest.mark.parametrize("done", [1, 40, 90, 115])
def test_cancelled_half_way_leaves_nothing(tiny_shot, small_slices, done):
    mine = bpy.data.objects.new("mine", None)
    bpy.context.scene.collection.objects.link(mine)
    bpy.context.view_layer.objects.active = mine
    before = held()
    task = task_of(tiny_shot())
    go_on(task, done)
    assert len(bpy.data.armatures) == 1
    task.cancel()
    finish(task)
    assert task.state == "cancelled"
    assert held() == before
    assert bpy.context.view_layer.objects.active == mine


def test_what_an_artist_makes_meanwhile_stays(tiny_shot, small_slices):
    task = task_of(tiny_shot())
    go_on(task, 20)
    mine = bpy.data.objects.new("mine", bpy.data.meshes.new("mine"))
    bpy.context.scene.collection.objects.link(mine)
    go_on(task, 60)
    task.cancel()
    finish(task)
    assert [item.name for item in bpy.data.objects] == ["mine"]
    assert [item.name for item in bpy.data.meshes] == ["mine"]


@pytest.mark.parametrize("broken", ["animation.animate_camera", "timeline.add_markers", "sound.add_sound"])
def test_one_that_fails_half_way_leaves_nothing(tiny_shot, monkeypatch, broken):
    def fail(*_: object) -> None:
        raise ValueError("the disk went away")

    module, name = broken.split(".")
    monkeypatch.setattr(getattr(scene_import, module), name, fail)
    before = held()
    with pytest.raises(ValueError, match="the disk went away"):
        import_shot(read_shot(tiny_shot()), bpy.context.scene)
    assert held() == before


def test_an_object_deleted_meanwhile_is_an_error_that_leaves_nothing(tiny_shot, small_slices):
    task = task_of(tiny_shot())
    go_on(task, 20)
    bpy.data.objects.remove(next(item for item in bpy.data.objects if item.type == "ARMATURE"))
    finish(task)
    assert task.state == "failed"
    assert not bpy.data.objects
    assert not bpy.data.meshes


def test_it_is_one_undo_step(tiny_shot, small_slices):
    bpy.ops.ed.undo_push(message="before")
    finish(task_of(tiny_shot()))
    assert bpy.data.objects
    bpy.ops.ed.undo()
    assert not bpy.data.objects
    assert not bpy.data.actions
    bpy.ops.ed.redo()
    assert "shot head" in bpy.data.objects


def test_undo_in_the_middle_stops_it_and_leaves_nothing(tiny_shot, small_slices):
    for name in ("one", "two"):
        bpy.ops.ed.undo_push(message=name)
    task = task_of(tiny_shot())
    go_on(task, 60)
    bpy.ops.ed.undo()
    assert task.state == "cancelled"
    assert not bpy.data.objects
    assert not bpy.data.shape_keys


def test_a_file_saved_in_the_middle_holds_the_whole_shot(tiny_shot, small_slices, tmp_path):
    task = task_of(tiny_shot())
    go_on(task, 60)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "whole.blend"))
    assert task.state == "done"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "whole.blend"))
    assert bpy.data.collections["shot"].garrick.is_shot
    assert len(bpy.data.objects["shot head"].data.shape_keys.key_blocks) == 53


def test_another_file_opened_in_the_middle_is_not_touched(tiny_shot, small_slices):
    task = task_of(tiny_shot())
    go_on(task, 60)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert task.state == "cancelled"
    assert not bpy.data.objects


class TestPlace:
    """Where a shot begins in the scene's time."""

    def strip_ends(self, item: bpy.types.ID) -> tuple[float, float]:
        strip = item.animation_data.nla_tracks[0].strips[0]
        return strip.frame_start, strip.frame_end

    def test_a_fresh_scene_begins_where_it_began(self, tiny_shot):
        scene = bpy.context.scene
        scene.frame_start = 1001
        shot = import_shot(read_shot(tiny_shot()), scene)
        assert (scene.frame_start, scene.frame_end, scene.frame_current) == (1001, 1012, 1001)
        assert self.strip_ends(shot.head.data.shape_keys) == (1001, 1012)
        assert shot.collection.garrick.start == 1001

    def test_the_window_looks_through_its_camera_in_a_fresh_scene_only(self, tiny_shot):
        spaces = [area.spaces.active for area in bpy.context.window.screen.areas if area.type == "VIEW_3D"]
        views = [space.region_3d for space in spaces]
        assert views
        assert {(space.shading.light, space.shading.color_type) for space in spaces} == {("STUDIO", "MATERIAL")}
        import_shot(read_shot(tiny_shot()), bpy.context.scene)
        assert {view.view_perspective for view in views} == {"CAMERA"}
        assert {(space.shading.light, space.shading.color_type) for space in spaces} == {("FLAT", "TEXTURE")}
        for space in spaces:
            space.region_3d.view_perspective, space.shading.light = "PERSP", "STUDIO"
        import_shot(read_shot(tiny_shot("second")), bpy.context.scene)
        assert {view.view_perspective for view in views} == {"PERSP"}
        assert {space.shading.light for space in spaces} == {"STUDIO"}

    @pytest.mark.parametrize("start", [101, -40])
    def test_all_of_it_begins_at_the_frame(self, tiny_shot, start):
        scene = bpy.context.scene
        scene.render.fps = 25
        scene.timeline_markers.new("mine", frame=1)
        shot = import_shot(read_shot(tiny_shot(moving=True)), scene, Options(start=start, phone_markers=True))
        for block in (shot.head.data.shape_keys, shot.armature, shot.camera, shot.camera.data):
            assert self.strip_ends(block) == (start, start + 11)
        assert {marker.name: marker.frame - start for marker in scene.timeline_markers if marker.name != "mine"} == {
            "ba": 1, "b": 0, "a": 2,
        }  # fmt: skip
        user = shot.camera.data.background_images[0].image_user
        assert (user.frame_start, user.frame_duration, user.frame_offset) == (start, 12, -1)
        if version_adapter.has_sound():
            assert version_adapter.sequencer_strips(scene)[0].frame_start == start
        assert (scene.frame_start, scene.frame_end) == (1, 250)

    @pytest.mark.parametrize("start", [101, -40])
    def test_frames_show_at_their_time_at_another_rate(self, tiny_shot, start):
        scene = bpy.context.scene
        scene.render.fps = 50
        scene.timeline_markers.new("mine", frame=1)
        shot = import_shot(read_shot(tiny_shot()), scene, Options(start=start))
        for passed in (0, 1, 8, 22, 60):
            scene.frame_set(start + passed)
            graph = bpy.context.evaluated_depsgraph_get()
            user = shot.camera.evaluated_get(graph).data.background_images[0].image_user
            shown = min(max(start + passed - user.frame_start + 1, 1), user.frame_duration) + user.frame_offset
            assert shown == min(int(passed / 2 + 0.5), 11)

    def test_the_operator_knows_the_playhead(self, tiny_shot):
        scene, manifest = bpy.context.scene, str(tiny_shot())
        scene.timeline_markers.new("mine", frame=1)
        scene.frame_set(77)
        bpy.ops.garrick.import_shot(filepath=manifest, place="PLAYHEAD")
        bpy.ops.garrick.import_shot(filepath=manifest, place="FRAME", frame=300)
        bpy.ops.garrick.import_shot(filepath=manifest)
        starts = [item.garrick.start for item in bpy.data.collections if item.garrick.is_shot]
        assert sorted(starts) == [1, 77, 300]
