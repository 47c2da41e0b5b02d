"""One contract for both clients: the package's and the add-on's."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import garrick.client
import pytest
from cutting_proxy import cutting
from garrick.errors import GarrickError
from garrick.server.records import JobState, Progress
from garrick.server.runtime import Runtime, write_runtime
from live_service import Running, run_service

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from blender_addon.build import copy_core

copy_core()

import blender_addon.client  # noqa: E402

CLIENTS = [garrick.client, blender_addon.client]
both = pytest.mark.parametrize("library", CLIENTS, ids=["package", "add-on"])


def client_of(library: ModuleType, service: Running, port: int | None = None) -> Any:
    return library.Client(f"http://127.0.0.1:{port or service.port}", service.token)


def refusal(library: ModuleType, call: Any) -> tuple[str, int]:
    """Kind and status of what a call is refused with; the sentence is one."""
    with pytest.raises((GarrickError, blender_addon.client.ServiceError)) as caught:
        call()
    error: Any = caught.value
    assert error.user_message
    assert isinstance(
        error, garrick.client.RefusedError if library is garrick.client else blender_addon.client.ServiceError
    )
    return error.kind, error.status


def submitted(client: Any, tmp_path: Path, **more: Any) -> dict[str, Any]:
    picture = tmp_path / "portrait.png"
    picture.write_bytes(b"portrait")
    return client.submit({"portrait": client.upload(picture), "text": "Hello."}, consent=True, **more)


@both
def test_a_job_from_upload_to_deletion(library: ModuleType, service: Running, tmp_path: Path) -> None:
    client = client_of(library, service)
    assert client.health()["status"] == "ok"
    assert client.schema()["fields"]
    job = submitted(client, tmp_path, name="take 1", priority=5, key="one")
    assert submitted(client, tmp_path, name="take 1", priority=5, key="one")["id"] == job["id"]
    assert (job["state"], job["name"], job["priority"]) == ("queued", "take 1", 5)
    assert [found["id"] for found in client.jobs(state="queued")] == [job["id"]]
    assert client.jobs(before=job["id"]) == []
    assert client.cancel(job["id"])["state"] == "cancelled"
    assert client.wait(job["id"])["state"] == "cancelled"
    assert client.resume(job["id"])["state"] == "queued"
    service.store.finish(service.claim(), JobState.DONE, result={"warnings": []})
    kinds = [(event.kind, event.data.get("state")) for event in client.events(job["id"])]
    assert [state for _, state in kinds] == ["queued", "cancelled", "queued", "running", "done"]
    assert client.artifacts(job["id"]) == {}
    client.delete(job["id"])
    assert refusal(library, lambda: client.job(job["id"])) == ("not_found", 404)


@both
def test_each_submit_without_a_key_is_a_job_of_its_own(library: ModuleType, service: Running, tmp_path: Path) -> None:
    client = client_of(library, service)
    assert submitted(client, tmp_path)["id"] != submitted(client, tmp_path)["id"]


@both
def test_refusals_have_a_kind_and_a_sentence(library: ModuleType, service: Running, tmp_path: Path) -> None:
    client = client_of(library, service)
    picture = tmp_path / "stranger.png"
    picture.write_bytes(b"stranger")
    job = {"portrait": client.upload(picture), "text": "Hello."}
    assert refusal(library, lambda: client.submit(job)) == ("consent", 403)
    assert refusal(library, lambda: client.submit({**job, "expression": 9}))[1] == 422
    assert refusal(library, lambda: next(iter(client.events("a" * 20)))) == ("not_found", 404)
    stranger = library.Client(f"http://127.0.0.1:{service.port}", "wrong")
    assert refusal(library, stranger.jobs) == ("token", 401)


@both
def test_nobody_there_is_said_in_words(library: ModuleType, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for call in (
        library.Client(f"http://127.0.0.1:{port}", "token").jobs,
        lambda: library.connect(tmp_path),
    ):
        with pytest.raises((GarrickError, blender_addon.client.ServiceError), match="garrick serve"):
            call()


@both
def test_an_upload_goes_on_where_it_was_cut(library: ModuleType, service: Running, tmp_path: Path) -> None:
    file = tmp_path / "voice.wav"
    file.write_bytes(os.urandom(3_000_000))
    # look, send and be cut, three times; then the rest
    with cutting(service.port, [10_000, 1_000_000, 10_000, 1_000_000, 10_000, 500_000]) as proxy:
        name = client_of(library, service, proxy.port).upload(file)
        assert proxy.connections > 3
    digest = name.removeprefix("sha256:")
    stored = service.settings.assets / digest[:2] / digest[2:]
    assert stored.read_bytes() == file.read_bytes()


@both
def test_what_came_whole_to_a_service_that_died_then_is_sent_again(
    library: ModuleType, service: Running, tmp_path: Path
) -> None:
    file = tmp_path / "voice.wav"
    file.write_bytes(os.urandom(100_000))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    (service.settings.assets / "partial" / digest).write_bytes(file.read_bytes())
    assert client_of(library, service).upload(file) == f"sha256:{digest}"
    assert (service.settings.assets / digest[:2] / digest[2:]).read_bytes() == file.read_bytes()


@both
def test_a_download_goes_on_where_it_was_cut(library: ModuleType, service: Running, tmp_path: Path) -> None:
    job = service.submit()
    film = os.urandom(3_000_000)
    folder = service.settings.jobs / job["id"]
    folder.mkdir(parents=True)
    (folder / "preview.mp4").write_bytes(film)
    with cutting(service.port, [1_000_000, 1_500_000]) as proxy:
        client = client_of(library, service, proxy.port)
        path = client.download(job["id"], "preview.mp4", tmp_path / "film.mp4")
        assert proxy.connections == 3
    assert path.read_bytes() == film
    assert [left.name for left in tmp_path.iterdir() if left.suffix == ".part"] == []
    direct = client_of(library, service)
    assert direct.artifacts(job["id"]) == {"preview.mp4": len(film)}
    assert refusal(library, lambda: direct.download(job["id"], "report.json", tmp_path / "none")) == ("not_found", 404)
    assert not (tmp_path / "none").exists()


@both
def test_no_event_is_lost_or_doubled_over_cuts(library: ModuleType, service: Running) -> None:
    id = service.submit()["id"]
    service.claim()
    seen = []
    with cutting(service.port, [1500, 2500, 700]) as proxy:
        client = client_of(library, service, proxy.port)
        follower = threading.Thread(target=lambda: seen.extend(client.events(id)))
        follower.start()
        for step in range(1, 61):
            service.store.log(id, f"line {step}")
            if step == 40:
                proxy.cut()
            time.sleep(0.01)
        service.store.report(id, Progress("frames", 1, 1))
        service.store.finish(id, JobState.DONE)
        follower.join(60)
        assert not follower.is_alive()
        assert proxy.connections >= 4
    stored = service.store.events(id)
    assert [(event.id, event.kind, event.data) for event in seen] == [
        (event.id, event.kind, event.data) for event in stored
    ]


@both
def test_a_service_that_was_started_again_is_found(library: ModuleType, tmp_path: Path) -> None:
    def tell(service: Running) -> None:
        url = f"http://127.0.0.1:{service.port}"
        write_runtime(service.settings.runtime, Runtime(url, service.token, os.getpid(), "1", time.time()))

    with run_service(tmp_path) as first:
        tell(first)
        client = library.connect(first.settings.data)
        job = submitted(client, tmp_path)
    with run_service(tmp_path) as second:
        tell(second)
        assert client.job(job["id"])["state"] == "queued"
        assert submitted(client, tmp_path, key="again")["id"] != job["id"]


@both
def test_an_empty_file_is_not_uploaded(library: ModuleType, service: Running, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises((GarrickError, blender_addon.client.ServiceError), match="empty"):
        client_of(library, service).upload(tmp_path / "empty.wav")


def test_the_add_on_stops_waiting_when_it_is_told_to(service: Running) -> None:
    id = service.submit()["id"]
    events = client_of(blender_addon.client, service).events(id)
    seen = []
    follower = threading.Thread(target=lambda: seen.extend(events))
    follower.start()
    while not seen:
        time.sleep(0.01)
    events.cancel()
    follower.join(10)
    assert not follower.is_alive()
    assert [event.data["state"] for event in seen] == ["queued"]
