"""The shot of an object in the Properties editor: what it is, and its settings back into the panel."""

from __future__ import annotations

import json

import bpy
import pytest
from recording_layout import draw_panels

from blender_addon.shot_import.props import shots_of

OWN = ("GARRICK_PT_object", "GARRICK_PT_object_rerender", "GARRICK_PT_object_versions")


@pytest.fixture
def shot(addon, tiny_shot):
    """A shot that remembers its job; its head is active."""
    bpy.ops.garrick.import_shot(filepath=str(tiny_shot()))
    (shot,) = shots_of(bpy.context.scene)
    shot.garrick.job = json.dumps({"portrait": "/people/face.png", "text": "Hello there.", "fps": "24", "seed": 7})
    bpy.context.view_layer.objects.active = shot.garrick.head
    return shot


def test_an_object_of_a_shot_shows_it(shot):
    drawn = draw_panels(bpy.context)
    assert set(OWN) <= drawn.keys()
    panel = drawn["GARRICK_PT_object"]
    assert {"face.png", "Hello there.", "24", "7"} <= set(panel.texts())
    assert panel.properties() == ["folder"]
    assert panel.buttons() == ["garrick.restore_shot"]
    assert "garrick.rerender" in drawn["GARRICK_PT_object_rerender"].buttons()
    assert "garrick.switch_version" in drawn["GARRICK_PT_object_versions"].buttons()


def test_any_other_object_does_not(shot):
    other = bpy.data.objects.new("Other", None)
    bpy.context.scene.collection.objects.link(other)
    bpy.context.view_layer.objects.active = other
    assert "GARRICK_PT_object" not in draw_panels(bpy.context)
    bpy.context.view_layer.objects.active = None
    assert "GARRICK_PT_object" not in draw_panels(bpy.context)


def test_its_settings_come_back_into_the_panel(shot):
    inputs = bpy.context.scene.garrick_inputs
    inputs.voice, inputs.text = "FILE", "Something else."
    assert bpy.ops.garrick.restore_shot() == {"FINISHED"}
    assert (inputs.voice, inputs.text, inputs.portrait) == ("TEXT", "Hello there.", "/people/face.png")
    assert inputs.shot_name == shot.name


@pytest.mark.parametrize("job", ["", "{damaged", "[]"])
def test_a_shot_that_does_not_know_its_job_is_shown_too(shot, job):
    shot.garrick.job = job
    assert "Hello there." not in draw_panels(bpy.context)["GARRICK_PT_object"].texts()
    text = bpy.context.scene.garrick_inputs.text
    with pytest.raises(RuntimeError, match="does not know" if not job else "damaged"):
        bpy.ops.garrick.restore_shot()
    assert bpy.context.scene.garrick_inputs.text == text
