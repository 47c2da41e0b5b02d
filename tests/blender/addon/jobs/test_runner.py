"""One job through the service: cancelled, resumed, failed, left alone by a service that dies."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import pytest

from blender_addon import tasks
from blender_addon.answers import ServiceError
from blender_addon.client import connect
from blender_addon.runner import Request, read_receipt, run_job

SETTINGS = {"size": [128, 128], "fps": "12"}
LONG = {"size": [256, 256], "fps": "60"}


@pytest.fixture
def asked(service, tmp_path):
    """asked(**changes) -> a Request of a small job."""

    def make(job=None, **changes):
        job = {"portrait": str(service.portrait), "audio": str(service.voice), **SETTINGS, **(job or {})}
        return Request(**{"job": job, "name": "small", "consent": True, "folder": tmp_path / "shot"} | changes)

    return make


def begin(client, request):
    """Run it in a thread, as the panel does."""
    return tasks.start(tasks.Task("job", lambda handle: run_job(client, request, handle)))


def end(task, seconds=120.0):
    until = time.monotonic() + seconds
    while task.state == "running":
        assert time.monotonic() < until, task.phase
        tasks.pump()
        time.sleep(0.02)


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_folder_holds_what_the_service_made(service, asked):
    client, heard = connect(service.data), []
    request = asked(wanted=lambda name: not name.endswith(".mp4"), accepted=heard.append)
    finished = tasks.run(tasks.Task("job", lambda handle: run_job(client, request, handle)))
    assert heard == [finished.id]
    assert finished.job["state"] == "done"
    for name, size in client.artifacts(finished.id).items():
        assert name.endswith(".mp4") or (finished.folder / name).stat().st_size == size
    assert not (finished.folder / "preview.mp4").exists()
    receipt = read_receipt(finished.folder)
    assert (receipt["id"], receipt["job"]) == (finished.id, request.job)


def test_a_face_needs_consent(service, asked, tmp_path):
    stranger = tmp_path / "stranger.png"
    stranger.write_bytes(_grey_png(65))  # nobody has agreed to this one
    client, job = connect(service.data), {"portrait": str(stranger)}
    with pytest.raises(ServiceError) as refused:
        tasks.run(tasks.Task("job", lambda handle: run_job(client, asked(job, consent=False), handle)))
    assert refused.value.kind == "consent"
    assert not (tmp_path / "shot").exists()


def test_a_bad_setting_says_which(service, asked):
    client = connect(service.data)
    with pytest.raises(ServiceError, match="expression"):
        tasks.run(tasks.Task("job", lambda handle: run_job(client, asked({"expression": 9}), handle)))


def test_a_job_that_fails_says_why(service, asked, tmp_path):
    nobody = tmp_path / "nobody.png"
    nobody.write_bytes(_grey_png(64))
    client = connect(service.data)
    with pytest.raises(ServiceError, match=r"(?i)face|portrait") as failed:
        tasks.run(tasks.Task("job", lambda handle: run_job(client, asked({"portrait": str(nobody)}), handle)))
    assert failed.value.kind == "job"


def test_a_file_that_cannot_be_read_is_called_by_its_own_name(service, asked, tmp_path):
    notes = tmp_path / "notes.wav"
    notes.write_text("This is not a sound.")
    client = connect(service.data)
    with pytest.raises(ServiceError) as failed:
        tasks.run(tasks.Task("job", lambda handle: run_job(client, asked({"audio": str(notes)}), handle)))
    assert failed.value.kind == "job"
    assert failed.value.user_message.startswith("notes.wav ")


def test_a_missing_file_is_named(service, asked, tmp_path):
    client = connect(service.data)
    with pytest.raises(ServiceError, match=r"gone\.wav"):
        tasks.run(
            tasks.Task("job", lambda handle: run_job(client, asked({"audio": str(tmp_path / "gone.wav")}), handle))
        )


def test_a_cancelled_job_stops_soon_keeps_its_frames_and_goes_on(service, asked, tmp_path):
    client, ids = connect(service.data), []
    task = begin(client, asked(LONG, accepted=ids.append))
    wait_for(lambda: task.phase == "frames" and task.done > 2)
    begun = time.monotonic()
    task.cancel()
    end(task)
    assert task.state == "cancelled"
    assert time.monotonic() - begun < 10
    assert client.job(ids[0])["state"] == "cancelled"
    kept = {path.name: path.read_bytes() for path in (tmp_path / "shot" / "frames").glob("*.png")}
    assert kept
    again = begin(client, asked(LONG, resume_id=ids[0]))
    end(again)
    assert again.state == "done", again.error
    report = json.loads((tmp_path / "shot" / "report.json").read_text())
    assert report["frames"]["kept"] >= len(kept)
    assert all((tmp_path / "shot" / "frames" / name).read_bytes() == data for name, data in kept.items())


def test_a_service_that_is_killed_goes_on_after_its_restart(start_service, asked, tmp_path):
    service = start_service(tmp_path / "mortal")
    client = connect(service.data)
    task = begin(client, asked(LONG))
    wait_for(lambda: task.phase == "frames" and task.done > 2)
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait(10)
    again = start_service(tmp_path / "mortal")
    try:
        end(task)
        assert task.state == "done", task.error
        assert any("goes on" in line for line in task.lines)
    finally:
        again.process.terminate()


def test_cancelling_without_a_service_ends_at_once(start_service, asked, tmp_path):
    service = start_service(tmp_path / "gone")
    client = connect(service.data)
    task = begin(client, asked(LONG))
    wait_for(lambda: task.phase == "frames")
    service.process.kill()
    service.process.wait(10)
    begun = time.monotonic()
    task.cancel()
    end(task)
    assert task.state == "cancelled"
    assert time.monotonic() - begun < 8
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("garrick: stop")]


def _grey_png(side: int) -> bytes:
    """A grey picture, without a library."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + b"\x80" * 3 * side for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_service_that_names_files_elsewhere_is_not_followed(service, asked, tmp_path, monkeypatch):
    client, request = connect(service.data), asked()
    monkeypatch.setattr(client, "artifacts", lambda id: {"../escaped.txt": 1})
    with pytest.raises(ServiceError, match="outside"):
        tasks.run(tasks.Task("job", lambda handle: run_job(client, request, handle)))
    assert not (tmp_path / "escaped.txt").exists()
