"""The main job through a real service: the bytes of `garrick perform`, and only what a change touches is made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from garrick.client import Client, connect
from garrick.context import RunContext
from garrick.job import Job
from garrick.pipeline import perform
from live_process import Process
from live_supervisor import SAMPLE, write_voice

SETTINGS: dict[str, Any] = {"size": [128, 128], "fps": "12", "seed": 7}


@dataclass
class Done:
    """A finished job, and what its events said."""

    id: str
    cached: set[str]
    skipped: set[str]


def run(client: Client, job: dict[str, Any]) -> Done:
    id = client.submit(job, consent=True)["id"]
    log = [event.data["line"] for event in client.events(id) if event.kind == "log"]
    done = client.job(id)
    assert done["state"] == "done", done
    skipped = {line.split(":")[0] for line in log if line.endswith(": from the cache")}
    return Done(id, set(done["result"]["cached"]), skipped)


def fetch(client: Client, id: str, folder: Path) -> dict[str, bytes]:
    """All artifacts of a job."""
    folder.mkdir()
    names = client.artifacts(id)
    return {name: client.download(id, name, folder / name.replace("/", "_")).read_bytes() for name in names}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service that both tests use."""
    service = Process(tmp_path_factory.mktemp("service") / "data", "--no-scene")
    service.ready()
    with connect(service.data) as connected:
        yield connected
    service.process.kill()
    service.process.communicate(timeout=30)


def test_the_main_job_has_the_bytes_of_perform(client: Client, tmp_path: Path) -> None:
    voice = tmp_path / "voice.wav"
    write_voice(voice, 1.5)
    direct = tmp_path / "direct"
    settings = SETTINGS | {"passes": True}
    perform(Job(portrait=SAMPLE / "portrait.png", audio=voice, **settings), direct, RunContext(), scene=False)
    job = {"portrait": client.upload(SAMPLE / "portrait.png"), "audio": client.upload(voice), **settings}
    files = fetch(client, run(client, job).id, tmp_path / "served")
    assert {"performance.npz", "speech.json", "camera.json", "preview.mp4"} < files.keys()
    assert {"frames/frame_000017.png", "exr/frame_000017.exr"} < files.keys()
    other = {name for name, data in files.items() if (direct / name).read_bytes() != data}
    assert other == {"report.json"}  # the times in it


def test_only_what_a_change_touches_is_made_again(client: Client, tmp_path: Path) -> None:
    settings = SETTINGS | {"size": [144, 144]}  # no portrait of the other test is in the cache
    job = {"portrait": client.upload(SAMPLE / "portrait.png"), "text": "Hello, Mary.", **settings}
    first = run(client, job)
    assert first.cached == set()
    client.download(first.id, "camera.json", tmp_path / "camera.json")
    camera = json.loads((tmp_path / "camera.json").read_text())
    for pose in camera["world_to_camera"]:
        pose[0][3] += 0.02
    (tmp_path / "camera.json").write_text(json.dumps(camera))
    moved = run(client, job | {"camera": client.upload(tmp_path / "camera.json")})
    assert moved.cached == moved.skipped == {"speech", "portrait", "motion"}
    word = run(client, job | {"text": "Hello, Anna."})
    assert word.cached == word.skipped == {"portrait"}
    gain = run(client, job | {"expression": 0.5})
    assert gain.cached == gain.skipped == {"speech", "portrait"}
