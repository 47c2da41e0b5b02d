"""The faces of a portrait: framed in its picture, chosen by number, and what is wrong with them said before a job."""

from __future__ import annotations

import base64
import shutil
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from recording_layout import draw_panels

from blender_addon import tasks
from blender_addon.answers import ServiceError
from blender_addon.backend_link import link
from blender_addon.backend_link.status import Status
from blender_addon.jobs import consent, faces, inputs, portraits, preview, schema_ui, watch
from blender_addon.jobs.faces import Look, chosen, framed, read_look
from blender_addon.preferences import Settings

SCHEMA = {
    "fields": [
        {"name": "face_index", "title": "Face", "group": "Inputs", "widget": "face", "type": "integer",
         "nullable": True, "minimum": 0, "maximum": 999},
    ]
}  # fmt: skip
LEFT, RIGHT = [10, 20, 40, 60], [60, 20, 90, 60]


def face(box, index=0, fault=None, notes=()):
    wrong = None if fault is None else {"message": fault, "fix": "Do this."}
    return {"index": index, "box": box, "height": 40.0, "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "fault": wrong,
            "notes": list(notes)}  # fmt: skip


def answer(*seen, fault=None):
    """What the service says of a picture of 100 x 80, black, with these faces."""
    rgb = base64.b64encode(bytes(50 * 40 * 3)).decode()
    wrong = None if fault is None else {"message": fault, "fix": "Do this."}
    return {"size": [100, 80], "faces": list(seen), "fault": wrong, "preview": {"size": [50, 40], "rgb": rgb}}


class Service:
    """A client that answers so. asked: how often it was."""

    def __init__(self, says):
        self.says, self.asked = says, 0

    def upload(self, path):
        return "sha256:" + consent.digest_of(path)

    def inspect(self, asset):
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.fixture
def portrait(addon, tmp_path, monkeypatch):
    """look(answer) has a service say that of the scene's portrait; the add-on knows its settings."""
    schema_ui.adopt(SCHEMA)
    path = tmp_path / "face.png"
    path.write_bytes(b"a picture")
    bpy.context.scene.garrick_inputs.portrait = str(path)

    def look(says):
        service = Service(says)
        monkeypatch.setattr(link, "client", lambda: service)
        try:
            bpy.ops.garrick.find_faces()
        except RuntimeError as error:
            service.refused = str(error)
        return service

    look.path = path
    yield look
    portraits.forget()


def colours(picture):
    """The colours that a framed picture has besides black, 0..255."""
    flat = np.unique((picture[..., :3].reshape(-1, 3) * 255).round().astype(int), axis=0)
    return {tuple(colour) for colour in flat.tolist()} - {(0, 0, 0)}


def as_bytes(colour):
    return tuple(round(part * 255) for part in colour)


def test_the_chosen_face_has_a_frame_of_its_own():
    look = read_look(answer(face(LEFT, 0), face(RIGHT, 1)))
    assert colours(framed(look, None)) == {as_bytes(faces._OTHER)}
    picture = framed(look, 1)
    assert picture.shape == (40, 50, 4)
    assert colours(picture[:, 26:]) == {as_bytes(faces._CHOSEN)}
    assert colours(picture[:, :26]) == {as_bytes(faces._OTHER)}
    rows, columns = np.nonzero(np.abs(picture[..., :3] - np.float32(faces._CHOSEN)).max(axis=2) < 0.01)
    assert (columns.min(), columns.max() + 1) == (30, 45)
    assert (40 - rows.max() - 1, 40 - rows.min()) == (10, 30)  # Blender counts rows from below


def test_a_face_that_cannot_be_used_has_another_colour():
    look = read_look(answer(face(LEFT, 0, fault="The face is turned 60 degrees away.")))
    assert colours(framed(look, None)) == {as_bytes(faces._FAULTY)}


def test_a_face_over_the_edge_of_the_picture_is_framed_within():
    picture = framed(read_look(answer(face([-20, -20, 140, 200], 0))), 0)
    assert colours(picture) == {as_bytes(faces._CHOSEN)}
    assert (picture[0, :, 1] > 0).all()
    assert (picture[-1, :, 1] > 0).all()


def test_the_only_face_needs_no_number_and_one_that_is_too_small_has_none():
    look = read_look(answer(face(LEFT, None), face(RIGHT, 0)))
    assert chosen(look, None) is look.faces[1]
    assert chosen(look, 1) is None
    assert chosen(read_look(answer(face(LEFT, 0), face(RIGHT, 1))), None) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda said: said.pop("faces"),
        lambda said: said["preview"].update(rgb="AAAA"),
        lambda said: said["preview"].update(rgb="no base64!"),
        lambda said: said["preview"].update(size=[10**6, 10**6]),
        lambda said: said.update(size=[0, 0]),
        lambda said: said["faces"][0].update(box=[1, 2]),
        lambda said: said["faces"][0].update(box=[float("nan")] * 4),
        lambda said: said.update(fault="a text"),
    ],
)
def test_an_answer_that_is_none_is_refused(damage):
    said = answer(face(LEFT))
    damage(said)
    with pytest.raises(ValueError, match="about the portrait"):
        read_look(said)
    with pytest.raises(ValueError, match="about the portrait"):
        read_look(["no", "object"])


def test_the_panel_shows_what_was_seen(portrait):
    portrait(answer(face(LEFT, notes=["The face is 120 pixels high."])))
    drawn = draw_panels(bpy.context)["GARRICK_PT_inputs"]
    assert "Face: 40 px high" in drawn.texts()
    assert "120 pixels high" in " ".join(drawn.texts())
    assert "garrick.choose_face" not in drawn.buttons()
    assert "use_face_index" not in drawn.properties()
    assert any(entry.what == "template_icon" for entry in drawn.drawn)


def test_one_of_several_faces_is_chosen_and_the_frame_follows(portrait):
    scene = bpy.context.scene
    portrait(answer(face(LEFT, 0), face(RIGHT, 1)))
    assert inputs.problem(scene) == "The photo shows 2 faces: choose one"
    before = draw_panels(bpy.context)["GARRICK_PT_inputs"]
    buttons = [entry for entry in before.drawn if entry.arguments.get("operator") == "garrick.choose_face"]
    assert [(entry.arguments["text"], entry.properties["index"]) for entry in buttons] == [("1", 0), ("2", 1)]
    assert not any(entry.arguments["depress"] for entry in buttons)
    assert bpy.ops.garrick.choose_face(index=1) == {"FINISHED"}
    after = draw_panels(bpy.context)["GARRICK_PT_inputs"]
    pressed = [e.arguments["depress"] for e in after.drawn if e.arguments.get("operator") == "garrick.choose_face"]
    assert pressed == [False, True]
    assert len(preview._previews) == 2  # a picture with no face chosen, and another
    assert inputs.problem(scene) == "Confirm first that the person in the portrait agrees"
    assert schema_ui.stored(scene) == {"face_index": 1}
    with pytest.raises(RuntimeError, match="no face 2"):
        bpy.ops.garrick.choose_face(index=2)


def test_the_pixels_of_the_preview_are_the_framed_picture(portrait):
    portrait(answer(face(LEFT, 0)))
    draw_panels(bpy.context)
    look = portraits.look_of(portrait.path)
    (shown,) = [one for one in preview._previews.values() if tuple(one.image_size) == (50, 40)]
    pixels = np.empty(50 * 40 * 4, np.float32)
    shown.image_pixels_float.foreach_get(pixels)
    np.testing.assert_allclose(pixels.reshape(40, 50, 4), framed(look, None), atol=1 / 255 + 1e-6)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (answer(fault="No face was found in the photo."), "No face was found in the photo"),
        (answer(face(LEFT, None), fault="The face is only 60 pixels high; 96 are needed."), "96 are needed"),
        (answer(face(LEFT, 0, fault="The face is turned 60 degrees away.")), "turned 60 degrees away"),
        (ServiceError("input", "The picture is not an image that can be read."), "not an image"),
    ],
)
def test_what_is_wrong_with_a_portrait_is_said_before_the_job(portrait, said, says):
    portrait(said)
    assert says in inputs.problem(bpy.context.scene)
    drawn = draw_panels(bpy.context)["GARRICK_PT_inputs"]
    assert says in " ".join(drawn.texts())
    with pytest.raises(RuntimeError, match=says):
        bpy.ops.garrick.perform()


def test_a_face_that_is_not_there_can_be_left(portrait):
    bpy.context.scene.garrick_settings.face_index = 4
    portrait(answer(face(LEFT, 0)))
    assert inputs.problem(bpy.context.scene) == "There is no face 5: the photo shows 1"
    assert "garrick.choose_face" in draw_panels(bpy.context)["GARRICK_PT_inputs"].buttons()
    bpy.ops.garrick.choose_face(index=0)
    assert "no face" not in (inputs.problem(bpy.context.scene) or "")


def test_another_picture_is_another_matter(portrait):
    portrait(answer(fault="No face was found in the photo."))
    portrait.path.write_bytes(b"another picture")
    assert portraits.look_of(portrait.path) is None
    assert "No face" not in (inputs.problem(bpy.context.scene) or "")


def test_a_service_that_cannot_say_hinders_nothing(portrait):
    service = portrait(ServiceError("not_found", "There is nothing at this address."))
    assert "nothing at this address" in service.refused
    assert inputs.problem(bpy.context.scene) == "Confirm first that the person in the portrait agrees"
    assert "garrick.find_faces" in draw_panels(bpy.context)["GARRICK_PT_inputs"].buttons()
    portraits.forget_failures()
    assert portraits.look_of(portrait.path) is None


@pytest.fixture
def window(portrait, monkeypatch):
    """A window whose timers the test moves by hand. begun: the tasks that were started."""
    begun: list = []
    monkeypatch.setattr(tasks, "start", begun.append)
    monkeypatch.setattr(link, "status", lambda: Status(window.light, "As it says"))
    monkeypatch.setattr(link, "settings", lambda: Settings(local=window.local))
    window = SimpleNamespace(begun=begun, light="ready", local=True)
    watch._light = "ready"
    yield window
    watch._light = ""


def looks(window):
    return [task for task in window.begun if task.title == "Look at the portrait"]


def test_a_chosen_portrait_is_looked_at_once_by_itself(portrait, window):
    for _ in range(3):
        watch.look()
    (task,) = looks(window)
    assert portraits.under_way(portrait.path)
    assert "Looking for the face..." in draw_panels(bpy.context)["GARRICK_PT_inputs"].texts()
    task._failed(tasks.Cancelled())
    assert not portraits.under_way(portrait.path)


def test_nothing_is_looked_at_while_the_service_is_off(portrait, window):
    window.light = "off"
    watch.look()
    assert looks(window) == []
    window.light = "ready"
    watch.look()
    assert len(looks(window)) == 1


def test_a_service_elsewhere_sees_no_face_before_the_person_has_agreed(portrait, window):
    window.local = False
    watch.look()
    assert looks(window) == []
    consent.give(portrait.path, True)
    watch.look()
    assert len(looks(window)) == 1


def test_a_real_service_finds_the_face_of_the_sample(linked, tmp_path):
    path = tmp_path / "sample.png"
    shutil.copy(linked.portrait, path)
    bpy.context.scene.garrick_inputs.portrait = str(path)
    assert bpy.ops.garrick.find_faces() == {"FINISHED"}
    look = portraits.look_of(path)
    assert isinstance(look, Look)
    (found,) = look.usable
    assert found.fault is None
    assert 0.2 < (found.box[0] + found.box[2]) / 2 < 0.8
    assert found.height > 200
    assert inputs.problem(bpy.context.scene) == "Confirm first that the person in the portrait agrees"
    assert schema_ui.field_of(portraits.FACE).name == "face_index"
