"""/v1/stream that sees: pictures over loopback become motion; pictures that are none, and cameras that are not there."""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cutting_proxy import cutting
from garrick.errors import GarrickError, InputError
from garrick.outputs.video import Segment
from garrick.server.stream_camera import decoded, timed
from garrick.streaming import Stream
from live_service import Running, run_service
from PIL import Image
from websockets.sync.client import connect

SIDE = 320
STEP = 0.14  # seconds: twelve pictures are a calibration


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with run_service(tmp_path_factory.mktemp("camera"), stream_resume_s=2) as running:
        yield running


@pytest.fixture(scope="module")
def sitter(sample_portrait: Path) -> np.ndarray:
    """(320, 320, 3) of a face."""
    return np.asarray(Image.open(sample_portrait).convert("RGB").resize((SIDE, SIDE)))


def opened(service: Running, port: int | None = None, **start: Any) -> Stream:
    return Stream(f"http://127.0.0.1:{port or service.port}", service.token, **start)


def jpeg(picture: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=90)
    return data.getvalue()


def motion(stream: Stream, timeout: float = 30) -> dict[str, Any]:
    """The next message of motion."""
    return next(message for message in stream.messages(timeout) if message["type"] == "motion")


def test_a_face_is_calibrated_followed_and_calibrated_again(live: Running, sitter: np.ndarray) -> None:
    with opened(live, camera="frames", fps="10") as stream:
        said = []
        for index in range(22):
            shift = max(0, index - 12)  # to the right of the picture, which is the subject's left
            assert stream.show(index * STEP, jpeg(np.roll(sitter, 2 * shift, axis=1))) is not None
            said.append(motion(stream))
        stream.show(21 * STEP + 0.001, jpeg(sitter))  # too soon: left out
        stream.show(22 * STEP, b"this is no picture")
        assert "no whole JPEG" in next(iter(stream.messages(30)))["message"]
        stream.say("Hello.")  # told at most once a second
        stream.calibrate()
        stream.show(23 * STEP, jpeg(sitter))
        again = motion(stream)
        stream.end()
        last = list(stream.messages())[-1]
    frames = [frame for message in said for frame in message["frames"]]
    assert [frame["frame"] for frame in frames] == list(range(len(frames)))
    assert len(frames) == math.floor(21 * STEP * 10 + 1e-6) + 1
    states = [frame["state"] for frame in frames]
    start = states.index("tracking")
    assert frames[start]["time"] == pytest.approx(1.5, abs=0.11)
    assert (set(states[:start]), set(states[start:])) == ({"calibrating"}, {"tracking"})
    assert frames[5]["confidence"] == 0
    assert frames[-1]["confidence"] > 0.5
    assert np.abs(frames[5]["face"]).max() == 0
    assert frames[-1]["head"]["translation"][0] > 0.01
    assert (said[-1]["camera"]["size"], said[-1]["camera"]["left_out"]) == ([SIDE, SIDE], 0)
    assert said[-1]["camera"]["fps"] > 0
    assert (again["frames"][-1]["state"], again["camera"]["left_out"]) == ("calibrating", 1)
    assert (last["type"], last["frames"]) == ("end", again["frames"][-1]["frame"] + 1)


def test_a_portrait_is_moved_and_a_cut_loses_nothing(live: Running, sitter: np.ndarray, sample_portrait: Path) -> None:
    portrait = live.upload(sample_portrait.read_bytes())
    wanted = {"portrait": portrait, "consent": True, "frames": "jpeg", "size": [128, 128], "camera": "frames"}
    with cutting(live.port, [2**60]) as proxy, opened(live, proxy.port, **wanted) as stream:
        messages = []
        for index in range(3):
            stream.show(index * STEP, jpeg(sitter))
            if index == 1:
                stream.cut()
            while (
                not messages
                or messages[-1]["type"] != "motion"
                or messages[-1]["frames"][-1]["time"] < index * STEP - 0.04
            ):
                messages.append(next(iter(stream.messages(30))))
        stream.end()
        messages += stream.messages()
        assert stream.reconnects == 1
    frames = [frame for message in messages if message["type"] == "motion" for frame in message["frames"]]
    assert [frame["frame"] for frame in frames] == list(range(len(frames)))
    assert [message["id"] for message in messages if "id" in message] == list(range(messages[-1]["id"] + 1))
    pictures = [message for message in messages if message["type"] == "picture"]
    assert Image.open(io.BytesIO(pictures[0]["data"])).size == (128, 128)


@pytest.mark.parametrize(
    ("seconds", "part", "told"),
    [
        (math.nan, slice(None), "time is no number"),
        (math.inf, slice(None), "time is no number"),
        (0.0, slice(0), "nothing behind it"),
        (0.0, slice(0, -200), "no whole JPEG"),
        (0.0, slice(100, None), "no whole JPEG"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(sitter: np.ndarray, seconds: float, part: slice, told: str) -> None:
    with pytest.raises(InputError, match=told):
        decoded(timed(struct.pack(">d", seconds) + jpeg(sitter)[part])[1])


def test_pictures_are_no_larger_than_they_may_be() -> None:
    for shape in ((40, 400), (100, 3000)):
        with pytest.raises(InputError, match=f"{shape[1]} x {shape[0]}"):
            decoded(jpeg(np.zeros((*shape, 3), np.uint8)))
    with pytest.raises(InputError, match="larger than 2 MB"):
        timed(bytes(2_000_009))
    png = io.BytesIO()
    Image.new("RGB", (200, 200)).save(png, "PNG")
    with pytest.raises(InputError, match="JPEG"):
        decoded(png.getvalue())


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ({"camera": 64}, "camera"),
        ({"camera": -1}, "camera"),
        ({"camera": True}, "camera"),
        ({"camera": "/dev/video0"}, "camera"),
        ({"camera": "http://example.org/"}, "camera"),
        ({"camera": "frames", "rate": 16000}, "no rate"),
        ({"camera": 63}, "cannot be opened"),
    ],
)
def test_what_is_no_camera_is_refused_in_words(live: Running, start: dict[str, Any], told: str) -> None:
    with pytest.raises(GarrickError, match=told):
        opened(live, **start)


def test_a_camera_of_the_service_takes_no_pictures_and_ends_by_itself(
    live: Running, sitter: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = Segment((SIDE, SIDE), Fraction(25))
    for _ in range(10):
        film.add(np.ascontiguousarray(sitter))
    (tmp_path / "film.mp4").write_bytes(film.finish())
    monkeypatch.setenv("GARRICK_CAMERA", str(tmp_path / "film.mp4"))
    with opened(live, camera=0) as stream:
        messages = list(stream.messages())
        assert stream.over
    assert messages[-1]["type"] == "end"
    assert messages[-1]["frames"] == sum(len(message["frames"]) for message in messages[:-1]) == 10
    headers = {"Authorization": f"Bearer {live.token}"}
    with connect(f"ws://127.0.0.1:{live.port}/v1/stream", additional_headers=headers, compression=None) as socket:
        socket.send(json.dumps({"type": "start", "camera": 0}))
        assert json.loads(socket.recv(60))["type"] == "ready"
        socket.send(struct.pack(">Id", 0, 0.0) + jpeg(sitter))
        while (answer := json.loads(socket.recv(60)))["type"] != "error":
            pass
        assert "no binary messages" in answer["message"]


def test_a_service_for_other_machines_opens_no_camera(tmp_path: Path) -> None:
    with (
        run_service(tmp_path, host="0.0.0.0", insecure_network=True) as service,
        pytest.raises(GarrickError, match="opens none of its cameras"),
    ):
        opened(service, camera=0)
