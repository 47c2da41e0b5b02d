"""backend/garrick/outputs/blend.py: scene.blend is whole, relative and opens; failures are told in a line."""

from __future__ import annotations

import shutil
import sys
import threading
from fractions import Fraction

import bpy
import pytest
from garrick.context import RunContext
from garrick.errors import Cancelled, InputError, MissingError, OutputError
from garrick.outputs.blend import write_scene
from tiny_shot import write_shot


@pytest.mark.parametrize(("fps", "rate"), [(Fraction(25), (25, 1.0)), (Fraction(24000, 1001), (24, 1.001))])
def test_the_saved_scene_opens_elsewhere_with_everything_in_it(tmp_path, fps, rate):
    write_shot(tmp_path / "made", fps=fps)
    scene_file = write_scene(tmp_path / "made", RunContext())
    assert scene_file == tmp_path / "made" / "scene.blend"
    assert not list(scene_file.parent.glob(".scene*")), "nothing half-made stays behind"
    shutil.move(tmp_path / "made", tmp_path / "moved")

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "moved" / "scene.blend"))

    scene = bpy.context.scene
    assert (scene.render.fps, pytest.approx(scene.render.fps_base)) == rate
    assert (scene.frame_start, scene.frame_end) == (1, 12)
    keys = next(item for item in scene.objects if item.type == "MESH" and item.data.shape_keys).data.shape_keys
    assert keys.animation_data.nla_tracks[0].strips[0].action_slot is not None
    scene.frame_set(1)
    before = [key.value for key in keys.key_blocks]
    scene.frame_set(9)
    assert before != [key.value for key in keys.key_blocks]
    for block in (*bpy.data.images, *bpy.data.sounds):
        assert block.filepath.startswith("//")
    assert all(image.size[0] for image in bpy.data.images if image.users)
    (strip,) = scene.sequence_editor.strips
    assert strip.type == "SOUND"
    assert strip.frame_final_duration == 12
    assert scene.camera.data.background_images[0].image.source == "SEQUENCE"


def test_a_damaged_shot_is_the_users_error_with_its_reason(tmp_path):
    write_shot(tmp_path / "shot")
    (tmp_path / "shot/rig.npz").write_text("junk")
    with pytest.raises(InputError, match=r"rig\.npz is not a readable \.npz file"):
        write_scene(tmp_path / "shot", RunContext())
    assert not (tmp_path / "shot/scene.blend").exists()


def test_cancelling_stops_blender_and_keeps_the_former_scene(tmp_path):
    write_shot(tmp_path / "shot")
    (tmp_path / "shot/scene.blend").write_text("former")
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(Cancelled):
        write_scene(tmp_path / "shot", RunContext(cancel=cancel))
    assert (tmp_path / "shot/scene.blend").read_text() == "former"


def test_a_blender_that_fails_is_quoted(tmp_path, monkeypatch):
    write_shot(tmp_path / "shot")
    broken = tmp_path / "blender"
    broken.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no display driver')\n")
    broken.chmod(0o755)
    monkeypatch.setenv("GARRICK_BLENDER", str(broken))
    with pytest.raises(OutputError, match="no display driver"):
        write_scene(tmp_path / "shot", RunContext())


def test_a_named_blender_that_is_not_there_has_a_fix(tmp_path, monkeypatch):
    write_shot(tmp_path / "shot")
    monkeypatch.setenv("GARRICK_BLENDER", "/no/such/blender")
    with pytest.raises(MissingError) as caught:
        write_scene(tmp_path / "shot", RunContext())
    assert "GARRICK_BLENDER" in caught.value.user_message
    assert caught.value.fix
