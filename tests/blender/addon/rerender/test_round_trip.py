"""blender_addon/rerender/read_curves: what Blender plays is what was imported, and what the artist makes of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import bpy
import numpy as np
import pytest
from rerender_shots import bring_in, key_shape, read

from blender_addon.axes import TO_BLENDER, from_blender, to_blender
from blender_addon.core.arkit import ARKIT_INDEX
from blender_addon.core.merging import settled, with_edits
from blender_addon.core.performance import Performance
from blender_addon.core.rotation import rotation_matrices
from blender_addon.rerender.version_files import load
from blender_addon.rerender.versions import root_of

RATES = ("24000/1001", "24", "25", "30000/1001", "30", "50", "60")

pytestmark = pytest.mark.usefixtures("addon")


def set_rate(scene: bpy.types.Scene, rate: str) -> None:
    """A rate as Blender's own menu sets it, in a scene that keeps it."""
    fps = Fraction(rate)
    scene.render.fps = -(-fps.numerator // fps.denominator)
    scene.render.fps_base = float(scene.render.fps / fps)
    scene.timeline_markers.new("mine", frame=7)


def assert_equal(one, other, tolerance: float = 1e-5) -> None:
    """Every curve within the tolerance; rotations as rotations."""
    for name in ("face", "head_translation", "gaze"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=tolerance, err_msg=name)
    turns = (rotation_matrices(np.asarray(item.head_rotation, np.float64)) for item in (one, other))
    np.testing.assert_allclose(*turns, rtol=0, atol=tolerance)


@pytest.mark.parametrize("fps", RATES)
def test_what_is_read_is_what_was_imported(tiny_shot, fps):
    manifest = tiny_shot(fps=fps, frames=9)
    for scene_rate in RATES:
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        scene = bpy.context.scene
        set_rate(scene, scene_rate)
        shot = bring_in(manifest)
        before = (scene.frame_current, scene.frame_subframe)
        found, stored = read(shot)
        assert_equal(found.performance, stored)
        again = settled(found.performance, stored)
        for name in ("face", "head_rotation", "head_translation", "gaze"):
            np.testing.assert_array_equal(getattr(again, name), getattr(stored, name))
        assert (scene.frame_current, scene.frame_subframe) == before
        assert "edited" not in with_edits(again, stored).tracks.values()


def jaw(found) -> np.ndarray:
    return found.performance.face[:, ARKIT_INDEX["jawOpen"]]


def test_what_the_artist_lays_over_it_counts(tiny_shot):
    """Keys, a layer that adds, a driver and a modifier on a curve, each on a shape of its own."""
    shot = bring_in(tiny_shot())
    keys = shot.garrick.head.data.shape_keys
    key_shape(shot, "jawOpen", {3: 0.2, 9: 0.8})
    track = keys.animation_data.nla_tracks.new()
    action = bpy.data.actions.new("more")
    keys.animation_data.action, mine = (
        action,
        (keys.animation_data.action, getattr(keys.animation_data, "action_slot", None)),
    )
    if hasattr(action, "slots"):
        keys.animation_data.action_slot = action.slots.new(id_type="KEY", name="more")
    keys.key_blocks["browInnerUp"].value = 0.125
    keys.key_blocks["browInnerUp"].keyframe_insert("value", frame=1)
    slot = getattr(keys.animation_data, "action_slot", None)
    strip = track.strips.new("more", 1, action)
    if slot is not None:
        strip.action_slot = slot
    strip.blend_type, strip.extrapolation, strip.frame_end = "ADD", "HOLD", 12
    keys.animation_data.action = mine[0]
    if mine[1] is not None:
        keys.animation_data.action_slot = mine[1]
    driver = keys.key_blocks["cheekPuff"].driver_add("value").driver
    driver.type, driver.expression = "SCRIPTED", "0.25"
    found, stored = read(shot)
    np.testing.assert_allclose(
        jaw(found)[2:9], [0.2, *found.performance.face[3:8, ARKIT_INDEX["jawOpen"]], 0.8], atol=1e-6
    )
    assert np.abs(jaw(found)[2:9] - stored.face[2:9, ARKIT_INDEX["jawOpen"]]).max() > 0.05
    brow = ARKIT_INDEX["browInnerUp"]
    np.testing.assert_allclose(found.performance.face[:, brow], np.clip(stored.face[:, brow] + 0.125, 0, 1), atol=1e-5)
    np.testing.assert_allclose(found.performance.face[:, ARKIT_INDEX["cheekPuff"]], 0.25)
    edited = with_edits(settled(found.performance, stored), stored).tracks
    assert {name for name, what in edited.items() if what == "edited"} == {
        "face.jawOpen", "face.browInnerUp", "face.cheekPuff"
    }  # fmt: skip


def test_a_constraint_and_a_turned_root_count(tiny_shot):
    shot = bring_in(tiny_shot())
    bones = shot.garrick.armature.pose.bones
    _, stored = read(shot)
    limit = bones["neck"].constraints.new("LIMIT_ROTATION")
    limit.use_limit_x = limit.use_limit_y = limit.use_limit_z = True
    limit.owner_space = "LOCAL"
    held, _ = read(shot)
    np.testing.assert_allclose(held.performance.head_rotation, 0, atol=1e-6)
    np.testing.assert_allclose(held.performance.gaze, stored.gaze, atol=1e-5)
    bones["neck"].constraints.remove(limit)

    bones["root"].rotation_mode = "XYZ"
    bones["root"].rotation_euler = (0.0, 0.0, 0.0)
    bones["root"].rotation_euler.x = 0.2
    turned, _ = read(shot)
    arrays = load(root_of(shot)).shot.rig
    # Where a point that rides on the head comes to lie, by Blender and by the performance that was read.
    for frame in (0, 5, 11):
        bpy.context.scene.frame_set(1 + frame)
        bone = shot.garrick.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["neck"]
        moved = np.array(bone.matrix @ bone.bone.matrix_local.inverted())
        point = np.array([0.02, 0.05, 0.08])
        by_blender = from_blender((moved @ [*to_blender(point), 1.0])[:3])
        neck = arrays.joint_positions[1]
        turn = rotation_matrices(turned.performance.head_rotation[frame].astype(np.float64))
        by_garrick = turn @ (point - neck) + neck + turned.performance.head_translation[frame]
        np.testing.assert_allclose(by_garrick, by_blender, atol=1e-5)


def test_a_mirrored_bone_turns_as_blender_takes_it_apart(tiny_shot):
    shot = bring_in(tiny_shot())
    shot.garrick.armature.pose.bones["neck"].scale = (-1, 1.2, 1)
    found, _ = read(shot)
    turns = rotation_matrices(found.performance.head_rotation.astype(np.float64))
    for frame in (0, 5, 11):
        bpy.context.scene.frame_set(1 + frame)
        bone = shot.garrick.armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["neck"]
        _, turn, size = (bone.matrix @ bone.bone.matrix_local.inverted()).decompose()
        assert max(size) < 0  # mirrored
        own = TO_BLENDER.T @ np.array(turn.to_matrix()) @ TO_BLENDER
        np.testing.assert_allclose(turns[frame], own, atol=0.02)


def test_hidden_rigs_are_read_and_stay_hidden(tiny_shot):
    shot = bring_in(tiny_shot())
    head, armature = shot.garrick.head, shot.garrick.armature
    head.hide_viewport = True
    armature.hide_set(True)
    found, stored = read(shot)
    assert_equal(found.performance, stored)
    assert (head.hide_viewport, armature.hide_get()) == (True, True)


def test_a_muted_shape_reads_as_none(tiny_shot):
    shot = bring_in(tiny_shot())
    shot.garrick.head.data.shape_keys.key_blocks["jawOpen"].mute = True
    found, _ = read(shot)
    assert not jaw(found).any()


def test_weights_beyond_the_limits_are_told(tiny_shot):
    shot = bring_in(tiny_shot())
    key = shot.garrick.head.data.shape_keys.key_blocks["jawOpen"]
    key.slider_max = 2.0
    key_shape(shot, "jawOpen", {1: 1.5, 12: 1.5})
    found, _ = read(shot)
    assert jaw(found)[:11].max() == 1.0
    assert "1 shape keys leave 0..1" in found.notes[0]


@pytest.mark.parametrize("scene_rate", RATES)
def test_after_ten_minutes_it_is_still_the_same_instant(tiny_shot, scene_rate):
    """The curves are noise, so a quarter of a frame's error would show as errors of a quarter."""
    scene = bpy.context.scene
    set_rate(scene, scene_rate)
    manifest = tiny_shot(frames=3, size=(16, 16))
    short = Performance.load(manifest.parent / "performance.npz")
    count = 15000
    noise = np.random.default_rng(1).uniform(0, 1, (count, 52))
    replace(Performance.rest(count, short.fps), face=noise).save(manifest.parent / "performance.npz")
    shot = bring_in(manifest)
    found, stored = read(shot, frames=range(count - 40, count))
    last = slice(count - 40, count)
    np.testing.assert_allclose(found.performance.face[last], stored.face[last], atol=1e-5)
