"""/v1/stream on a real service: the protocol, its limits, cuts, slow and hasty clients, and what is left afterwards."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from cutting_proxy import cutting
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.live_record import recorded
from garrick.errors import GarrickError
from garrick.motion.live_frames import ARM_JOINTS
from garrick.perception import analyse
from garrick.rendering import render
from garrick.speech.voices import speak
from garrick.streaming import Stream
from live_service import Running, eventually, run_service
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

CHUNK = 640  # samples, 40 ms


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with run_service(tmp_path_factory.mktemp("stream"), stream_resume_s=2, stream_message_bytes=100_000) as running:
        yield running


@pytest.fixture(scope="module")
def voice() -> bytes:
    """Two seconds, 16-bit, 16 kHz."""
    return (speak("My baby bumped a pump.", RunContext()).waveform[:32000] * 32767).astype("<i2").tobytes()


def opened(service: Running, port: int | None = None, **start: Any) -> Stream:
    return Stream(f"http://127.0.0.1:{port or service.port}", service.token, **start)


def chunks(voice: bytes) -> list[bytes]:
    return [voice[at : at + 2 * CHUNK] for at in range(0, len(voice), 2 * CHUNK)]


def frames(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame for message in messages if message["type"] == "motion" for frame in message["frames"]]


def played(service: Running, voice: bytes, port: int | None = None, cut: Any = None) -> list[dict[str, Any]]:
    """All messages of a voice that is fed at once; `cut` is called in the middle."""
    with opened(service, port) as stream:
        parts = chunks(voice)
        for index, part in enumerate(parts):
            if cut is not None and index == len(parts) // 2:
                cut()
            stream.feed(part)
        stream.end()
        return list(stream.messages())


def raw(service: Running) -> ClientConnection:
    headers = {"Authorization": f"Bearer {service.token}"}
    return connect(
        f"ws://127.0.0.1:{service.port}/v1/stream", additional_headers=headers, compression=None, close_timeout=1
    )


def processes() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # one that is just dying
            if "garrick.server.stream_process" in child.cmdline():
                found.append(child)
    return found


@pytest.fixture(scope="module")
def whole(live: Running, voice: bytes) -> list[dict[str, Any]]:
    """All messages of the voice when nothing is cut."""
    return played(live, voice)


def test_a_voice_gets_frames_with_times(whole: list[dict[str, Any]]) -> None:
    moved = frames(whole)
    assert [frame["frame"] for frame in moved] == list(range(50))
    assert [frame["time"] for frame in moved] == pytest.approx([frame / 25 for frame in range(50)])
    assert {len(frame["face"]) for frame in moved} == {52}
    assert {(len(frame["gaze"]), len(frame["head"]["rotation"])) for frame in moved} == {(2, 3)}
    assert {tuple(frame["body"]) for frame in moved} == {("spine1", "spine2", "spine3", *ARM_JOINTS)}
    assert {np.shape(frame[hand]) for frame in moved for hand in ("left_hand", "right_hand")} == {(15, 3)}
    assert max(frame["face"][17] for frame in moved) > 0.1  # jawOpen
    assert whole[-1] == {"type": "end", "id": whole[-1]["id"], "frames": 50, "duration": 2.0}


def test_a_cut_loses_and_doubles_nothing(live: Running, voice: bytes, whole: list[dict[str, Any]]) -> None:
    with cutting(live.port, [2**60, 30_000, 9_000]) as proxy:
        broken = played(live, voice, proxy.port, proxy.cut)
        assert proxy.connections >= 3
    assert frames(broken) == frames(whole)
    assert [message["id"] for message in broken] == list(range(len(broken)))


def test_a_text_gets_its_voice_and_pictures_are_marked(live: Running, sample_portrait: Path) -> None:
    portrait = live.upload(sample_portrait.read_bytes())
    with opened(live, portrait=portrait, consent=True, frames="jpeg", size=[128, 128], rate=24000) as stream:
        stream.say("Hello.")
        stream.end()
        messages = list(stream.messages())
    sound = next(message for message in messages if message["type"] == "sound")
    samples = np.frombuffer(base64.b64decode(sound["samples"]), "<i2")
    assert (sound["time"], sound["rate"]) == (0.0, 24000)
    assert len(samples) / 24000 == pytest.approx(messages[-1]["duration"])
    assert np.abs(samples).max() > 10_000
    pictures = [message for message in messages if message["type"] == "picture"]
    assert pictures
    assert messages[-1]["type"] == "end"
    picture = Image.open(io.BytesIO(pictures[0]["data"]))
    assert picture.size == (128, 128)
    assert b"compositeSynthetic" in pictures[0]["data"]


def picture_of(pixels: np.ndarray) -> bytes:
    """A PNG."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def test_pictures_are_the_frames_of_a_shot_of_the_take(live: Running, sample_portrait: Path, voice: bytes) -> None:
    size = (128, 128)
    wall = np.zeros((*size, 3), np.uint8)
    wall[..., 1] = np.linspace(60, 255, size[1], dtype=np.uint8)[:, None]
    photo, behind = live.upload(sample_portrait.read_bytes()), live.upload(picture_of(wall))
    shown: dict[str, Any] = {"portrait": photo, "consent": True, "frames": "webp", "size": size, "background": behind}
    with opened(live, gestures=0, head_motion=2, learned=0, **shown) as stream:
        for part in chunks(voice):
            stream.feed(part)
        stream.end()
        messages = list(stream.messages())
    take = recorded(frames(messages), Fraction(25))
    portrait = analyse.run(sample_portrait, size, None, RunContext())
    camera = CameraPath.still(portrait.camera, len(take), take.fps)
    stiff = replace(take, body_pose=np.zeros_like(take.body_pose))
    takes = [render.run(portrait, one, camera, RunContext(), background=wall) for one in (take, stiff)]
    seen = {m["frame"]: np.asarray(Image.open(io.BytesIO(m["data"]))) for m in messages if m["type"] == "picture"}
    away = np.array([[np.abs(seen[i].astype(int) - one.render(i).plate).mean() for one in takes] for i in sorted(seen)])
    assert away[:, 0].max() < 3.0  # of 255, by WebP
    assert np.diff(away[-8:]).min() > 1.0  # the last ones are always drawn, and by then the trunk has moved


def test_a_text_that_cannot_be_said_does_not_end_the_stream(live: Running, voice: bytes) -> None:
    with opened(live) as stream:
        stream.say("日本語")
        stream.feed(voice[:3200])
        stream.flush()
        stream.end()
        messages = list(stream.messages())
    assert [message["type"] for message in messages] == ["error", "motion", "end"]
    assert "garrick voices" in messages[0]["fix"]


def test_a_gesture_and_an_emotion_that_are_asked_for_come_at_once(live: Running) -> None:
    calm = bytes(32000)  # a second
    with opened(live, learned=0) as stream:
        assert {"wave", "thumb_up"} <= set(stream.gestures)
        assert {"happy", "neutral"} <= set(stream.emotions)
        stream.feed(calm)
        stream.gesture("wave")
        stream.feel("happy", 1.0)
        for _ in range(4):
            stream.feed(calm)
        stream.end()
        messages = list(stream.messages())
    moved = frames(messages)
    assert [frame["frame"] for frame in moved] == list(range(125))
    elbows = np.array([[frame["body"][f"{side}_elbow"] for side in ("left", "right")] for frame in moved])
    away = np.linalg.norm(elbows - elbows[:20].mean(axis=0), axis=-1).max(axis=1)
    assert away[:20].max() < 0.1
    assert away[20:50].max() > 0.5  # within a second
    smile = np.array([frame["face"][ARKIT_INDEX["mouthSmileLeft"]] for frame in moved])
    assert smile[:20].max() < 0.05
    assert smile[40:].min() > 0.5
    assert not [message for message in messages if message["type"] == "error"]


@pytest.mark.parametrize("gestures", [1.0, 0.0])
def test_what_cannot_be_done_is_told_and_the_stream_goes_on(live: Running, gestures: float) -> None:
    with opened(live, gestures=gestures, learned=0) as stream:
        stream.gesture("moonwalk" if gestures else "wave")
        stream.feel("hungry")
        stream.feel("happy", 2.0)
        stream.feed(bytes(32000))
        stream.end()
        messages = list(stream.messages())
    told = [message for message in messages if message["type"] == "error"]
    assert [message["kind"] for message in told] == ["input"] * 3
    assert ("moonwalk" if gestures else "arms") in told[0]["message"]
    assert "wave" in told[0]["fix"] or not gestures
    assert "happy" in told[1]["fix"]
    assert messages[-1] == {"type": "end", "id": messages[-1]["id"], "frames": 25, "duration": 1.0}


@pytest.mark.parametrize(
    "message",
    [{"type": "gesture"}, {"type": "gesture", "gesture": 3}, {"type": "flush", "strength": 0.5}, {"type": "dance"}],
)
def test_a_message_of_another_form_ends_the_stream(live: Running, message: dict[str, Any]) -> None:
    with raw(live) as socket:
        socket.send(json.dumps({"type": "start"}))
        assert json.loads(socket.recv(30))["type"] == "ready"
        socket.send(json.dumps({"input": 0, **message}))
        assert json.loads(socket.recv(10))["kind"] == "input"


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ({"rate": 44000}, "44000"),
        ({"fps": "200"}, "60"),
        ({"frames": "jpeg"}, "portrait"),
        ({"portrait": "sha256:" + "0" * 64}, "Not uploaded"),
        ({"background": "sha256:" + "0" * 64}, "pictures only"),
        (
            {"portrait": "sha256:" + "0" * 64, "background": "sha256:" + "1" * 64, "frames": "jpeg"},
            "portrait, background",
        ),
        ({"background": "wall.png", "frames": "jpeg"}, "background"),
        ({"portrait": "/etc/passwd"}, "portrait"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_start_is_refused_in_words(live: Running, start: dict[str, Any], told: str) -> None:
    with pytest.raises(GarrickError, match=told):
        opened(live, **start)


def test_a_face_needs_consent(live: Running) -> None:
    portrait = live.upload(b"a face that nobody has agreed to")
    with pytest.raises(GarrickError, match="face may be used"):
        opened(live, portrait=portrait)


def test_a_picture_that_is_none_is_refused(live: Running) -> None:
    portrait = live.upload(b"this is no picture")
    with pytest.raises(GarrickError, match=r"^The portrait is not an image"):
        opened(live, portrait=portrait, consent=True)


def test_a_background_that_is_too_small_is_refused(live: Running, sample_portrait: Path) -> None:
    portrait = live.upload(sample_portrait.read_bytes())
    small = live.upload(picture_of(np.zeros((100, 100, 3), np.uint8)))
    with pytest.raises(GarrickError, match=r"^The background is 100 x 100 pixels, too small for frames of 512 x 512"):
        opened(live, portrait=portrait, consent=True, frames="jpeg", background=small)


@pytest.mark.parametrize(
    "message",
    ["{}", "[" * 100_000, '{"type": "resume", "session": "nobody\'s", "id": 3}', "\x00"],
    ids=["empty", "deep", "unknown session", "nothing"],
)
def test_a_first_message_that_is_none_closes(live: Running, message: str) -> None:
    with raw(live) as socket:
        socket.send(message[:90_000])
        assert json.loads(socket.recv(10))["type"] == "error"


def test_a_gap_in_the_inputs_ends_the_stream(live: Running, voice: bytes) -> None:
    with raw(live) as socket:
        socket.send(json.dumps({"type": "start"}))
        assert json.loads(socket.recv(30))["type"] == "ready"
        socket.send(struct.pack(">I", 5) + voice[:640])
        assert json.loads(socket.recv(10))["kind"] == "order"
    eventually(lambda: not processes())


def test_only_so_many_at_once_and_a_lost_one_expires(live: Running) -> None:
    with opened(live), opened(live):
        assert len(processes()) == 2
        with pytest.raises(GarrickError, match="open already"):
            opened(live)
    eventually(lambda: not processes())  # they left without a word: kept for stream_resume_s


def test_who_takes_a_stream_over_keeps_it(live: Running) -> None:
    with raw(live) as first, raw(live) as second:
        first.send(json.dumps({"type": "start"}))
        session = json.loads(first.recv(30))["session"]
        second.send(json.dumps({"type": "resume", "session": session, "id": -1}))
        assert json.loads(second.recv(10))["session"] == session
        with pytest.raises(ConnectionClosed):
            first.recv(10)
        (taken,) = processes()
        with raw(live) as left:
            left.send(json.dumps({"type": "start"}))
            assert json.loads(left.recv(30))["type"] == "ready"
        eventually(lambda: processes() == [taken])  # one that was left later has expired
        second.send(json.dumps({"type": "end", "input": 0}))
        assert json.loads(second.recv(10))["type"] == "taken"


def test_a_stream_whose_return_is_refused_expires_all_the_same(live: Running) -> None:
    with raw(live) as first:
        first.send(json.dumps({"type": "start"}))
        session = json.loads(first.recv(30))["session"]
    with raw(live) as second:
        second.send(json.dumps({"type": "resume", "session": session, "id": 7}))
        assert json.loads(second.recv(10))["kind"] == "order"
    eventually(lambda: not processes())


def test_a_process_that_dies_is_told(live: Running, voice: bytes) -> None:
    with opened(live) as stream:
        processes()[0].kill()
        with pytest.raises(GarrickError, match="died"):
            list(stream.messages(20))


def test_a_hasty_client_is_slowed_and_the_service_stays_quick(live: Running, voice: bytes) -> None:
    with raw(live) as socket:
        socket.send(json.dumps({"type": "start"}))
        socket.recv(30)
        for number in range(40):  # 40 s of sound
            socket.send(struct.pack(">I", number) + voice[:32000])
        before = time.monotonic()
        assert live.http.get("/v1/health").status_code == 200
        assert time.monotonic() - before < 5
        taken = -1
        while (message := json.loads(socket.recv(20)))["type"] != "motion":
            taken = message["input"]
        assert taken < 39


def test_silence_has_a_limit(tmp_path: Path) -> None:
    with (
        run_service(tmp_path, stream_idle_s=1) as service,
        opened(service) as stream,
        pytest.raises(GarrickError, match="Nothing came"),
    ):
        list(stream.messages(20))


def test_length_has_a_limit(tmp_path: Path, voice: bytes) -> None:
    def play(stream: Stream) -> None:
        for _ in range(100):
            stream.feed(voice[:640])
            list(stream.messages(0.2))

    with (
        run_service(tmp_path, stream_seconds=6) as service,
        opened(service) as stream,
        pytest.raises(GarrickError, match="may last"),
    ):
        play(stream)


def test_what_is_wrong_with_a_message_is_said_in_sentences(live: Running) -> None:
    with raw(live) as socket:
        socket.send(json.dumps({"type": "start", "siz": 3, "fsp": 4}))
        refused = json.loads(socket.recv(10))
    assert refused["message"] == "siz: there is no such field. fsp: there is no such field."


def test_nothing_is_left_when_the_service_stops(tmp_path: Path) -> None:
    with run_service(tmp_path) as service:
        opened(service).close()
        assert processes()
    assert not processes()
