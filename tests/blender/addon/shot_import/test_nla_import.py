"""blender_addon/shot_import in every Blender: tracks of their own, true to time at any rate, any joints, fewer keys."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon import version_adapter
from blender_addon.core.archive import load_arrays, save_arrays
from blender_addon.core.performance import Performance
from blender_addon.core.rotation import axis_angles
from blender_addon.core.timing import frame_times
from blender_addon.shot_import import bulk, timeline
from blender_addon.shot_import.animation import animate_bones, animate_face, keying
from blender_addon.shot_import.rig import make_armature
from blender_addon.shot_import.scene import import_shot
from blender_addon.shot_import.shot import read_shot

RATES = {
    "23.976": Fraction(24000, 1001), "24": Fraction(24), "25": Fraction(25), "29.97": Fraction(30000, 1001),
    "30": Fraction(30), "50": Fraction(50), "60": Fraction(60),
}  # fmt: skip
TEN_MINUTES = 600  # seconds


def head_with(*keys: str) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("head")
    mesh.from_pydata([(0, 0, 0)], [], [])
    head = bpy.data.objects.new("head", mesh)
    bpy.context.scene.collection.objects.link(head)
    for key in ("Basis", *keys):
        head.shape_key_add(name=key, from_mix=False)
    return head


def set_rate(scene: bpy.types.Scene, rate: Fraction) -> None:
    scene.render.fps = -(-rate.numerator // rate.denominator)
    scene.render.fps_base = float(scene.render.fps / rate)


def show(scene: bpy.types.Scene, frame: float) -> bpy.types.Depsgraph:
    scene.frame_set(int(np.floor(frame)), subframe=float(frame - np.floor(frame)))
    return bpy.context.evaluated_depsgraph_get()


@pytest.mark.parametrize("scene_rate", RATES)
@pytest.mark.parametrize("fps", RATES)
def test_ten_minutes_stay_within_a_hundredth_of_a_frame(fps, scene_rate):
    scene, rate = bpy.context.scene, RATES[scene_rate]
    set_rate(scene, rate)
    frames = int(TEN_MINUTES * RATES[fps]) + 1
    face = np.zeros((frames, 52), np.float32)
    face[:, 17] = np.random.default_rng(2).uniform(0, 1, frames)
    performance = replace(Performance.rest(frames, RATES[fps]), face=face)
    head = head_with("jawOpen")
    keys = keying(version_adapter.Clip("long"), timeline.place_in(scene), performance)
    animate_face(keys, head, performance)
    keys.clip.lay_down()

    (curve,) = version_adapter.curves_in_use(head.data.shape_keys)
    points = np.empty(2 * frames, np.float32)
    curve.keyframe_points.foreach_get("co", points)
    exact = 1 + frame_times(frames, RATES[fps]) * float(rate)
    assert np.abs(points[0::2] - exact).max() < 0.01
    np.testing.assert_array_equal(points[1::2], face[:, 17])
    for i in (0, frames // 3, frames - 1):
        show(scene, float(points[2 * i]))
        assert head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(face[i, 17], abs=1e-5)


def test_everything_imported_plays_from_tracks(addon, tiny_shot):
    shot = import_shot(read_shot(tiny_shot(moving=True)), bpy.context.scene)
    for block in (shot.head.data.shape_keys, shot.armature, shot.camera, shot.camera.data):
        assert block.animation_data.action is None
        (track,) = block.animation_data.nla_tracks
        (strip,) = track.strips
        assert (track.name, strip.frame_start, strip.frame_end, strip.scale) == ("shot", 1, 12, 1)
    assert "52 face keys" in shot.controls[0]
    assert "3 bones" in shot.controls[0]  # neck and eyes


def test_the_head_and_the_camera_hold_the_ends_of_the_clip(addon, tiny_shot):
    manifest = tiny_shot(moving=True)
    shot, scene = import_shot(read_shot(manifest), bpy.context.scene), bpy.context.scene
    performance = read_shot(manifest).performance
    for frame, index in ((-40, 0), (300, 11)):
        show(scene, frame)
        values = [block.value for block in shot.head.data.shape_keys.key_blocks[1:]]
        np.testing.assert_allclose(values, performance.face[index], atol=1e-6)


def test_the_collection_knows_its_shot_after_a_reload(addon, tiny_shot, tmp_path):
    manifest = tiny_shot()
    shot = import_shot(read_shot(manifest), bpy.context.scene)
    name = shot.collection.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    kept = bpy.data.collections[name].garrick
    assert kept.is_shot
    assert kept.head.data.shape_keys.animation_data.nla_tracks[0].strips[0].action is not None
    assert (kept.armature.type, kept.camera.type) == ("ARMATURE", "CAMERA")
    assert bpy.path.abspath(kept.folder).rstrip("/") == str(manifest.parent)
    assert [(item.name, item.first, item.last) for item in kept.versions] == [("v1", 0, 11)]


def test_hands_and_body_move_with_no_more_than_a_rig_that_names_them():
    scene, rig, performance = bpy.context.scene, bulk.chain(37), bulk.moving(6)
    timeline.adopt_rate(scene, performance.fps, 6)
    armature = make_armature("body", rig, scene.collection)
    keys = keying(version_adapter.Clip("body"), timeline.place_in(scene), performance)
    animate_bones(keys, armature, rig, performance)
    keys.clip.lay_down()
    evaluated = armature.evaluated_get(show(scene, 4))
    to_blender = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    for joint, expected in ((8, performance.body_pose[3, 5]), (20, performance.left_hand[3, 4])):
        bone = evaluated.pose.bones[rig.joint_names[joint]]
        rest, own = np.array(bone.bone.matrix_local.to_3x3()), np.array(bone.matrix_basis.to_3x3())
        turn = to_blender.T @ rest @ own @ rest.T @ to_blender
        np.testing.assert_allclose(axis_angles(turn[None])[0], expected, atol=1e-5)


def test_an_unknown_channel_asks_for_a_newer_extension_and_leaves_nothing(addon, tiny_shot):
    manifest = tiny_shot()
    arrays = load_arrays(manifest.with_name("rig.npz"))
    arrays["joint_channels"] = np.array(["", "head_rotation", "tail", "gaze.left", "gaze.right"])
    save_arrays(manifest.with_name("rig.npz"), arrays)
    with pytest.raises(RuntimeError, match="unknown channel, tail; update"):
        bpy.ops.garrick.import_shot(filepath=str(manifest))
    assert not bpy.data.objects
    assert not bpy.data.actions


def test_reduced_keys_stay_within_the_error_and_are_fewer():
    scene, frames = bpy.context.scene, 200
    face = np.zeros((frames, 52), np.float32)
    face[:, 17] = 0.5 + 0.5 * np.sin(np.arange(frames) / 15)
    performance = replace(Performance.rest(frames, Fraction(24)), face=face)
    head = head_with("jawOpen")
    keys = keying(version_adapter.Clip("few"), timeline.place_in(scene), performance, error=0.01)
    animate_face(keys, head, performance)
    keys.clip.lay_down()
    (curve,) = version_adapter.curves_in_use(head.data.shape_keys)
    values = [curve.evaluate(1 + i) for i in range(frames)]
    assert len(curve.keyframe_points) < frames / 3
    assert 0 < np.abs(values - face[:, 17]).max() <= 0.01 + 1e-6


def test_only_what_plays_counts_as_in_use():
    head = head_with("jawOpen")
    shapes = head.data.shape_keys
    for name in ("below", "above"):
        clip = version_adapter.Clip(name)
        version_adapter.write_curve(
            clip.curves_of(shapes), 'key_blocks["jawOpen"].value', 0, np.array([1.0, 5]), np.array([0, 1.0]), "Face"
        )
        clip.lay_down()
    below, above = shapes.animation_data.nla_tracks
    assert len(version_adapter.curves_in_use(shapes)) == 2
    above.mute = True
    assert len(version_adapter.curves_in_use(shapes)) == 1
    above.mute, below.is_solo = False, True
    assert len(version_adapter.curves_in_use(shapes)) == 1
    shapes.animation_data.use_nla = False
    assert version_adapter.curves_in_use(shapes) == []


def test_an_nla_in_tweak_mode_is_refused():
    head = head_with("jawOpen")
    clip = version_adapter.Clip("first")
    frames = np.array([1.0, 5])
    version_adapter.write_curve(clip.curves_of(head), "location", 0, frames, frames, "Head")
    clip.lay_down()
    data = head.animation_data
    data.nla_tracks[0].select = True
    data.nla_tracks[0].strips[0].select = True
    data.nla_tracks.active = data.nla_tracks[0]
    data.use_tweak_mode = True
    with pytest.raises(ValueError, match="tweak mode"):
        version_adapter.Clip("second").curves_of(head)


def test_the_words_are_marked_only_when_wanted(addon, tiny_shot):
    scene = bpy.context.scene
    manifest = str(tiny_shot())
    bpy.ops.garrick.import_shot(filepath=manifest, word_markers=False)
    assert not scene.timeline_markers
    bpy.ops.garrick.import_shot(filepath=manifest, phone_markers=True)
    assert sorted(marker.name for marker in scene.timeline_markers) == ["a", "b", "ba"]


def test_the_voice_begins_with_frame_0_at_any_rate(addon, tiny_shot):
    if not version_adapter.has_sound():
        pytest.skip("this bpy has no sound")
    scene = bpy.context.scene
    set_rate(scene, RATES["29.97"])
    scene.timeline_markers.new("mine", frame=1)
    import_shot(read_shot(tiny_shot(fps="25")), scene)
    (strip,) = version_adapter.sequencer_strips(scene)
    assert strip.frame_start == pytest.approx(1.0)
    assert strip.frame_final_duration == pytest.approx(12 / 25 * 29.97, abs=1)


def test_the_promised_size_is_written_whole():
    assert bulk.measure(300) > 0
    shapes, armature = bpy.data.objects["measured head"].data.shape_keys, bpy.data.objects["measured rig"]
    assert len(version_adapter.curves_in_use(shapes)) == 52
    assert len(version_adapter.curves_in_use(armature)) == 37 * 4 + 3
    assert all(len(curve.keyframe_points) == 300 for curve in version_adapter.curves_in_use(armature))


def test_one_undo_takes_the_whole_shot_away_and_redo_brings_it_back(addon, tiny_shot):
    manifest = str(tiny_shot())
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.garrick.import_shot(filepath=manifest)
    bpy.ops.ed.undo_push(message="import")
    bpy.ops.ed.undo()
    assert not bpy.data.objects
    assert not bpy.data.actions
    assert not bpy.context.scene.timeline_markers
    bpy.ops.ed.redo()
    bpy.context.scene.frame_set(6)
    blocks = bpy.data.objects["shot head"].data.shape_keys.key_blocks[1:]
    expected = read_shot(Path(manifest)).performance.face[5]
    np.testing.assert_allclose([block.value for block in blocks], expected, atol=1e-6)
