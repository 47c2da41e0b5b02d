"""The rig driven and recorded from a real service's stream."""

from __future__ import annotations

import shutil
import sys
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon import tasks, version_adapter
from blender_addon.core.arkit import ARKIT_NAMES
from blender_addon.core.performance import Performance
from blender_addon.live import ops, show, sources
from blender_addon.shot_import.props import shots_of
from blender_addon.version_adapter import curves_in_use


@pytest.fixture
def shot(addon, service, tiny_shot, monkeypatch) -> bpy.types.Collection:
    """An imported shot, with the service found."""
    monkeypatch.setenv("GARRICK_DATA", str(service.data))
    assert bpy.ops.garrick.import_shot(filepath=str(tiny_shot())) == {"FINISHED"}
    return shots_of(bpy.context.scene)[0]


def _tracks(block: bpy.types.ID) -> list[str]:
    return [track.name for track in block.animation_data.nla_tracks]


def test_a_file_is_recorded_on_a_track_of_its_own(shot, service):
    shapes = shot.garrick.head.data.shape_keys
    before = _tracks(shapes)
    assert bpy.ops.garrick.live_start(source="FILE", filepath=str(service.voice), record=True) == {"FINISHED"}
    assert _tracks(shapes) == [*before, "Live"]
    strip = shapes.animation_data.nla_tracks[-1].strips[0]
    assert strip.frame_start == pytest.approx(1)
    assert strip.frame_end - strip.frame_start == pytest.approx(1.2 * 25 - 1, abs=1.01)
    jaw = [curve for curve in curves_in_use(shapes) if "jawOpen" in curve.data_path][-1]
    values = np.array([point.co[1] for point in jaw.keyframe_points])
    assert values.max() > 0.05
    bpy.context.scene.frame_set(int(jaw.keyframe_points[int(values.argmax())].co[0]))
    graph = bpy.context.evaluated_depsgraph_get()
    assert shapes.evaluated_get(graph).key_blocks["jawOpen"].value == pytest.approx(values.max(), abs=1e-5)
    assert _tracks(shot.garrick.armature)[-1] == "Live"


def test_nothing_is_recorded_when_it_is_not_asked_for(shot, service):
    before = _tracks(shot.garrick.head.data.shape_keys)
    assert bpy.ops.garrick.live_start(source="FILE", filepath=str(service.voice), record=False) == {"FINISHED"}
    assert _tracks(shot.garrick.head.data.shape_keys) == before


def test_in_a_window_the_rig_follows_what_is_heard(shot, service, monkeypatch):
    """The timers of a window, called by hand: in background they never fire."""
    monkeypatch.setattr(bpy.app.timers, "register", lambda *_, **__: None)
    operator = bpy.ops.garrick.live_start.get_rna_type()
    assert operator.properties["record"].default
    live = ops.make(bpy.context, "FILE", str(service.voice), record=False, paced=True)
    show.begin(live)
    seen, end = set(), time.monotonic() + 60
    while time.monotonic() < end and live.show() is not None:
        tasks.pump()
        seen.add(round(shot.garrick.head.data.shape_keys.key_blocks["jawOpen"].value, 4))
        time.sleep(0.01)
    assert live.task.state == "done"
    assert len(seen) > 5
    assert not show.running()


@pytest.fixture
def speaking(shot, service, monkeypatch, tmp_path) -> Iterator[show.Live]:
    """Somebody who says the sample again and again into a microphone, recorded; in a window, its timers called by hand."""
    script = tmp_path / "recorder.py"
    script.write_text(
        "import sys, time, wave\n"
        f"data = wave.open({str(service.voice)!r}).readframes(10**6)\n"
        "while True:\n"
        "    for at in range(0, len(data), 640):\n"
        "        sys.stdout.buffer.write(data[at:at + 640]); sys.stdout.flush(); time.sleep(0.02)\n"
    )
    monkeypatch.setattr(sources, "recorder", lambda: [sys.executable, str(script)])
    monkeypatch.setattr(bpy.app.timers, "register", lambda *_, **__: None)
    live = ops.make(bpy.context, "MICROPHONE", "", record=True, paced=True)
    show.begin(live)
    _until(lambda: len(live.session.frames) >= 20)
    yield live
    if live.running:
        _stopped(live)


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def _stopped(live: show.Live) -> None:
    end = time.monotonic() + 60
    assert bpy.ops.garrick.live_stop() == {"FINISHED"}
    while show.running():
        assert time.monotonic() < end
        tasks.pump()
        time.sleep(0.02)
    assert live.task.state == "done", live.task.error
    assert live.trouble == ""


def test_a_microphone_is_heard_until_it_is_stopped(shot, speaking):
    _stopped(speaking)
    assert _tracks(shot.garrick.head.data.shape_keys)[-1] == "Live"


def test_a_take_is_kept_with_what_was_heard(shot, speaking):
    scene = bpy.context.scene
    old = [strip for strip in version_adapter.sequencer_strips(scene) if strip.type == "SOUND"]
    _stopped(speaking)
    folder = Path(bpy.path.abspath(shot.garrick.folder)) / "live"
    assert sorted(path.name for path in folder.iterdir()) == ["take_001.npz", "take_001.wav"]
    take = Performance.load(folder / "take_001.npz")
    with wave.open(str(folder / "take_001.wav")) as sound:
        assert sound.getframerate() == 16000
        assert len(take) == pytest.approx(25 * sound.getnframes() / 16000, abs=1)
    assert take.audio is not None
    assert take.audio.name == "take_001.wav"
    assert np.abs(np.diff(take.face, axis=0)).max() > 0.01
    strips = [strip for strip in version_adapter.sequencer_strips(scene) if strip.type == "SOUND"]
    made = ["take_001"] if version_adapter.has_sound() else []
    assert [strip.name for strip in strips if not strip.mute] == made
    assert len(strips) == len(old) + len(made)


def test_a_gesture_and_an_emotion_are_asked_for_while_a_voice_is_heard(shot, speaking):
    session = speaking.session
    assert bpy.ops.garrick.live_gesture(name="thumb_up") == {"FINISHED"}
    assert bpy.ops.garrick.live_emotion(name="happy") == {"FINISHED"}
    asked, smile = len(session.frames), ARKIT_NAMES.index("mouthSmileLeft")
    calm = session.frames[asked - 1]

    def closed() -> float:
        """Radians by which a joint of a hand has turned."""
        last = session.frames[-1]
        return max(np.abs(np.subtract(last[hand], calm[hand])).max() for hand in ("left_hand", "right_hand"))

    assert calm["face"][smile] < 0.3
    _until(lambda: closed() > 0.8)  # fingers that close around a thumb
    _until(lambda: session.frames[-1]["face"][smile] > 0.3)
    assert bpy.ops.garrick.live_gesture(name="moonwalk") == {"FINISHED"}
    _until(lambda: "moonwalk" in session.notice)
    assert "wave" in session.notice
    assert speaking.running
    assert speaking.trouble == ""


def test_without_a_voice_nothing_can_be_asked_for(addon):
    assert not bpy.ops.garrick.live_gesture.poll()
    assert not bpy.ops.garrick.live_emotion.poll()


def test_what_is_no_sound_is_told(shot, tmp_path):
    (tmp_path / "no.wav").write_bytes(b"this is no sound")
    with pytest.raises(RuntimeError, match="sound"):
        bpy.ops.garrick.live_start(source="FILE", filepath=str(tmp_path / "no.wav"))
    with pytest.raises(RuntimeError, match="no file"):
        bpy.ops.garrick.live_start(source="FILE", filepath=str(tmp_path / "missing.wav"))


def test_a_shot_whose_folder_has_gone_is_told(shot, service):
    shutil.rmtree(Path(bpy.path.abspath(shot.garrick.folder)))
    with pytest.raises(RuntimeError, match="shot"):
        bpy.ops.garrick.live_start(source="FILE", filepath=str(service.voice))


def test_without_a_shot_there_is_nothing_to_drive(addon):
    assert not bpy.ops.garrick.live_start.poll()
    assert not bpy.ops.garrick.live_stop.poll()
