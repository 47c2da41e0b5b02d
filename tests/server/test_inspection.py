"""/v1/inspect: the faces of a portrait, looked at in a process of its own."""

from __future__ import annotations

import base64
import io
import shutil
import sys
import threading
import time

import numpy as np
import pytest
import skimage.data
from garrick.server.inspection import Inspector
from live_service import Running, run_service
from PIL import Image


def photo(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One for all that do it no harm."""
    with run_service(tmp_path_factory.mktemp("inspection")) as running:
        yield running


@pytest.fixture
def looks():
    """How often a process was started for a picture."""
    seen: list[str] = []
    before = Inspector._look

    async def counted(self, picture):
        seen.append(picture.parent.name + picture.name)
        return await before(self, picture)

    Inspector._look = counted
    yield seen
    Inspector._look = before


def inspect(service: Running, asset: str):
    return service.http.post("/v1/inspect", json={"portrait": asset}, timeout=90)


def test_a_portrait_is_looked_at_once_and_its_face_told(service, looks):
    """Three ask at the same time."""
    picture = skimage.data.astronaut()[:300, 60:380]
    asset, answers = service.upload(photo(picture)), []
    threads = [threading.Thread(target=lambda: answers.append(inspect(service, asset).json())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert len(answers) == 3
    assert answers[0] == answers[1] == answers[2]
    assert len(looks) == 1
    told = answers[0]
    (face,) = told["faces"]
    left, top, right, bottom = face["box"]
    assert 0 <= left < 224 - 60 < right <= 320  # where the nose is
    assert 0 <= top < 120 < bottom <= 300
    assert (told["size"], told["fault"], face["index"], face["fault"]) == ([320, 300], None, 0, None)
    width, height = told["preview"]["size"]
    pixels = np.frombuffer(base64.b64decode(told["preview"]["rgb"]), np.uint8).reshape(height, width, 3)
    small = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))
    assert np.abs(pixels.astype(int) - small).mean() < 3


def test_what_is_no_picture_is_refused_without_its_hash(service, looks):
    asset = service.upload(photo(skimage.data.astronaut())[:5000])
    for _ in range(2):
        answer = inspect(service, asset)
        assert answer.status_code == 422
        assert answer.json()["error"]["message"] == "The picture is damaged or cut short."
    assert len(looks) == 1


def test_what_was_not_uploaded_is_said(service):
    answer = service.http.post("/v1/inspect", json={"portrait": "sha256:" + 64 * "a"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (422, "asset")
    assert service.http.post("/v1/inspect", json={"portrait": "/etc/passwd"}).status_code == 422
    assert service.http.post("/v1/inspect", json={}, headers={"Authorization": "no"}).status_code == 401


def test_a_look_that_takes_too_long_is_ended(tmp_path):
    with run_service(tmp_path, inspect_s=0.05) as service:
        answer = inspect(service, service.upload(photo(skimage.data.astronaut())))
    assert (answer.status_code, answer.json()["error"]["kind"]) == (503, "slow")


def test_a_picture_that_kills_its_process_harms_nobody(service, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", shutil.which("false"))
        answer = inspect(service, service.upload(photo(skimage.data.brick())))
    assert (answer.status_code, answer.json()["error"]["kind"]) == (422, "input")
    assert service.http.get("/v1/health").json()["status"] == "ok"


def test_a_service_that_stops_does_not_wait_for_a_look(tmp_path):
    with run_service(tmp_path) as service:
        asset = service.upload(photo(skimage.data.astronaut()))
        with service.raw() as raw:
            body = ('{"portrait": "' + asset + '"}').encode()
            head = (
                f"POST /v1/inspect HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nAuthorization: Bearer {service.token}"
            )
            raw.sendall(
                f"{head}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )
            time.sleep(0.3)
            begun = time.monotonic()
            service.server.should_exit = True
            raw.recv(65536)
    assert time.monotonic() - begun < 15
