"""What only a window sees: buttons that return at once, the look-out for the service, entries in Blender's own menus."""

from __future__ import annotations

import time
from types import MethodType, SimpleNamespace

import bpy
import pytest
from recording_layout import Layout

from blender_addon import tasks, version_adapter
from blender_addon.backend_link import link
from blender_addon.backend_link.status import Status
from blender_addon.jobs import history, menus, ops, schema_ui, watch
from blender_addon.shot_import.props import shots_of


def pressed(operator, **properties):
    """Press a button as a window does; what the operator reports."""
    reports = []
    button = SimpleNamespace(report=lambda kinds, text: reports.append((kinds, text)), key="", **properties)
    for name in ("invoke", "execute", "_go", "begin"):
        setattr(button, name, MethodType(getattr(operator, name), button))
    assert button.invoke(bpy.context, None) == {"FINISHED"}
    return reports


def pump_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        tasks.pump()
        time.sleep(0.02)


def test_the_button_returns_at_once(inputs):
    begun = time.monotonic()
    assert pressed(ops.GARRICK_OT_perform) == [({"INFO"}, "portrait: begun")]
    assert time.monotonic() - begun < 0.5  # a bound that only a wait for the service could miss
    assert not shots_of(bpy.context.scene)
    pump_until(lambda: shots_of(bpy.context.scene))


def test_the_look_out_brings_settings_and_jobs(linked, monkeypatch):
    id = history.rows()[0].id if history.rows() else None
    history.clear()
    link.look()
    schema_ui.adopt({"fields": [{"name": "old", "type": "number", "default": 1.0}]})
    monkeypatch.setattr(link, "status", lambda: Status("off", "Not there"))
    assert watch.look() > 0
    assert tasks.running() == []
    monkeypatch.setattr(link, "status", lambda: Status("ready", "Ready"))
    watch.look()
    assert len(tasks.running()) == 1
    pump_until(lambda: not tasks.running())
    assert {field.name for field in schema_ui.fields()} >= {"expression", "fps", "size"}
    assert id is None or history.find(id) is not None
    watch.look()
    assert tasks.running() == []  # nothing is new


@pytest.mark.skipif(not version_adapter.has_sound(), reason="this Blender was built without sound")
def test_the_active_strip_becomes_the_voice(linked):
    scene = bpy.context.scene
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.garrick.speak_strip()
    strips = version_adapter.sequencer_strips(scene, create=True)
    scene.sequence_editor.active_strip = strips.new_sound("line 3", str(linked.voice), channel=1, frame_start=1)
    assert bpy.ops.garrick.speak_strip() == {"FINISHED"}
    assert (scene.garrick_inputs.voice, scene.garrick_inputs.strip) == ("STRIP", "line 3")


def test_the_open_text_becomes_what_is_said(addon):
    text = bpy.data.texts.new("script")
    with bpy.context.temp_override(edit_text=text):
        assert bpy.ops.garrick.speak_text() == {"FINISHED"}
    inputs = bpy.context.scene.garrick_inputs
    assert (inputs.voice, inputs.text_block) == ("BLOCK", text)


def test_the_menu_entries_name_operators_that_are_there(addon):
    layout = Layout()
    menu = SimpleNamespace(layout=layout)
    for entry in (menus._perform_entry, menus._strip_entry, menus._text_entry):
        entry(menu, bpy.context)
    assert layout.buttons() == ["garrick.perform", "garrick.speak_strip", "garrick.speak_text"]


def test_the_shortcut_is_free_and_goes_with_the_add_on(addon):
    keymap = bpy.context.window_manager.keyconfigs.addon.keymaps["3D View"]
    own = [item for item in keymap.keymap_items if item.idname == "garrick.perform"]
    assert [(item.type, item.ctrl, item.alt, item.shift) for item in own] == [("P", True, True, False)]
    import blender_addon

    blender_addon.unregister()
    assert not [item for item in keymap.keymap_items if item.idname.startswith("garrick")]
    blender_addon.register()
