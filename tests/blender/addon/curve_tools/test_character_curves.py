"""The tools on curves, on a character of the artist's own: by its mapping, whatever its keys and bones are called."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "character"))
import own_characters

from blender_addon.character.props import table_of
from blender_addon.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from blender_addon.core.edits import BLINKING, mirrored
from blender_addon.core.performance import Performance
from blender_addon.curve_tools import curves, subjects
from blender_addon.curve_tools.keys import read_keys

FRAMES = 60
SHORT = tuple(name.replace("Left", "_L").replace("Right", "_R") for name in ARKIT_NAMES)  # "eyeBlink_L"


@pytest.fixture
def played(addon, tiny_shot) -> bpy.types.Object:
    """A character with keys of other names and a body that walks, animated from a shot in the scene; it is active."""
    path = tiny_shot(frames=FRAMES)
    assert bpy.ops.garrick.import_shot(filepath=str(path)) == {"FINISHED"}
    armature = own_characters.make_armature(
        "Rig",
        {
            "spine": ((0, 0, 1.2), (0, 0, 1.4), None, 0.0),
            "head": ((0, 0, 1.4), (0, 0, 1.7), "spine", 0.2),
            "eye.L": ((0.03, -0.08, 1.6), (0.03, -0.12, 1.6), "head", 0.3),
            "eye.R": ((-0.03, -0.08, 1.6), (-0.03, -0.12, 1.6), "head", -0.3),
        },
    )
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    armature["performance"] = str(path.parent / "performance.npz")
    own_characters.make_mesh("Body", SHORT, armature)
    bpy.context.view_layer.objects.active = armature
    armature.pose.bones["spine"].keyframe_insert("location", frame=1)
    assert bpy.ops.garrick.map_character() == {"FINISHED"}
    table_of(bpy.context.scene, armature).push_down = True
    assert bpy.ops.garrick.animate_character() == {"FINISHED"}
    return armature


def values(name: str, kind: str = "shape") -> np.ndarray:
    """(N, C) of one channel's keys."""
    found = curves.channels_of(subjects.subject_of(bpy.context), "ALL")
    channel = next(item for item in found if (item.name, item.kind) == (name, kind))
    return np.stack([read_keys(curve).values for curve in channel.curves], axis=1)


def test_regions_are_those_of_the_mapping(played):
    subject = subjects.subject_of(bpy.context)
    found = {
        key: {item.name for item in curves.channels_of(subject, key)} for key in ("FACE", "EYES", "HEAD", "GAZE", "ALL")
    }
    assert found["FACE"] == set(SHORT)
    assert {"eyeBlink_L", "eyeLookDown_R"} <= found["EYES"]
    assert found["HEAD"] == {"head"}
    assert found["GAZE"] == {"eye.L", "eye.R"}
    assert "spine" not in found["ALL"]  # it walks: none of the performance's


def test_a_tool_changes_the_character_and_not_the_shot(played):
    shot = curves.subject_of_shot(subjects.active_shot(bpy.context))
    (jaw,) = (item for item in curves.channels_of(shot, "ALL") if item.name == "jawOpen")
    before, shots = values("mouthSmile_L"), read_keys(jaw.curves[0]).values
    assert bpy.ops.garrick.curves_gain(region="MOUTH", factor=0.5) == {"FINISHED"}
    np.testing.assert_allclose(values("mouthSmile_L"), 0.5 * before, atol=1e-6)
    np.testing.assert_array_equal(read_keys(jaw.curves[0]).values, shots)
    assert bpy.ops.garrick.curves_smooth(region="MOUTH", seconds=0.1) == {"FINISHED"}
    assert np.abs(np.diff(values("mouthSmile_L"), axis=0)).mean() < 0.5 * np.abs(np.diff(0.5 * before, axis=0)).mean()


def test_a_blink_and_closed_lips_come_where_the_playhead_is(played):
    scene = bpy.context.scene
    scene.frame_set(30)
    assert bpy.ops.garrick.curves_blink() == {"FINISHED"}
    assert bpy.ops.garrick.curves_close_lips() == {"FINISHED"}
    scene.frame_set(30)
    graph = bpy.context.evaluated_depsgraph_get()
    body = bpy.data.objects["Body"].data.shape_keys.evaluated_get(graph).key_blocks
    assert body["eyeBlink_L"].value == pytest.approx(1, abs=1e-4)
    assert body["eyeBlink_R"].value == pytest.approx(1, abs=1e-4)
    assert body["mouthClose"].value == pytest.approx(body["jawOpen"].value, abs=1e-3)
    assert len(BLINKING) == 4


def test_mirror_is_the_mirrored_performance(played):
    wanted = mirrored(Performance.load(played["performance"]))
    assert bpy.ops.garrick.curves_mirror() == {"FINISHED"}
    np.testing.assert_allclose(values("mouthSmile_L")[:, 0], wanted.face[:, ARKIT_INDEX["mouthSmileLeft"]], atol=1e-5)
    scene = bpy.context.scene
    scene.frame_set(41)
    graph = bpy.context.evaluated_depsgraph_get()
    bone = played.evaluated_get(graph).pose.bones["head"]
    turn = (bone.matrix @ bone.bone.matrix_local.inverted()).to_3x3()
    from blender_addon.axes import TO_BLENDER
    from blender_addon.core.rotation import rotation_matrices

    expected = TO_BLENDER @ rotation_matrices(wanted.head_rotation[40].astype(np.float64)) @ TO_BLENDER.T
    np.testing.assert_allclose(np.array(turn), expected, atol=1e-4)


def test_words_are_the_shots_and_retiming_is_the_characters(played):
    scene = bpy.context.scene
    marker = next(iter(scene.timeline_markers))
    marker.frame += 5
    before = values("jawOpen")
    assert bpy.ops.garrick.curves_retime_markers() == {"FINISHED"}
    np.testing.assert_allclose(values("jawOpen"), before, atol=1e-6)
    found = curves.channels_of(subjects.subject_of(bpy.context), "ALL")
    jaw = next(item for item in found if item.name == "jawOpen")
    assert not np.allclose(read_keys(jaw.curves[0]).frames, np.arange(1, FRAMES + 1))
    shot = curves.subject_of_shot(subjects.active_shot(bpy.context))
    own = next(item for item in curves.channels_of(shot, "ALL") if item.name == "jawOpen")
    np.testing.assert_allclose(read_keys(own.curves[0]).frames, np.arange(1, FRAMES + 1))


def test_a_character_that_nothing_moves_is_told_what_to_do(addon, tiny_shot):
    bpy.context.view_layer.objects.active = own_characters.mpfb()
    bpy.ops.garrick.map_character()
    assert "animate it from a shot first" in subjects.obstacle(bpy.context)
    assert not bpy.ops.garrick.curves_gain.poll()
