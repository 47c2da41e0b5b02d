"""Portrait and voice in, an imported shot out, through the real service."""

from __future__ import annotations

import json
import time

import bpy
import pytest

from blender_addon import tasks, version_adapter
from blender_addon.core.performance import Performance
from blender_addon.jobs import history, work
from blender_addon.jobs.inputs import asked, restore
from blender_addon.shot_import.props import shots_of


def pump_until(condition, seconds=120.0):
    """What Blender's timers do in a window."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, [(row.state, row.phase, row.problem) for row in history.rows()]
        tasks.pump()
        time.sleep(0.02)


def test_a_job_becomes_a_shot_that_remembers_it(inputs, tmp_path):
    inputs.shot_name = "Speech one"
    assert bpy.ops.garrick.perform() == {"FINISHED"}
    (shot,) = shots_of(bpy.context.scene)
    kept = shot.garrick
    assert bpy.path.abspath(kept.folder) == str(tmp_path / "garrick" / "Speech one")
    asked = json.loads(kept.job)
    assert asked["portrait"] == inputs.portrait
    assert asked["size"] == [128, 128]
    assert kept.portrait_consent
    assert (kept.head.type, kept.armature.type, kept.camera.type) == ("MESH", "ARMATURE", "CAMERA")
    assert kept.versions[0].last > 10
    performance = Performance.load(tmp_path / "garrick" / "Speech one" / "performance.npz")
    assert len(performance) == kept.versions[0].last + 1
    assert not (tmp_path / "garrick" / "Speech one" / "scene.blend").exists()


def test_the_window_hears_of_the_end_from_the_timer(inputs):
    """What `invoke` does, which falls through to `execute` without a window."""
    bpy.ops.ed.undo_push(message="before")  # a window does so when it opens a file
    run = work.perform(bpy.context.scene, asked(bpy.context.scene))
    work.begin(run, tasks.start)
    phases = set()
    pump_until(lambda: phases.add(run.task.phase) or run.task.state != "running")
    assert run.imported, run.task.error
    assert len(shots_of(bpy.context.scene)) == 1
    assert "frames" in phases
    before = len(bpy.data.objects)
    bpy.ops.ed.undo()
    assert not shots_of(bpy.context.scene)
    bpy.ops.ed.redo()
    assert len(bpy.data.objects) == before


def test_two_jobs_of_one_name_get_a_folder_each(inputs, tmp_path):
    inputs.shot_name = "take"
    bpy.ops.garrick.perform()
    bpy.ops.garrick.perform()
    assert {path.name for path in (tmp_path / "garrick").iterdir()} == {"take", "take_2"}
    assert len({shot.garrick.folder for shot in shots_of(bpy.context.scene)}) == 2


def test_a_text_block_is_spoken_as_far_as_it_is_selected(inputs):
    block = bpy.data.texts.new("lines")
    block.write("Not this.\nGood morning.")
    block.select_set(1, 0, 1, 13)
    inputs.voice, inputs.text_block = "BLOCK", block
    assert bpy.ops.garrick.perform() == {"FINISHED"}
    (shot,) = shots_of(bpy.context.scene)
    assert json.loads(shot.garrick.job)["text"] == "Good morning."


def test_a_recording_goes_with_its_words(inputs, linked):
    scene = bpy.context.scene
    assert "text" not in asked(scene).job
    inputs.said = " Hello there. "
    job = asked(scene).job
    assert (job["audio"], job["text"]) == (str(linked.voice), "Hello there.")
    inputs.said_block = bpy.data.texts.new("script")
    inputs.said_block.write("Good\nmorning.")
    assert asked(scene).job["text"] == "Good\nmorning."
    inputs.voice, inputs.text = "TEXT", "Something to say."
    assert asked(scene).job["text"] == "Something to say."


def test_the_words_of_a_recording_come_back_as_such(inputs, linked):
    scene = bpy.context.scene
    restore(scene, "again", {"audio": str(linked.voice), "text": "Hello there."})
    assert (inputs.voice, inputs.said, inputs.text) == ("FILE", "Hello there.", "")
    restore(scene, "again", {"text": "Something to say."})
    assert (inputs.voice, inputs.said, inputs.text) == ("TEXT", "", "Something to say.")


@pytest.mark.skipif(not version_adapter.has_sound(), reason="this Blender was built without sound")
def test_a_trimmed_strip_is_the_voice(inputs, tmp_path, linked):
    scene = bpy.context.scene
    scene.render.fps = 25
    strips = version_adapter.sequencer_strips(scene, create=True)
    strip = strips.new_sound("voice strip", str(linked.voice), channel=1, frame_start=40)
    strip.frame_offset_start, strip.frame_final_duration = 5, 20
    inputs.voice, inputs.strip = "STRIP", "voice strip"
    inputs.shot_name = "strip"
    assert bpy.ops.garrick.perform() == {"FINISHED"}
    performance = Performance.load(tmp_path / "garrick" / "strip" / "performance.npz")
    assert len(performance) == pytest.approx(0.8 * 12, abs=1)


@pytest.mark.skipif(not version_adapter.has_sound(), reason="this Blender was built without sound")
def test_a_packed_sound_needs_no_file(inputs, tmp_path, linked):
    scene, copy = bpy.context.scene, tmp_path / "gone.wav"
    copy.write_bytes(linked.voice.read_bytes())
    strips = version_adapter.sequencer_strips(scene, create=True)
    strip = strips.new_sound("packed", str(copy), channel=1, frame_start=1)
    inputs.voice, inputs.strip = "STRIP", "packed"
    strip.sound.pack()
    copy.unlink()
    job = asked(scene)
    assert job.cut.path.read_bytes() == linked.voice.read_bytes()
    assert job.cut.start == 0
    assert job.cut.duration == pytest.approx(1.2, abs=1 / 24)


@pytest.mark.skipif(not version_adapter.has_sound(), reason="this Blender was built without sound")
def test_a_strip_without_its_sound_is_refused(inputs, tmp_path, linked):
    scene, copy = bpy.context.scene, tmp_path / "gone.wav"
    copy.write_bytes(linked.voice.read_bytes())
    strips = version_adapter.sequencer_strips(scene, create=True)
    strips.new_sound("lost", str(copy), channel=1, frame_start=1)
    inputs.voice, inputs.strip = "STRIP", "lost"
    copy.unlink()
    with pytest.raises(ValueError, match="strip lost is missing"):
        asked(scene)


def test_another_scene_than_the_window_s_gets_its_shot(inputs):
    """The user has gone to another scene meanwhile. (Not by `window.scene =`: without a window 4.2 dies of it at times.)"""
    asking, shown = bpy.data.scenes.new("Elsewhere"), bpy.context.scene
    run = work.perform(asking, asked(shown))
    work.begin(run, tasks.start)
    pump_until(lambda: run.task.state != "running")
    assert run.imported, run.task.error
    assert len(shots_of(asking)) == 1
    assert not shots_of(shown)


def test_a_file_that_was_closed_meanwhile_takes_no_harm(inputs):
    run = work.perform(bpy.context.scene, asked(bpy.context.scene))
    work.begin(run, tasks.start)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    pump_until(lambda: run.task.state != "running")
    assert not run.imported
    assert "Import" in run.note
    assert not shots_of(bpy.context.scene)
    assert bpy.ops.garrick.take_up_job(key=run.key) == {"FINISHED"}
    assert len(shots_of(bpy.context.scene)) == 1


def test_an_unsaved_file_keeps_its_shots_with_the_extension(inputs):
    chosen = {name: getattr(inputs, name) for name in ("portrait", "audio")}
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    again = bpy.context.scene.garrick_inputs
    again.portrait, again.audio = chosen["portrait"], chosen["audio"]
    bpy.context.scene.garrick_settings.size = (128, 128)
    bpy.context.scene.garrick_settings.fps = "12"
    assert bpy.ops.garrick.perform() == {"FINISHED"}
    (shot,) = shots_of(bpy.context.scene)
    assert bpy.path.abspath(shot.garrick.folder).startswith(bpy.app.tempdir)
