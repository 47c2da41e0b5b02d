"""The panel's settings: drawn from the service's schema, remembered by the file, sent with the job."""

from __future__ import annotations

import json
import math

import bpy
import pytest

from blender_addon.jobs import consent, inputs, presets, schema_ui
from blender_addon.jobs.schema import read_fields


def field(name, kind="number", **more):
    return {"name": name, "title": name.title(), "description": f"{name} of it.", "group": "Performance",
            "type": kind, **more}  # fmt: skip


SCHEMA = {
    "title": "Performance",
    "groups": ["Performance", "Frames"],
    "fields": [
        field("portrait", "string", asset=True, widget="image"),
        field("gain", default=1.0, minimum=0, maximum=2, widget="slider"),
        field("count", "integer", nullable=True, minimum=0, maximum=9, widget="number"),
        field("seed", "integer", default=0, minimum=0, maximum=2**32 - 1, widget="number"),
        field("take", "array", items=2, default=[64, 64], minimum=64, maximum=256, step=2, widget="size", unit="px"),
        field("span", "array", items=2, nullable=True, minimum=0, widget="range", group="Frames"),
        field("rate", "string", default="25", widget="rate", group="Frames"),
        field("edit", "string", nullable=True, asset=True, widget="file"),
        field("loud", "boolean", default=False, widget="toggle"),
        field("only", default=0.5, minimum=0, maximum=1, condition={"field": "edit", "is_set": False}),
        field("mood", "string", default="warm_up", choices=["calm", "warm_up"], widget="choice"),
        field("side", "string", nullable=True, choices=["left", "right"], widget="choice"),
        field("pass_", "integer", default=2, choices=[1, 2], widget="choice"),
        field("quantum", "hypercube", widget="hypercube"),
        field("no_values", "string", choices=[], widget="choice"),
        field("twice", "string", choices=["1", 1], widget="choice"),
        {"name": "no good name", "type": "string"},
        "not even a field",
    ],
}


@pytest.fixture
def settings(addon):
    """Settings of a schema that no service ever had."""
    schema_ui.adopt(SCHEMA)
    return bpy.context.scene.garrick_settings


def test_what_is_not_understood_is_left_out():
    assert [one.name for one in read_fields(SCHEMA)] == [
        "gain", "count", "seed", "take", "span", "rate", "edit", "loud", "only", "mood", "side", "pass_",
    ]  # fmt: skip
    assert read_fields(None) == read_fields({}) == read_fields({"fields": []}) == ()


def test_properties_have_limits_units_and_defaults(settings):
    declared = settings.bl_rna.properties
    assert (declared["gain"].hard_min, declared["gain"].hard_max, declared["gain"].default) == (0, 2, 1)
    assert declared["take"].description == "take of it (px)"
    assert declared["seed"].hard_max == 2**31 - 1
    assert (settings.gain, tuple(settings.take), settings.rate, settings.loud) == (1, (64, 64), "25", False)
    assert "quantum" not in declared


def test_values_are_brought_into_range(settings):
    settings.gain, settings.take, settings.seed = 7.0, (63, 99), -4
    assert settings.gain == 2
    assert tuple(settings.take) == (64, 100)
    assert settings.seed == 0


def test_a_value_is_the_number_that_was_typed(settings):
    settings.gain = 1.1
    assert schema_ui.stored(bpy.context.scene) == {"gain": 1.1}
    assert math.isclose(settings.gain, 1.1, rel_tol=1e-6)


def test_defaults_are_not_remembered(settings):
    settings.gain = 1.5
    settings.gain = 1.0
    assert bpy.context.scene.garrick_inputs.settings == ""


def test_a_switch_takes_a_field_in_and_out(settings):
    scene = bpy.context.scene
    assert not settings.use_count
    settings.use_count = True
    assert schema_ui.stored(scene) == {"count": 0}
    settings.count = 4
    assert settings.use_count
    settings.use_count = False
    assert schema_ui.stored(scene) == {}


def test_a_condition_hides_and_shows(settings):
    names = {one.name for one in schema_ui.shown(bpy.context.scene, "Performance")}
    assert "only" in names
    settings.edit = "/somewhere.npz"
    assert {one.name for one in schema_ui.shown(bpy.context.scene, "Performance")} == names - {"only"}


def test_settings_survive_saving_and_another_service(settings, tmp_path):
    settings.gain, settings.rate = 0.25, "24000/1001"
    path = str(tmp_path / "kept.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    other = {"fields": [field("gain", default=1.0, minimum=0.5, maximum=2), field("novel", default=3.0)]}
    assert schema_ui.adopt(other)
    bpy.ops.wm.open_mainfile(filepath=path)
    scene = bpy.context.scene
    assert scene.garrick_settings.gain == 0.5  # what the file says, as far as this service allows it
    assert scene.garrick_settings.novel == 3
    assert schema_ui.stored(scene) == {"gain": 0.25, "rate": "24000/1001"}


def test_the_last_schema_is_there_before_the_first_connection(settings):
    import blender_addon

    blender_addon.unregister()
    blender_addon.register()
    assert [one.name for one in schema_ui.fields()] == [one.name for one in read_fields(SCHEMA)]


def test_scenes_have_settings_of_their_own(settings):
    settings.gain = 0.5
    other = bpy.context.scene.copy()
    other.garrick_settings.gain = 2.0
    assert (settings.gain, other.garrick_settings.gain) == (0.5, 2.0)


def test_damaged_settings_are_no_settings(settings):
    for text in ("{", "[1]", '{"gain": "much", "take": 3}'):
        bpy.context.scene.garrick_inputs.settings = text
        assert settings.gain == 1.0
        assert tuple(settings.take) == (64, 64)


def test_undo_takes_a_setting_back(settings):
    bpy.ops.ed.undo_push(message="before")
    bpy.context.scene.garrick_settings.gain = 0.5
    bpy.ops.ed.undo_push(message="gain")
    bpy.ops.ed.undo()
    assert bpy.context.scene.garrick_settings.gain == 1.0


def test_a_preset_sets_the_settings_and_leaves_the_shot_s_own(settings):
    scene = bpy.context.scene
    settings.gain, settings.rate, settings.edit = 0.5, "24", "/mine.npz"
    assert bpy.ops.garrick.save_preset(preset="Élan & co") == {"FINISHED"}
    assert "Élan & co" in presets.names()
    settings.gain, settings.loud = 1.75, True
    assert bpy.ops.garrick.load_preset(preset="Élan & co") == {"FINISHED"}
    assert (settings.gain, settings.rate, settings.loud) == (0.5, "24", False)
    assert schema_ui.stored(scene)["edit"] == "/mine.npz"
    assert bpy.ops.garrick.remove_preset(preset="Élan & co") == {"FINISHED"}
    assert "Élan & co" not in presets.names()


def test_presets_that_are_none_say_so(settings):
    for call in (
        lambda: bpy.ops.garrick.load_preset(preset="nope"),
        lambda: bpy.ops.garrick.save_preset(preset="  "),
        lambda: bpy.ops.garrick.save_preset(preset="Draft"),
        lambda: bpy.ops.garrick.remove_preset(preset="Draft"),
    ):
        with pytest.raises(RuntimeError, match=r"preset|name"):
            call()
    (presets.user_folder("presets") / "broken.json").write_text("{")
    assert presets.names() == list(presets.BUILT_IN)


def test_built_in_presets_fit_the_service(linked):
    scene = bpy.context.scene
    for name, values in presets.BUILT_IN.items():
        bpy.ops.garrick.load_preset(preset=name)
        assert schema_ui.stored(scene) == values


def test_the_scene_s_rate_and_size_are_taken(linked):
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 1.001
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 1001, 640, 50
    assert bpy.ops.garrick.take_from_scene() == {"FINISHED"}
    assert schema_ui.stored(scene) == {"fps": "30000/1001", "size": [500, 320]}


def test_consent_is_of_the_picture_and_not_of_its_name(addon, tmp_path):
    scene = bpy.context.scene
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    first.write_bytes(b"one face")
    second.write_bytes(b"another face")
    chosen = scene.garrick_inputs
    chosen.portrait = str(first)
    assert not chosen.consent
    chosen.consent = True
    chosen.portrait = str(second)
    assert not chosen.consent
    second.write_bytes(b"one face")
    assert chosen.consent
    chosen.consent = False
    assert not consent.given(first)


def test_the_button_says_what_is_missing(linked):
    scene = bpy.context.scene
    chosen = scene.garrick_inputs

    def missing():
        with pytest.raises(RuntimeError, match="poll"):
            bpy.ops.garrick.perform()
        return inputs.problem(scene)

    assert missing() == "Choose a portrait first"
    chosen.portrait = "/no/such.png"
    assert missing() == "There is no file /no/such.png"
    chosen.portrait = str(linked.portrait)
    assert "agrees" in missing()
    chosen.consent = True
    assert missing() == "Choose a voice, or type a text"
    chosen.audio = "//gone.wav"
    assert "gone.wav" in missing()
    chosen.voice = "TEXT"
    assert missing() == "Type what to say"
    chosen.voice = "BLOCK"
    assert "text block" in missing()
    chosen.voice = "STRIP"
    assert "strip" in missing() or "sound" in missing()
    chosen.voice, chosen.text = "TEXT", "Hello."
    assert inputs.problem(scene) is None
    scene.garrick_settings.fps = "often"
    assert missing() == "Frame rate: 'often' is not a frame rate"
    scene.garrick_settings.fps = "25"
    scene.garrick_settings.use_frames = True
    scene.garrick_settings.frames = (5, 2)
    assert "before the first" in missing()
    scene.garrick_settings.frames = (2, 5)
    assert inputs.asked(scene).job["frames"] == [2, 5]
    scene.garrick_settings.camera = "/none/camera.json"
    assert "camera.json" in missing()


def test_what_was_asked_can_be_asked_again(linked):
    scene = bpy.context.scene
    chosen = scene.garrick_inputs
    chosen.portrait, chosen.consent = str(linked.portrait), True
    chosen.voice, chosen.text = "TEXT", "Hello."
    scene.garrick_settings.expression, scene.garrick_settings.fps = 1.4, "24"
    asked = inputs.asked(scene)
    assert asked.job == {"portrait": str(linked.portrait), "text": "Hello.", "expression": 1.4, "fps": "24"}
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    inputs.restore(bpy.context.scene, "again", json.loads(json.dumps(asked.job)))
    assert inputs.asked(bpy.context.scene).job == asked.job


def test_a_job_of_elsewhere_brings_no_files(linked):
    scene = bpy.context.scene
    scene.garrick_inputs.portrait = "/mine.png"
    theirs = {"portrait": "sha256:" + "0" * 64, "text": "Hello.", "camera": "sha256:" + "1" * 64, "expression": 0.5}
    inputs.restore(scene, "theirs", theirs)
    assert scene.garrick_inputs.portrait == "/mine.png"
    assert schema_ui.stored(scene) == {"expression": 0.5}


def test_a_field_of_some_values_is_a_list_to_choose_from(settings):
    scene = bpy.context.scene
    mood = settings.bl_rna.properties["mood"]
    assert mood.type == "ENUM"
    assert [(item.identifier, item.name) for item in mood.enum_items] == [("calm", "Calm"), ("warm_up", "Warm up")]
    assert (mood.default, settings.mood, settings.side, settings.pass_) == ("warm_up", "warm_up", "left", "2")
    settings.mood, settings.pass_ = "calm", "1"
    assert schema_ui.stored(scene) == {"mood": "calm", "pass_": 1}
    settings.mood = "warm_up"
    assert schema_ui.stored(scene) == {"pass_": 1}
    with pytest.raises(TypeError):
        settings.mood = "wild"


def test_a_choice_that_may_be_left_out_has_a_switch(settings):
    scene = bpy.context.scene
    side = next(field for field in schema_ui.fields() if field.name == "side")
    assert schema_ui.value_of(scene, side) is None
    settings.use_side = True
    assert schema_ui.stored(scene) == {"side": "left"}
    settings.side = "right"
    settings.use_side = False
    assert schema_ui.stored(scene) == {}


def test_a_value_that_the_service_no_longer_knows_falls_back(settings):
    scene = bpy.context.scene
    scene.garrick_inputs.settings = json.dumps({"mood": "furious", "side": 3, "pass_": True})
    assert (settings.mood, settings.use_side, settings.pass_) == ("warm_up", False, "2")
    schema_ui.store(scene, {"mood": "furious", "side": "right"})
    assert schema_ui.stored(scene) == {"side": "right"}


def test_every_kind_of_setting_is_drawn(settings):
    from recording_layout import Layout

    layout = Layout()
    schema_ui.draw(layout, bpy.context.scene, "Performance")
    assert {"mood", "use_side", "side", "pass_"} <= set(layout.properties())
