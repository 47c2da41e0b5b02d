"""The Backend panel: what it offers fits what the backend does."""

from __future__ import annotations

import json
import threading
from typing import Any

import bpy
import pytest
from fake_service import HEALTH
from recording_layout import Layout, draw_class

from blender_addon import tasks
from blender_addon.answers import ServiceError
from blender_addon.backend_link import link, ops
from blender_addon.backend_link.finding import Environment
from blender_addon.backend_link.status import Light, Status
from blender_addon.tasks import Handle, Task

START, STOP, SET_UP = "garrick.start_backend", "garrick.stop_backend", "garrick.set_up_backend"
FOUND = Environment(("python",), "the PATH")


def drawn(name: str, with_header: bool = False) -> Layout:
    """One panel, drawn."""
    cls, layout = getattr(bpy.types, name), Layout()
    if with_header:
        draw_class(cls, bpy.context, layout, "draw_header")
    draw_class(cls, bpy.context, layout)
    return layout


@pytest.fixture
def panel(chosen, monkeypatch):
    """panel(light, sentence, health, environment) -> what the Backend panel shows then."""

    def draw(
        light: Light = "off", sentence: str = "Not running", health: Any = None, found: Environment | None = FOUND
    ) -> Layout:
        monkeypatch.setattr(link, "status", lambda: Status(light, sentence, health))
        monkeypatch.setattr(link, "environment", lambda: found)
        return drawn("GARRICK_PT_backend", with_header=True)

    return draw


@pytest.mark.parametrize(
    ("light", "health", "found", "expected"),
    [
        ("off", None, None, [SET_UP]),
        ("off", None, FOUND, [START]),
        ("off", HEALTH, FOUND, [STOP]),  # it runs, but its workers do not
        ("starting", None, FOUND, [START]),  # grey: a task is under way
        ("ready", HEALTH, FOUND, [STOP]),
        ("ready", HEALTH, None, [STOP]),  # started elsewhere, good enough
        ("busy", HEALTH, FOUND, [STOP]),
        ("outdated", HEALTH | {"version": "0.0.9"}, FOUND, [STOP, SET_UP]),
        ("outdated", HEALTH | {"version": "9.1.0"}, FOUND, [STOP]),  # it is the add-on that has to be renewed
    ],
)
def test_each_state_offers_its_way_on(panel, light, health, found, expected):
    shown = panel(light, "As it says", health, found)
    assert "As it says" in shown.texts()
    assert shown.buttons() == expected


def test_who_has_nothing_yet_chooses_the_folder_on_the_spot(panel, chosen, tmp_path):
    shown = panel(found=None)
    assert "checkout" in shown.properties()
    assert "Choose Garrick's folder" in " ".join(shown.texts())  # why the button is grey
    (tmp_path / "bootstrap.py").touch()
    chosen.checkout = str(tmp_path)
    shown = panel(found=None)
    assert "checkout" not in shown.properties()
    assert "Allow Online Access" in " ".join(shown.texts())


def test_each_light_has_its_own_colour(panel):
    icons = set()
    for light in ("off", "starting", "ready", "busy", "outdated"):
        shown = panel(light)
        icons.add(next(entry.arguments["icon"] for entry in shown.drawn if entry.what == "label"))
    assert len(icons) == 5


def test_a_long_sentence_is_not_cut_off(panel):
    sentence = "Its worker does not come up: a worker could not be started: there is not enough memory on this machine"
    texts = panel("off", sentence, HEALTH).texts()
    assert " ".join(texts[:3]).startswith(sentence)
    assert all(len(text) <= 44 for text in texts[:3])


def test_what_is_under_way_shows_with_its_progress_and_a_way_to_stop_it(panel, monkeypatch):
    told = threading.Event()

    def work(handle: Handle) -> None:
        handle.progress("torch", 1, 4)
        told.set()
        handle.cancelled.wait(10)

    task = tasks.start(Task("Setting the backend up", work))
    monkeypatch.setattr(ops, "_last", task)
    told.wait(10)
    shown = panel("off", "Not set up yet", None, None)
    bar = next(entry for entry in shown.drawn if entry.what == "progress")
    assert bar.arguments["factor"] == 0.25
    assert bar.arguments["text"] == "Setting the backend up: torch"
    assert shown.buttons() == ["garrick.cancel_backend_task"]
    assert not bpy.ops.garrick.start_backend.poll()
    task.cancel()


def test_what_went_wrong_stays_with_its_fix(panel, monkeypatch):
    def fail(handle: Handle) -> None:
        raise ServiceError("start", "No backend was found.", "Set it up.")

    task = Task("Starting the backend", fail)
    with pytest.raises(ServiceError):
        tasks.run(task)
    monkeypatch.setattr(ops, "_last", task)
    shown = panel("off", "Not running")
    assert "No backend was found. Set it up." in shown.texts()
    assert shown.buttons() == [START]


def test_an_address_offers_the_preferences(panel, chosen):
    chosen.connection = "ADDRESS"
    assert panel("off", "Nobody answers").buttons() == ["garrick.open_preferences"]


def test_the_details_tell_what_the_service_tells(panel, monkeypatch):
    health = json.loads(json.dumps(HEALTH))
    health["models"] = {"voice": True, "nose": False}
    panel("busy", "One job at work", health)
    texts = drawn("GARRICK_PT_backend_details").texts()
    facts = dict(zip(texts[::2], texts[1::2], strict=False))
    assert facts["Models"] == "1 of 2"
    assert facts["Memory"] == "0.5 GB"
    assert facts["Free Disk"] == "50 GB"
    assert facts["Workers"] == "idle"


def test_the_details_of_a_service_that_tells_little_can_be_drawn(panel):
    panel("outdated", "Of another version", {"status": "ok", "version": "9.0"})
    texts = drawn("GARRICK_PT_backend_details").texts()
    assert "9.0" in texts


@pytest.mark.parametrize("connection", ["LOCAL", "ADDRESS"])
def test_the_preferences_can_be_drawn(panel, chosen, connection):
    panel()
    chosen.connection = connection
    layout = Layout()
    from blender_addon.preferences import GARRICK_AP_preferences

    class Page:
        def __init__(self) -> None:
            self.layout = layout

        def __getattr__(self, name: str) -> Any:
            return getattr(chosen, name)

        bl_rna = chosen.bl_rna

    GARRICK_AP_preferences.draw(Page(), bpy.context)
    expected = {"address", "token", "cafile"} if connection == "ADDRESS" else {"checkout", "python", "data"}
    assert expected <= set(layout.properties())
