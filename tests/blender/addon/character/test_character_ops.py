"""The buttons of Own Character: set up, test, save, load, animate, each in one step and each saying why not."""

from __future__ import annotations

import json

import bpy
import numpy as np
import own_characters
import pytest

from blender_addon import version_adapter
from blender_addon.character import ops, trying
from blender_addon.character.props import rows_of, table_of
from blender_addon.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from blender_addon.core.bvh import write_bvh
from blender_addon.core.live_link import write_live_link
from blender_addon.core.performance import Performance
from blender_addon.shot_import.shot import read_shot

pytestmark = pytest.mark.usefixtures("addon")


def select(item: bpy.types.Object) -> bpy.types.Object:
    bpy.context.view_layer.objects.active = item
    return item


@pytest.fixture
def human() -> bpy.types.Object:
    return select(own_characters.mpfb())


def table(item: bpy.types.Object):
    return table_of(bpy.context.scene, item)


def keys(item: bpy.types.Object) -> dict[str, float]:
    body = next(child for child in item.children if child.name.endswith("body"))
    return {block.name: block.value for block in body.data.shape_keys.key_blocks[1:]}


def test_a_mapping_is_set_up_from_any_part_of_the_character(human):
    select(human.children[0])
    assert bpy.ops.garrick.map_character() == {"FINISHED"}
    assert table(human).families == "ARKit, MPFB / MakeHuman"
    assert len(table(human).rows) == 67
    bpy.ops.garrick.map_character()
    assert len(bpy.context.scene.garrick_characters) == 1


def test_each_character_has_its_own_table(human):
    bpy.ops.garrick.map_character()
    avatar = select(own_characters.vrm())
    bpy.ops.garrick.map_character()
    assert len(table(human).rows) == 67
    assert table(avatar).families == "VRM / VRoid"


def test_buttons_are_grey_without_a_character_or_a_table(human):
    assert not bpy.ops.garrick.animate_character.poll()
    assert not bpy.ops.garrick.test_pose.poll()
    bpy.ops.garrick.map_character()
    assert bpy.ops.garrick.test_pose.poll()
    assert not bpy.ops.garrick.clear_test_pose.poll()
    assert not bpy.ops.garrick.animate_character.poll(), "there is no shot yet"
    bpy.context.view_layer.objects.active = None
    assert not bpy.ops.garrick.map_character.poll()


def test_nothing_recognised_is_an_error_and_makes_no_table():
    blob = select(own_characters.make_mesh("Blob", ("fat", "thin")))
    with pytest.raises(RuntimeError, match="No key or bone was recognised"):
        bpy.ops.garrick.map_character()
    assert table(blob) is None
    bpy.ops.garrick.add_mapping_row()
    row = table(blob).rows[0]
    row.target, row.source, row.gain = "fat", "jawOpen", 0.5
    assert rows_of(table(blob))[0].gain == 0.5


@pytest.mark.parametrize("expression", [item[0] for item in ops.POSE_ITEMS])
def test_every_pose_shows_and_goes_away_again(human, expression):
    bpy.ops.garrick.map_character()
    before = keys(human), [bone.matrix_basis.copy() for bone in human.pose.bones]
    bpy.ops.garrick.test_pose(expression=expression)
    bpy.context.view_layer.update()
    after = keys(human), [bone.matrix_basis.copy() for bone in human.pose.bones]
    assert before != after
    bpy.ops.garrick.test_pose(expression="OPEN")
    assert keys(human) == {name: float(name == "jawOpen") for name in ARKIT_NAMES}, "poses do not pile up"
    bpy.ops.garrick.clear_test_pose()
    bpy.context.view_layer.update()
    assert before == (keys(human), [bone.matrix_basis.copy() for bone in human.pose.bones])
    assert not bpy.ops.garrick.clear_test_pose.poll()


def test_the_active_row_is_tested_alone(human):
    bpy.ops.garrick.map_character()
    table(human).active_row = list(ARKIT_NAMES).index("cheekPuff")
    bpy.ops.garrick.test_pose(expression=trying.ROW)
    assert {name for name, value in keys(human).items() if value} == {"cheekPuff"}


def test_every_source_can_be_tested_on_its_own():
    avatar = select(own_characters.vrm())
    bpy.ops.garrick.map_character()
    bone_rows = [row for row in rows_of(table(avatar)) if row.kind == "TURN"]
    assert bone_rows
    for row in rows_of(table(avatar)):
        one = trying.performance_for(row)
        moved = [one.face.any(), one.head_rotation.any(), one.gaze.any(), one.body_pose.any()]
        assert any(moved), row.source


def test_a_mapping_goes_to_a_file_and_onto_another_character(human, tmp_path):
    bpy.ops.garrick.map_character()
    table(human).rows[3].gain = 1.75
    table(human).active_row = 0
    bpy.ops.garrick.remove_mapping_row()
    path = str(tmp_path / "mapping.json")
    bpy.ops.garrick.save_mapping(filepath=path)
    saved = rows_of(table(human))
    other = select(own_characters.mpfb())
    assert bpy.ops.garrick.load_mapping(filepath=path) == {"FINISHED"}
    assert rows_of(table(other)) == saved
    assert table(other).families == "mapping"
    (tmp_path / "mapping.json").write_text("{}")
    with pytest.raises(RuntimeError, match="not a mapping that Garrick saved"):
        bpy.ops.garrick.load_mapping(filepath=path)
    assert rows_of(table(other)) == saved, "a bad file changes nothing"


def test_a_shot_in_the_scene_animates_the_character(human, tiny_shot):
    manifest = tiny_shot()
    bpy.ops.garrick.import_shot(filepath=str(manifest))
    strips = len(version_adapter.sequencer_strips(bpy.context.scene))
    select(human)
    bpy.ops.garrick.map_character()
    table(human).facing = "-Y"
    assert bpy.ops.garrick.animate_character() == {"FINISHED"}
    performance = read_shot(manifest).performance
    for frame in (1, 8):
        bpy.context.scene.frame_set(frame)
        expected = dict(zip(ARKIT_NAMES, performance.face[frame - 1], strict=True))
        assert keys(human) == pytest.approx(expected, abs=1e-6)
    assert len(version_adapter.sequencer_strips(bpy.context.scene)) == strips, "the voice is there already"


def test_a_file_animates_the_character_and_brings_its_voice(human, tiny_shot):
    manifest = tiny_shot()
    bpy.ops.garrick.map_character()
    for name in ("shot.json", "performance.npz"):
        assert bpy.ops.garrick.animate_character_from_file(filepath=str(manifest.with_name(name))) == {"FINISHED"}
    tracks = human.animation_data.nla_tracks
    assert len(tracks) == 2
    assert len(version_adapter.sequencer_strips(bpy.context.scene)) == int(version_adapter.has_sound())
    scene = bpy.context.scene
    assert not [item for item in scene.objects if item.name.startswith("shot")], "no head of its own"


def test_a_live_link_csv_animates_the_character(human, tmp_path):
    performance = Performance.rest(4, 24)
    performance.face[:, ARKIT_INDEX["jawOpen"]] = (0, 0.25, 0.5, 0.75)
    write_live_link(performance, tmp_path / "take.csv")
    bpy.ops.garrick.map_character()
    with pytest.raises(RuntimeError, match="too short to tell its frame rate"):
        bpy.ops.garrick.animate_character_from_file(filepath=str(tmp_path / "take.csv"))
    done = bpy.ops.garrick.animate_character_from_file(filepath=str(tmp_path / "take.csv"), rate=24)
    assert done == {"FINISHED"}
    bpy.context.scene.frame_set(3)
    assert keys(human)["jawOpen"] == pytest.approx(0.5, abs=1e-5)


def test_what_a_file_does_not_carry_is_not_keyed(human, tmp_path):
    performance = Performance.rest(4, 24)
    performance.head_rotation[:, 1] = (0, 0.1, 0.2, 0.3)
    write_bvh(performance, tmp_path / "nod.bvh")
    bpy.ops.garrick.map_character()
    assert bpy.ops.garrick.animate_character_from_file(filepath=str(tmp_path / "nod.bvh")) == {"FINISHED"}
    body = next(child for child in human.children if child.name.endswith("body"))
    assert version_adapter.curves_in_use(body.data.shape_keys) == []
    bpy.context.scene.frame_set(4)
    assert human.pose.bones["head"].rotation_quaternion.angle == pytest.approx(0.18, abs=1e-4)


def test_fewer_keys_on_request(human, tiny_shot):
    bpy.ops.garrick.map_character()
    table(human).reduce, table(human).key_error = True, 0.3
    bpy.ops.garrick.animate_character_from_file(filepath=str(tiny_shot()))
    body = next(child for child in human.children if child.name.endswith("body"))
    curves = version_adapter.curves_in_use(body.data.shape_keys)
    assert np.mean([len(curve.keyframe_points) for curve in curves]) < 12


def test_a_bad_file_is_reported_and_leaves_no_track(human, tmp_path):
    bpy.ops.garrick.map_character()
    (tmp_path / "shot.json").write_text(json.dumps({"schema": 1}))
    with pytest.raises(RuntimeError, match="not a Garrick shot"):
        bpy.ops.garrick.animate_character_from_file(filepath=str(tmp_path / "shot.json"))
    assert human.animation_data is None


def test_a_test_pose_ends_before_the_performance_comes(human, tiny_shot):
    bpy.ops.garrick.map_character()
    bpy.ops.garrick.test_pose(expression="TURN")
    bpy.ops.garrick.animate_character_from_file(filepath=str(tiny_shot()))
    assert table(human).posed == ""


def test_tables_survive_the_file_and_a_rename(human, tmp_path):
    bpy.ops.garrick.map_character()
    human.name = "Somebody else"
    saved = rows_of(table(human))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    assert rows_of(table(bpy.data.objects["Somebody else"])) == saved


def test_a_character_that_was_deleted_leaves_a_table_that_harms_nobody(human):
    bpy.ops.garrick.map_character()
    bpy.data.objects.remove(human)
    blob = select(own_characters.make_mesh("Blob", ("jawOpen",)))
    assert bpy.ops.garrick.map_character() == {"FINISHED"}
    assert len(table(blob).rows) == 1


def test_one_undo_takes_the_performance_away_and_redo_brings_it_back(human, tiny_shot):
    human.keyframe_insert("location", frame=3)
    bpy.ops.garrick.map_character()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.garrick.animate_character_from_file(filepath=str(tiny_shot()))
    bpy.ops.ed.undo_push(message="animate")
    bpy.ops.ed.undo()
    human = bpy.data.objects["Human"]
    assert not human.animation_data.nla_tracks
    assert human.animation_data.action is not None
    assert not any(action.name.startswith("shot") for action in bpy.data.actions)
    bpy.ops.ed.redo()
    assert len(bpy.data.objects["Human"].animation_data.nla_tracks) == 1
