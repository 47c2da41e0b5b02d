"""The tools on curves, on an imported shot: what each promises, in place, in Actions and in NLA strips."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from recording_layout import draw_panels

from blender_addon.core import edits
from blender_addon.core.arkit import ARKIT_INDEX
from blender_addon.curve_tools import curves, tools
from blender_addon.curve_tools.keys import read_keys, write_keys
from blender_addon.shot_import.props import active_shot
from blender_addon.version_adapter import sequencer_strips

FRAMES = 60


@pytest.fixture
def shot(addon, tiny_shot):
    """An imported shot of 60 frames at 25 a second."""
    path = tiny_shot(frames=FRAMES)
    assert bpy.ops.garrick.import_shot(filepath=str(path)) == {"FINISHED"}
    return active_shot(bpy.context)


def values(shot: bpy.types.Collection, name: str, kind: str = "shape") -> np.ndarray:
    """(N, C) of one channel's keys."""
    channel = one(shot, name, kind)
    return np.stack([read_keys(curve).values for curve in channel.curves], axis=1)


def one(shot: bpy.types.Collection, name: str, kind: str = "shape") -> curves.Channel:
    return next(item for item in curves.channels_of(shot, "ALL") if (item.name, item.kind) == (name, kind))


def played(shot: bpy.types.Collection, frame: float) -> dict[str, float]:
    """The face as Blender evaluates it at a scene frame."""
    bpy.context.scene.frame_set(int(np.floor(frame)), subframe=frame - np.floor(frame))
    graph = bpy.context.evaluated_depsgraph_get()
    return {key.name: key.value for key in shot.garrick.head.data.shape_keys.evaluated_get(graph).key_blocks}


def test_every_region_finds_its_own_curves(shot):
    found = {
        key: {item.name for item in curves.channels_of(shot, key)} for key, _, _ in curves.REGIONS if key != "SELECTED"
    }
    assert found["FACE"] == set(ARKIT_INDEX)
    assert found["MOUTH"] | found["EYES"] | found["BROWS"] | found["NOSE"] == found["FACE"]
    assert found["HEAD"] == {"root", "neck"}
    assert found["GAZE"] == {"left_eye", "right_eye"}
    assert found["ALL"] == found["FACE"] | found["HEAD"] | found["GAZE"]


def test_selected_curves_are_the_selected_ones(shot):
    for channel in curves.channels_of(shot, "ALL"):
        for curve in channel.curves:
            curve.select = channel.name == "jawOpen"
    assert [item.name for item in curves.channels_of(shot, "SELECTED")] == ["jawOpen"]
    one(shot, "jawOpen").curves[0].lock = True
    with pytest.raises(ValueError, match="no editable curves"):
        curves.channels_of(shot, "SELECTED")
    assert bpy.ops.garrick.curves_gain.poll()
    with pytest.raises(RuntimeError, match="no editable curves"):
        bpy.ops.garrick.curves_gain(region="SELECTED")


def test_gain_scales_a_region_and_nothing_else(shot):
    before = {name: values(shot, name) for name in ("mouthSmileLeft", "browInnerUp")}
    assert bpy.ops.garrick.curves_gain(region="MOUTH", factor=0.5) == {"FINISHED"}
    np.testing.assert_allclose(values(shot, "mouthSmileLeft"), 0.5 * before["mouthSmileLeft"], atol=1e-6)
    np.testing.assert_array_equal(values(shot, "browInnerUp"), before["browInnerUp"])
    now = played(shot, 11)
    assert now["mouthSmileLeft"] == pytest.approx(0.5 * before["mouthSmileLeft"][10, 0], abs=1e-5)


def test_gain_stays_within_the_sliders_of_shape_keys(shot):
    bpy.ops.garrick.curves_gain(region="FACE", factor=3)
    assert values(shot, "jawOpen").max() == 1


def test_gain_turns_the_head_half_as_far(shot):
    before = values(shot, "left_eye", "rotation_quaternion")
    bpy.ops.garrick.curves_gain(region="GAZE", factor=0.5)
    after = values(shot, "left_eye", "rotation_quaternion")
    angle = 2 * np.arctan2(np.linalg.norm(before[:, 1:], axis=1), np.abs(before[:, 0]))
    np.testing.assert_allclose(2 * np.arccos(np.clip(after[:, 0], -1, 1)), angle / 2, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1, atol=1e-6)


def test_gain_about_the_average_keeps_the_average(shot):
    before = values(shot, "root", "location")
    bpy.ops.garrick.curves_gain(region="HEAD", factor=2, about="AVERAGE")
    after = values(shot, "root", "location")
    np.testing.assert_allclose(after.mean(axis=0), before.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(after - after.mean(axis=0), 2 * (before - before.mean(axis=0)), atol=1e-5)


def test_only_the_asked_keys_change(shot):
    before = values(shot, "jawOpen")[:, 0]
    scene = bpy.context.scene
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 11, 20
    bpy.ops.garrick.curves_gain(region="FACE", keys="RANGE", factor=0)
    after = values(shot, "jawOpen")[:, 0]
    assert (after[10:20] == 0).all()
    np.testing.assert_array_equal(np.delete(after, range(10, 20)), np.delete(before, range(10, 20)))
    curve = one(shot, "browInnerUp").curves[0]
    for point in curve.keyframe_points:
        point.select_control_point = point.co[0] < 5.5
    bpy.ops.garrick.curves_gain(region="BROWS", keys="SELECTED", factor=0)
    assert (values(shot, "browInnerUp")[:5] == 0).all()
    assert (values(shot, "browInnerUp")[5:] > 0).any()


def test_smoothing_calms_and_does_not_delay(shot):
    before = values(shot, "browInnerUp")[:, 0]
    bpy.ops.garrick.curves_smooth(region="ALL", seconds=0.06)
    after = values(shot, "browInnerUp")[:, 0]
    assert np.abs(np.diff(after)).mean() < 0.5 * np.abs(np.diff(before)).mean()
    expected = edits.smooth(np.arange(FRAMES) / 25, before[:, None], 0.06)[:, 0]
    np.testing.assert_allclose(after, expected, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(values(shot, "neck", "rotation_quaternion"), axis=1), 1, atol=1e-5)


def test_smoothing_keeps_the_lips_closed_on_a_b(shot):
    before = values(shot, "jawOpen")[:, 0]
    bpy.ops.garrick.curves_smooth(region="MOUTH", seconds=0.1)
    after = values(shot, "jawOpen")[:, 0]
    assert after[1] == pytest.approx(before[1], abs=1e-5)  # the b of the tiny shot is at 0.04 s
    assert np.abs(after[10:] - before[10:]).max() > 0.05
    bpy.ops.garrick.curves_smooth(region="MOUTH", seconds=0.1, keep_closures=False)
    assert values(shot, "jawOpen")[1, 0] != pytest.approx(before[1], abs=1e-3)


def test_reduced_keys_play_within_the_bounds(shot):
    scene = bpy.context.scene
    ramp = np.linspace(0, 1, FRAMES)
    curve = one(shot, "jawOpen").curves[0]
    for point, value in zip(curve.keyframe_points, ramp, strict=True):
        point.co[1] = value
    frames = np.arange(1, FRAMES + 1, 0.5)
    before = {name: [played(shot, frame)[name] for frame in frames] for name in ("jawOpen", "mouthPucker")}
    assert bpy.ops.garrick.curves_reduce(region="FACE", weight=0.05) == {"FINISHED"}
    assert len(curve.keyframe_points) == 2
    assert len(one(shot, "mouthPucker").curves[0].keyframe_points) <= FRAMES
    for name, course in before.items():
        assert np.abs(np.array(course) - [played(shot, frame)[name] for frame in frames]).max() <= 0.05 + 1e-4
    assert scene.garrick_curves.region == "FACE"


def test_curves_with_bezier_keys_are_not_reduced(shot):
    curve = one(shot, "jawOpen").curves[0]
    for point in curve.keyframe_points:
        point.interpolation, point.co[1] = "BEZIER", 0.5
    done = tools.reduce(bpy.context.scene, [one(shot, "jawOpen")], "ALL", tools.Bounds(0.1, 0.1, 0.1))
    assert (done.before, done.after, done.left) == (FRAMES, FRAMES, 1)


@pytest.mark.parametrize("frame", [20, 20.4])
def test_lips_close_at_the_playhead_and_nowhere_else(shot, frame):
    before = {at: played(shot, at) for at in (10, 15, 26, 40)}
    bpy.context.scene.frame_set(int(frame), subframe=frame - int(frame))
    assert bpy.ops.garrick.curves_close_lips() == {"FINISHED"}
    shut = played(shot, frame)
    assert shut["jawOpen"] <= 0.1 + 1e-5
    assert shut["mouthClose"] == pytest.approx(shut["jawOpen"], abs=1e-4)
    assert shut["mouthFunnel"] == pytest.approx(0, abs=1e-4)
    for at, face in before.items():
        assert played(shot, at) == pytest.approx(face, abs=1e-4)
    types = {point.interpolation for point in one(shot, "jawOpen").curves[0].keyframe_points}
    assert types == {"LINEAR"}


def test_lips_close_on_curves_with_hardly_any_keys(shot):
    for channel in curves.channels_of(shot, "FACE"):
        points = channel.curves[0].keyframe_points
        for index in reversed(range(1, len(points) - 1)):
            points.remove(points[index], fast=True)
        for point in points:
            point.co[1] = 0.5
        channel.curves[0].update()
    bpy.context.scene.frame_set(30)
    bpy.ops.garrick.curves_close_lips()
    assert played(shot, 30)["jawOpen"] <= 0.1 + 1e-5
    for at in (10, 26, 34, 50):
        assert played(shot, at)["jawOpen"] == pytest.approx(0.5, abs=1e-4)


def test_bezier_keys_keep_their_course_beside_the_closure(shot):
    for channel in curves.channels_of(shot, "MOUTH"):
        keys = read_keys(channel.curves[0])
        write_keys(channel.curves[0], keys.only(np.array([0, 29, 59])))
        for point in channel.curves[0].keyframe_points:
            point.interpolation, point.handle_left_type, point.handle_right_type = "BEZIER", "FREE", "FREE"
        channel.curves[0].update()
    before = {at: played(shot, at) for at in (8, 15, 40, 52)}
    bpy.context.scene.frame_set(22)
    bpy.ops.garrick.curves_close_lips()
    assert played(shot, 22)["jawOpen"] <= 0.1 + 1e-5
    for at, face in before.items():
        assert played(shot, at) == pytest.approx(face, abs=5e-3)


def test_a_blink_is_shut_at_the_playhead(shot):
    before = {at: played(shot, at) for at in (28, 34)}
    bpy.context.scene.frame_set(30)
    assert bpy.ops.garrick.curves_blink() == {"FINISHED"}
    shut = played(shot, 30)
    assert shut["eyeBlinkLeft"] == pytest.approx(1, abs=1e-5)
    assert shut["eyeBlinkRight"] == pytest.approx(1, abs=1e-5)
    assert shut["eyeWideLeft"] == pytest.approx(0, abs=1e-5)
    for at, face in before.items():
        assert played(shot, at) == pytest.approx(face, abs=1e-4)


def test_mirror_twice_changes_nothing_and_once_swaps_sides(shot):
    frames = (5, 23, 41)
    armature = shot.garrick.armature

    def bones() -> dict[str, np.ndarray]:
        graph = bpy.context.evaluated_depsgraph_get()
        return {bone.name: np.array(bone.matrix) for bone in armature.evaluated_get(graph).pose.bones}

    before = {frame: (played(shot, frame), bones()) for frame in frames}
    assert bpy.ops.garrick.curves_mirror() == {"FINISHED"}
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    for frame, (face, posed) in before.items():
        now = played(shot, frame)
        for name, value in face.items():
            assert now[edits.mirrored_name(name)] == pytest.approx(value, abs=1e-5), name
        rest = {bone.name: np.array(bone.matrix_local) for bone in armature.data.bones}
        for name, matrix in bones().items():
            other = edits.mirrored_name(name)
            was = flip @ (posed[other] @ np.linalg.inv(rest[other])) @ flip
            np.testing.assert_allclose(matrix @ np.linalg.inv(rest[name]), was, atol=2e-5, err_msg=name)
    bpy.ops.garrick.curves_mirror()
    for frame, (face, posed) in before.items():
        assert played(shot, frame) == pytest.approx(face, abs=1e-5)
        for name, matrix in bones().items():
            np.testing.assert_allclose(matrix, posed[name], atol=2e-5)


def marker(name: str) -> bpy.types.TimelineMarker:
    return next(item for item in bpy.context.scene.timeline_markers if item.name == name)


def test_retime_to_markers_moves_what_is_said_with_its_word(shot):
    before = played(shot, 10)
    with pytest.raises(RuntimeError, match="No marker"):
        bpy.ops.garrick.curves_retime_markers()
    marker("ba").frame += 12  # the only word: everything is shifted
    assert bpy.ops.garrick.curves_retime_markers() == {"FINISHED"}
    assert played(shot, 22) == pytest.approx(before, abs=1e-3)
    with pytest.raises(RuntimeError, match="No marker"):
        bpy.ops.garrick.curves_retime_markers()  # it is where its marker is
    marker("ba").frame -= 12
    bpy.ops.garrick.curves_retime_markers()
    assert played(shot, 10) == pytest.approx(before, abs=1e-3)


def test_retimed_keys_play_to_their_end(shot):
    """The NLA strip grows with them."""
    last = played(shot, FRAMES)
    marker("ba").frame += 30
    bpy.ops.garrick.curves_retime_markers()
    assert played(shot, FRAMES + 30) == pytest.approx(last, abs=1e-3)


def test_retime_to_a_new_voice(shot, tmp_path):
    """b 0..0.08 and a 0.08..0.4 are now said at 0.2..0.4 and 0.4..1.04: the middle of the a is in its middle again."""
    spoken = {"text": "ba", "phones": [["b", 0.2, 0.4, 1], ["a", 0.4, 1.04, 1]], "words": [["ba", 0.3, 1.04]]}
    path = tmp_path / "new.json"
    path.write_text(json.dumps(spoken))
    before = played(shot, 1 + 25 * 0.24)
    assert bpy.ops.garrick.curves_retime_speech(filepath=str(path)) == {"FINISHED"}
    assert played(shot, 1 + 25 * 0.72) == pytest.approx(before, abs=1e-3)
    assert marker("ba").frame == 9  # 0.3 s is frame 8.5
    path.write_text(json.dumps(spoken | {"phones": [["x", 0, 1, 1]] * 4}))
    with pytest.raises(RuntimeError, match="says something else"):
        bpy.ops.garrick.curves_retime_speech(filepath=str(path))
    path.write_text("{}")
    with pytest.raises(RuntimeError, match="no speech"):
        bpy.ops.garrick.curves_retime_speech(filepath=str(path))


@pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="this Blender has no sound")
def test_the_new_voice_is_heard_instead_of_the_old(shot, tiny_shot):
    other = tiny_shot(name="other", frames=FRAMES)
    bpy.ops.garrick.curves_retime_speech(filepath=str(other))
    strips = {Path(strip.sound.filepath).parent.name: strip.mute for strip in sequencer_strips(bpy.context.scene)}
    assert strips == {"shot": True, "other": False}


def test_tools_follow_a_strip_that_was_moved_and_stretched(shot):
    """The artist has shifted the clip by ten frames and made it half as fast."""
    keys = shot.garrick.head.data.shape_keys
    strip = keys.animation_data.nla_tracks[0].strips[0]
    strip.scale = 2.0
    strip.frame_start = 11
    bpy.context.scene.frame_set(70)
    bpy.ops.garrick.curves_close_lips()
    assert played(shot, 70)["jawOpen"] <= 0.1 + 1e-5


def test_tools_in_the_tweak_mode_of_a_moved_strip(shot):
    """The artist has entered the strip (Tab) to see its keys: they play on the strip's time all the same."""
    data = shot.garrick.head.data.shape_keys.animation_data
    track = data.nla_tracks[0]
    track.strips[0].frame_start_ui = 21
    before = played(shot, 40)
    data.nla_tracks.active, track.select, track.strips[0].select = track, True, True
    data.use_tweak_mode = True
    if data.action is None:
        pytest.skip("this Blender needs an editor to enter the tweak mode")
    bpy.context.scene.frame_set(40)
    bpy.ops.garrick.curves_blink()
    data.use_tweak_mode = False
    assert played(shot, 40)["eyeBlinkLeft"] == pytest.approx(1, abs=1e-5)
    assert played(shot, 40)["jawOpen"] == pytest.approx(before["jawOpen"], abs=1e-5)


def test_tools_edit_the_action_on_top(shot):
    """An Action of the artist's own lies over the strip: its curve is the one that is seen."""
    keys = shot.garrick.head.data.shape_keys
    keys.key_blocks["jawOpen"].value = 0.9
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=60)
    strip_keys = [len(curve.keyframe_points) for curve in one(shot, "mouthPucker").curves]
    bpy.ops.garrick.curves_gain(region="FACE", factor=0.5)
    assert values(shot, "jawOpen")[:, 0] == pytest.approx([0.45, 0.45])
    assert strip_keys == [FRAMES]


def test_greyed_tools_say_why(addon):
    assert not bpy.ops.garrick.curves_gain.poll()
    assert not bpy.ops.garrick.export_motion.poll()
    with pytest.raises(RuntimeError, match="Select an object of a shot"):
        bpy.ops.garrick.curves_blink()


def test_undo_takes_a_tool_back(shot):
    """In background Blender keeps undo steps only when asked to."""
    before = values(shot, "jawOpen")
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.garrick.curves_gain(region="FACE", factor=0.1)
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    again = active_shot(bpy.context)
    np.testing.assert_array_equal(values(again, "jawOpen"), before)


def test_the_panel_hands_its_choice_to_the_buttons(shot):
    settings = bpy.context.scene.garrick_curves
    settings.region, settings.keys = "BROWS", "RANGE"
    drawn = draw_panels(bpy.context)
    for panel in ("GARRICK_PT_curve_tools", "GARRICK_PT_curve_tools_graph"):
        assert {"region", "keys"} <= set(drawn[panel].properties())
        assert "garrick.curves_smooth" in drawn[panel].buttons()
    assert "garrick.export_motion" in drawn["GARRICK_PT_motion_files"].buttons()


def test_the_panel_says_why_nothing_can_be_done(addon):
    assert any("Select an object" in text for text in draw_panels(bpy.context)["GARRICK_PT_curve_tools"].texts())
