"""Every panel of the add-on, drawn in every state: nothing that is drawn is missing, misspelt or of the wrong kind."""

from __future__ import annotations

import re
from pathlib import Path

import bpy
import pytest
from recording_layout import Layout, draw_panels

from blender_addon import tasks
from blender_addon.answers import ServiceError
from blender_addon.backend_link import link
from blender_addon.backend_link.status import Status
from blender_addon.jobs import history, schema_ui, work
from blender_addon.jobs.history import Run

LIGHTS = ("off", "starting", "ready", "busy", "outdated")
ERRORS = ("consent", "unreachable", "start", "missing", "offline", "address", "output", "job", "unexpected")

SCHEMA = {
    "fields": [
        {"name": "gain", "title": "Gain", "group": "Performance", "widget": "slider", "type": "number", "default": 1.0,
         "minimum": 0, "maximum": 2},
        {"name": "size", "title": "Size", "group": "Frames", "widget": "size", "type": "array", "items": 2,
         "default": [512, 512], "minimum": 128, "maximum": 2048, "step": 2, "unit": "px"},
        {"name": "frames", "title": "Frames", "group": "Frames", "widget": "range", "type": "array", "items": 2,
         "nullable": True},
        {"name": "face_index", "title": "Face", "group": "Inputs", "widget": "number", "type": "integer",
         "nullable": True, "minimum": 0},
        {"name": "camera", "title": "Camera", "group": "Inputs", "widget": "file", "type": "string", "asset": True},
        {"name": "passes", "title": "Passes", "group": "Frames", "widget": "toggle", "type": "boolean"},
    ]
}  # fmt: skip


@pytest.fixture
def known(addon):
    """The add-on with settings, as after a first connection."""
    schema_ui.adopt(SCHEMA)
    yield
    history.clear()
    (schema_ui.user_folder() / "schema.json").unlink()


@pytest.fixture
def unknown():
    """No schema of a connection of before; to be asked for before `addon`."""
    (schema_ui.user_folder() / "schema.json").unlink(missing_ok=True)


def test_before_the_first_connection(unknown, addon):
    drawn = draw_panels(bpy.context)
    assert "Connect to the service once:" in drawn["GARRICK_PT_settings"].texts()
    assert "Choose a portrait first" in drawn["GARRICK_PT_inputs"].texts()
    assert "No jobs yet." in drawn["GARRICK_PT_jobs"].texts()


@pytest.mark.parametrize("light", LIGHTS)
def test_whatever_the_service_does(known, light, monkeypatch):
    monkeypatch.setattr(link, "status", lambda: Status(light, "As it says"))
    assert {"GARRICK_PT_inputs", "GARRICK_PT_settings", "GARRICK_PT_jobs"} <= draw_panels(bpy.context).keys()


def test_the_settings_are_those_of_the_schema(known):
    drawn = draw_panels(bpy.context)
    assert {"gain", "size", "frames", "use_frames", "passes"} <= set(drawn["GARRICK_PT_settings"].properties())
    assert {"face_index", "use_face_index", "camera"} <= set(drawn["GARRICK_PT_inputs"].properties())
    assert {"Performance", "Frames", "Size Width", "Height"} <= set(drawn["GARRICK_PT_settings"].texts())


@pytest.mark.parametrize("voice", ["FILE", "STRIP", "TEXT", "BLOCK"])
def test_whatever_the_voice_comes_from(known, service, voice):
    inputs = bpy.context.scene.garrick_inputs
    inputs.portrait, inputs.voice, inputs.text = str(service.portrait), voice, "Hello."
    bpy.context.scene.sequence_editor_create()
    inputs.text_block = bpy.data.texts.new("lines")
    inputs.text_block.write("Two words")
    drawn = draw_panels(bpy.context)["GARRICK_PT_inputs"]
    shown = {"FILE": "audio", "TEXT": "text", "BLOCK": "text_block"}.get(voice)
    assert shown is None or shown in drawn.properties()
    assert ("Says 2 words" in drawn.texts()) == (voice == "BLOCK")
    assert ({"said", "said_block"} <= set(drawn.properties())) == (voice in ("FILE", "STRIP"))
    assert any(entry.what == "template_icon" for entry in drawn.drawn)


def _run(tmp_path, work_of):
    run = Run("A take", {"text": "Hello."}, True, bpy.context.scene.session_uid, tmp_path, 1)
    run.task = tasks.Task("A take", work_of)
    return run


def test_a_run_under_way(known, tmp_path, monkeypatch):
    monkeypatch.setattr(link, "status", lambda: Status("busy", "One job at work"))
    run = _run(tmp_path, lambda handle: None)
    history.runs.append(run)
    work.show()
    assert "Starting" in draw_panels(bpy.context)["GARRICK_PT_jobs"].texts()
    run.task._tell("frames", 5, 20)
    texts = draw_panels(bpy.context)["GARRICK_PT_jobs"].texts()
    assert {"Rendering frames: 5 of 20", "25 %", "About 0 s left"} <= set(texts)
    assert "Rendering frames: 5 of 20" in draw_panels(bpy.context)["GARRICK_PT_inputs"].texts()
    monkeypatch.setattr(link, "status", lambda: Status("off", "Not running"))
    assert "The service does not answer." in " ".join(draw_panels(bpy.context)["GARRICK_PT_jobs"].texts())
    run.task.cancel()
    assert "Stopping: 5 of 20" in draw_panels(bpy.context)["GARRICK_PT_jobs"].texts()


@pytest.mark.parametrize("kind", ERRORS)
def test_a_run_that_failed(known, tmp_path, kind):
    def fail(handle):
        raise ServiceError(kind, "It went wrong in a sentence that is longer than a sidebar is wide.", "Do this.")

    run = _run(tmp_path, fail)
    with pytest.raises(ServiceError):
        work.begin(run, tasks.run)
    drawn = draw_panels(bpy.context)["GARRICK_PT_jobs"]
    shown = " ".join(drawn.texts())
    assert "It went wrong in a sentence that is longer than a sidebar is wide. Do this." in shown
    assert {"garrick.take_up_job", "garrick.restore_job", "garrick.delete_job"} <= set(drawn.buttons())


@pytest.mark.parametrize("state", ["queued", "running", "cancelling", "done", "failed", "cancelled"])
def test_a_job_of_another_client(known, state):
    error = {"message": "No face.", "fix": "Take another picture."} if state == "failed" else None
    progress = {"phase": "motion", "done": 1, "total": 2} if state == "running" else None
    record = {"id": "01A", "name": "", "job": {}, "state": state, "created": 1.0, "error": error, "progress": progress}
    history.listed([record])
    work.show()
    drawn = draw_panels(bpy.context)["GARRICK_PT_jobs"]
    assert "01A" in drawn.texts()
    assert ("garrick.cancel_job" in drawn.buttons()) == (state in ("queued", "running"))
    assert ("No face." in drawn.texts()) == (state == "failed")


def test_with_a_shot_in_the_scene(known, tiny_shot):
    bpy.ops.garrick.import_shot(filepath=str(tiny_shot()))
    assert draw_panels(bpy.context)
    bpy.context.view_layer.objects.active = None
    assert draw_panels(bpy.context)


def test_in_a_linked_scene(known, tiny_shot, tmp_path):
    bpy.ops.garrick.import_shot(filepath=str(tiny_shot()))
    path = str(tmp_path / "library.blend")
    bpy.context.scene.name = "Shared"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.scenes = ["Shared"]
    shared = bpy.data.scenes["Shared"]
    with bpy.context.temp_override(scene=shared, view_layer=shared.view_layers[0]):
        assert draw_panels(bpy.context)


def test_every_phase_of_the_service_has_words():
    from blender_addon.jobs.row_ui import draw_bar

    source = Path(__file__).parents[3] / "backend" / "garrick"
    steps = [re.findall(r'ctx\.step\("(\w+)"', path.read_text()) for path in source.rglob("*.py")]
    phases = {phase for found in steps for phase in found}
    assert {"listen", "portrait", "motion"} <= phases
    for phase in phases | {"frames", "preview", "scene"}:
        layout = Layout()
        draw_bar(layout, phase, 3, 10)
        (text,) = layout.texts()
        assert text.endswith(": 3 of 10")
        assert text[0].isupper(), f"{phase} has no words"
