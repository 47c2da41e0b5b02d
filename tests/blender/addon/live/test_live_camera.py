"""The rig driven and recorded from a camera, for which a film stands in."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from recording_layout import draw_panels

from blender_addon import tasks
from blender_addon.live import ops, show
from blender_addon.live.session import seen
from blender_addon.shot_import.props import shots_of

PORTRAIT = Path(__file__).resolve().parents[4] / "assets" / "sample" / "portrait.png"
FRAMES = 120  # at 12 a second: long enough for a busy machine to learn the calm face and then to follow
FILM = """
import sys
from fractions import Fraction
import numpy as np
from PIL import Image
from garrick.outputs.video import Segment
photo = np.asarray(Image.open(sys.argv[1]).convert("RGB").resize((240, 240)))
film = Segment((240, 240), Fraction(12))
for frame in range(int(sys.argv[3])):
    film.add(np.ascontiguousarray(np.roll(photo, max(0, frame - 22) // 4, axis=1)))
open(sys.argv[2], "wb").write(film.finish())
"""


@pytest.fixture(scope="module")
def watching(start_service, in_backend, tmp_path_factory):
    """A service whose camera 0 is a film of the sample portrait that goes to the right."""
    film = tmp_path_factory.mktemp("film") / "film.mp4"
    in_backend(FILM, PORTRAIT, film, FRAMES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GARRICK_CAMERA", str(film))
        return start_service()


@pytest.fixture
def shot(addon, watching, tiny_shot, monkeypatch) -> bpy.types.Collection:
    """An imported shot, with the service found."""
    monkeypatch.setenv("GARRICK_DATA", str(watching.data))
    assert bpy.ops.garrick.import_shot(filepath=str(tiny_shot())) == {"FINISHED"}
    return shots_of(bpy.context.scene)[0]


def test_a_face_is_recorded_on_a_track_of_its_own(shot):
    shapes, armature = shot.garrick.head.data.shape_keys, shot.garrick.armature
    assert bpy.ops.garrick.live_start(source="CAMERA", record=True) == {"FINISHED"}
    for block in (shapes, armature):
        strip = block.animation_data.nla_tracks[-1].strips[0]
        assert block.animation_data.nla_tracks[-1].name == "Live"
        assert strip.frame_start == pytest.approx(1)
        assert strip.frame_end > 2  # calibration is not in it
        assert strip.frame_end < FRAMES / 12 * 25 - 20


def test_in_a_window_the_panel_says_what_is_seen(shot, monkeypatch):
    monkeypatch.setattr(bpy.app.timers, "register", lambda *_, **__: None)
    before = draw_panels(bpy.context)["GARRICK_PT_live"]
    assert "From a Camera" in before.texts()
    assert not bpy.ops.garrick.live_calibrate.poll()
    live = ops.make(bpy.context, "CAMERA", "", record=False, paced=True)
    show.begin(live)
    drawn, end = set(draw_panels(bpy.context)["GARRICK_PT_live"].texts()), time.monotonic() + 90
    root = shot.garrick.armature.pose.bones["root"]
    assert bpy.ops.garrick.live_calibrate.poll()
    while time.monotonic() < end and live.show() is not None:
        tasks.pump()
        drawn.update(draw_panels(bpy.context)["GARRICK_PT_live"].texts())
        if np.abs(root.location).max() > 0.002 and show.running():
            bpy.ops.garrick.live_stop()
        time.sleep(0.02)
    assert live.task.state == "done", live.task.error
    assert {"Opening the camera ...", "Following the face"} <= drawn
    assert any(text.startswith("Confidence") for text in drawn)
    assert np.abs(root.location).max() > 0.002


def test_a_calibration_can_be_asked_for(shot, monkeypatch):
    monkeypatch.setattr(bpy.app.timers, "register", lambda *_, **__: None)
    live = ops.make(bpy.context, "CAMERA", "", record=False, paced=True)
    asked = []
    monkeypatch.setattr("blender_addon.core.live_stream.LiveStream.calibrate", lambda stream: asked.append(stream))
    show.begin(live)
    assert bpy.ops.garrick.live_calibrate() == {"FINISHED"}
    end = time.monotonic() + 60
    while not asked and time.monotonic() < end:
        time.sleep(0.02)
    assert asked
    assert bpy.ops.garrick.live_stop() == {"FINISHED"}
    while show.running() and time.monotonic() < end:
        tasks.pump()
        time.sleep(0.02)
    assert live.task.state == "done", live.task.error


def test_a_camera_that_is_not_there_is_told(shot):
    bpy.context.scene.garrick_live.camera = 63
    with pytest.raises(RuntimeError, match="Camera 63 cannot be opened"):
        bpy.ops.garrick.live_start(source="CAMERA")


def test_a_take_begins_where_somebody_is_seen():
    frames = [{"state": state} for state in ("calibrating", "calibrating", "tracking", "away")]
    assert seen(frames) == frames[2:]
    assert seen([{}, {}]) == [{}, {}]  # of a voice
    with pytest.raises(ValueError, match="no face"):
        seen(frames[:2])
