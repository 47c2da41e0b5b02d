"""Export of what plays, import over what is there; through the files of every format."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from blender_addon import slices, tasks
from blender_addon.core.archive import load_arrays
from blender_addon.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from blender_addon.core.exchange import FORMATS, read_motion
from blender_addon.core.glb_write import write_glb
from blender_addon.core.performance import CHANNELS, Performance
from blender_addon.core.rotation import rotation_matrices
from blender_addon.curve_tools.motion_files import GARRICK_OT_export_motion, export_beside, reading
from blender_addon.rerender.order import under_way
from blender_addon.shot_import.props import active_shot

MOVED = ("face", "head_rotation", "head_translation", "gaze")


@pytest.fixture
def shot(addon, tiny_shot):
    """An imported shot of 30 frames at 25 a second."""
    assert bpy.ops.garrick.import_shot(filepath=str(tiny_shot(frames=30))) == {"FINISHED"}
    return active_shot(bpy.context)


def current_performance(shot: bpy.types.Collection, scene: bpy.types.Scene) -> Performance:
    return slices.read(reading(shot, scene)).performance


def stored(shot: bpy.types.Collection) -> Performance:
    return Performance.load(Path(bpy.path.abspath(shot.garrick.folder)) / "performance.npz")


def same(a: Performance, b: Performance, channels=MOVED, atol: float = 1e-5) -> None:
    for name in channels:
        one, other = getattr(a, name), getattr(b, name)
        if name == "head_rotation":
            one, other = rotation_matrices(one.astype(float)), rotation_matrices(other.astype(float))
        np.testing.assert_allclose(one, other, atol=atol, err_msg=name)


@pytest.mark.parametrize(
    ("key", "channels"),
    [
        ("performance", MOVED),
        ("live-link", ("face", "head_rotation", "gaze")),
        ("smplx", MOVED),
        ("bvh", ("head_rotation", "head_translation", "gaze")),
    ],
)
def test_what_plays_is_what_is_exported(shot, tmp_path, key, channels):
    path = tmp_path / f"out{FORMATS[key].suffix}"
    assert bpy.ops.garrick.export_motion(filepath=str(path), format=key) == {"FINISHED"}
    motion = read_motion(path, Fraction(25))
    same(motion.performance, stored(shot), channels)
    assert set(channels) <= motion.channels
    assert [item.name for item in tmp_path.iterdir() if item.is_file()] == [path.name]


def test_an_export_beside_the_window(shot, tmp_path):
    """In slices, as the window has it; what the disk refuses is said in the panel."""
    scene = bpy.context.scene
    scene.frame_set(7)
    for folder, told in ((tmp_path, "out.csv: 30 frames"), (tmp_path / "none", "No such file")):
        export_beside(shot, scene, FORMATS["live-link"], folder / "out.csv")
        assert under_way(shot)
        while tasks.pump() is not None:
            assert scene.frame_current == 7
        assert told in shot.garrick_rerender.note
    same(read_motion(tmp_path / "out.csv", Fraction(25)).performance, stored(shot), ("face", "gaze"))


@pytest.mark.parametrize(
    ("name", "shown"), [("take", "take.bvh"), ("take.csv", "take.bvh"), ("take.v2", "take.v2.bvh"), ("a.bvh", "a.bvh")]
)
def test_the_file_browser_shows_the_ending_of_the_format(addon, name, shown):
    browser = SimpleNamespace(filepath=f"/x/{name}", format="bvh")
    assert GARRICK_OT_export_motion.check(browser, bpy.context) == (name != shown)
    assert browser.filepath == f"/x/{shown}"


def test_hand_keys_are_exported(shot, tmp_path):
    jaw = shot.garrick.head.data.shape_keys.key_blocks["jawOpen"]
    jaw.value = 0.75
    jaw.keyframe_insert("value", frame=1)
    bpy.ops.garrick.export_motion(filepath=str(tmp_path / "out.csv"), format="live-link")
    face = read_motion(tmp_path / "out.csv", Fraction(25)).performance.face
    np.testing.assert_allclose(face[:, ARKIT_INDEX["jawOpen"]], 0.75, atol=1e-6)


def other_motion(shot: bpy.types.Collection) -> Performance:
    """Another performance of the shot's length at twice its rate."""
    rng = np.random.default_rng(9)
    fresh = {name: rng.uniform(0, 0.4, (60, *getattr(stored(shot), name).shape[1:])) for name in CHANNELS}
    return replace(stored(shot), fps=Fraction(50), **fresh)


@pytest.mark.parametrize("key", FORMATS)
def test_an_imported_motion_plays_above_the_shots_own(shot, tmp_path, key):
    motion = other_motion(shot)
    FORMATS[key].write(motion, tmp_path / f"take{FORMATS[key].suffix}")
    own = {track.name for track in shot.garrick.head.data.shape_keys.animation_data.nla_tracks}
    path = str(tmp_path / f"take{FORMATS[key].suffix}")
    assert bpy.ops.garrick.import_motion(filepath=path, fps="50") == {"FINISHED"}
    now = current_performance(shot, bpy.context.scene)
    held = {"live-link": ("face", "head_rotation", "gaze"), "bvh": ("head_rotation", "gaze")}.get(key, MOVED)
    at = motion.frames(0, 60)
    every_second = replace(at, fps=Fraction(25), **{name: getattr(at, name)[::2] for name in CHANNELS})
    same(now, every_second, held, atol=2e-5)
    same(now, stored(shot), tuple(set(MOVED) - set(held) - {"head_translation"}))
    tracks = {track.name for track in shot.garrick.head.data.shape_keys.animation_data.nla_tracks}
    assert own <= tracks
    assert ("take" in tracks) == (key != "bvh")


def test_a_glb_s_motion_plays_on_the_shot(shot, tmp_path):
    motion = other_motion(shot)
    rig = load_arrays(Path(bpy.path.abspath(shot.garrick.folder)) / "rig.npz")
    write_glb(motion, rig, tmp_path / "take.glb")
    assert bpy.ops.garrick.import_motion(filepath=str(tmp_path / "take.glb")) == {"FINISHED"}
    every_second = {name: getattr(motion, name)[:60:2] for name in CHANNELS}
    wanted = replace(motion, fps=Fraction(25), **every_second)
    same(current_performance(shot, bpy.context.scene), wanted, atol=2e-5)


def test_what_is_exported_and_imported_again_changes_nothing(shot, tmp_path):
    path = str(tmp_path / "out.npz")
    bpy.ops.garrick.export_motion(filepath=path, format="performance")
    bpy.ops.garrick.import_motion(filepath=path)
    same(current_performance(shot, bpy.context.scene), stored(shot))


def test_a_recording_without_head_and_eyes_leaves_them_alone(shot, tmp_path):
    rows = [f"00:00:0{row // 25}:{row % 25:02d},61,{row / 100}" for row in range(40)]
    (tmp_path / "take.csv").write_text("\n".join(["Timecode,BlendShapeCount,JawOpen", *rows]))
    bpy.ops.garrick.import_motion(filepath=str(tmp_path / "take.csv"))
    now = current_performance(shot, bpy.context.scene)
    same(now, stored(shot), ("head_rotation", "head_translation", "gaze"))
    np.testing.assert_allclose(now.face[:, ARKIT_INDEX["jawOpen"]], np.arange(30) / 100, atol=1e-5)
    assert now.face[:, ARKIT_INDEX["browInnerUp"]].max() == 0
    assert len(ARKIT_NAMES) == 52


def test_files_that_cannot_be_used_are_refused_with_nothing_done(shot, tmp_path):
    (tmp_path / "take.csv").write_text("a,b\n1,2\n")
    for name, why in (
        ("take.csv", "not a Live Link Face recording"),
        ("no.bvh", "No such file"),
        ("x.fbx", "must end in"),
    ):
        with pytest.raises(RuntimeError, match=why):
            bpy.ops.garrick.import_motion(filepath=str(tmp_path / name))
    with pytest.raises(RuntimeError, match=r"must end in \.csv"):
        bpy.ops.garrick.export_motion(filepath=str(tmp_path / "x.npz"), format="live-link")
    with pytest.raises(RuntimeError, match="not a frame rate"):
        bpy.ops.garrick.import_motion(filepath=str(tmp_path / "take.csv"), fps="fast")
    assert len(shot.garrick.head.data.shape_keys.animation_data.nla_tracks) == 1
    assert not (tmp_path / "x.npz").exists()


def test_export_where_no_one_may_write(shot, tmp_path):
    with pytest.raises(RuntimeError, match="No such file"):
        bpy.ops.garrick.export_motion(filepath=str(tmp_path / "none" / "x.csv"), format="live-link")
