"""What the tests of the panel and its jobs share: the inputs of a job that takes a second or two."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

SMALL = {"size": [128, 128], "fps": "12"}


@pytest.fixture
def linked(addon, service, monkeypatch):
    """The add-on with the running service as this computer's own, its settings known."""
    monkeypatch.setenv("GARRICK_DATA", str(service.data))
    assert bpy.ops.garrick.refresh_jobs() == {"FINISHED"}
    return service


@pytest.fixture
def inputs(linked, tmp_path):
    """The scene's inputs, set to a small job; the file is saved in a folder of its own."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "work.blend"))
    chosen = bpy.context.scene.garrick_inputs
    chosen.portrait, chosen.audio = str(linked.portrait), str(linked.voice)
    chosen.consent = True
    settings = bpy.context.scene.garrick_settings
    settings.size, settings.fps = SMALL["size"], SMALL["fps"]
    return chosen


@pytest.fixture(autouse=True)
def no_memory():
    """No consent, preset, schema or job of another test."""
    yield
    from blender_addon.jobs import history, places

    history.clear()
    for path in [*places.user_folder().glob("*.json"), *places.user_folder("presets").glob("*")]:
        Path(path).unlink()
