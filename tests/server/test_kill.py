"""Workers and the whole service killed at random moments of running jobs: nothing is lost, nothing doubled, no bit changes.

$GARRICK_KILLS sets how often (4); run it with 20 or more by hand after a change of worker, store or supervisor.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from garrick.context import RunContext
from garrick.job import Job
from garrick.pipeline import perform
from garrick.server.records import TERMINAL, Event, JobState
from garrick.server.settings import Settings
from garrick.server.store import JobStore
from live_supervisor import SAMPLE, alive, small_job, until

KILLS = int(os.environ.get("GARRICK_KILLS", "4"))
PROGRAM = Path(__file__).with_name("doomed_service.py")
SAME = ("performance.npz", "rig.npz", "camera.json", "speech.json", "audio.wav", "texture.png", "background.png")


class Doomed:
    """The service process, and a client that reads events from the last one it has seen."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = JobStore(settings.store)
        self.seen: list[Event] = []
        self._start()

    def kill_service(self) -> None:
        """It dies; its worker must follow."""
        workers = self._workers()
        self._process.kill()
        self._process.wait()
        until(lambda: not any(alive(worker.pid) for worker in workers), 5)
        self._start()

    def kill_worker(self) -> None:
        for worker in self._workers():
            worker.kill()

    def watch(self, id: str, seconds: float) -> bool:
        """Follow the events for that long; whether the job still runs."""
        end = time.monotonic() + seconds
        while True:
            self.seen += self.store.events(None, after=self.seen[-1].id if self.seen else 0)
            record = self.store.get(id)
            assert record is not None
            if time.monotonic() >= end or record.state in TERMINAL:
                return record.state == JobState.RUNNING
            time.sleep(0.01)

    def wait_for(self, id: str, *states: JobState) -> JobState:
        """Follow the events until the job is in one of these states."""
        deadline = time.monotonic() + 60
        while True:
            self.watch(id, 0.02)
            record = self.store.get(id)
            assert record is not None
            if record.state in states:
                return record.state
            assert time.monotonic() < deadline, f"the job is still {record.state}"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self.store.close()

    def _start(self) -> None:
        self._process = subprocess.Popen([sys.executable, str(PROGRAM), str(self.settings.data)])

    def _workers(self) -> list[psutil.Process]:
        return psutil.Process(self._process.pid).children()


def reference(settings: Settings, job: dict[str, Any], folder: Path) -> dict[str, bytes]:
    """The bytes that the job has when nobody disturbs it."""
    files = {"portrait": SAMPLE / "portrait.png", "audio": settings.data / "voice.wav"}
    perform(Job.model_validate(job | files), folder, RunContext(), scene=False)
    return {name: (folder / name).read_bytes() for name in SAME} | frames_of(folder)


def frames_of(folder: Path) -> dict[str, bytes]:
    return {f"frames/{path.name}": path.read_bytes() for path in (folder / "frames").glob("frame_*.png")}


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_jobs_survive_kills_of_worker_and_service_at_random_moments(tmp_path):
    settings = Settings(data=tmp_path / "service")
    job = small_job(settings, 2.4)
    whole = reference(settings, job, tmp_path / "undisturbed")
    assert len(whole) == len(SAME) + 60
    chance = random.Random(3)
    service = Doomed(settings)
    victims = [service.kill_worker, service.kill_service] * (KILLS // 2)
    chance.shuffle(victims)
    ids: list[str] = []
    try:
        while victims:
            if not ids or service.wait_for(ids[-1], JobState.RUNNING, *TERMINAL) in TERMINAL:
                shutil.rmtree(settings.stages, ignore_errors=True)  # every phase of the next job is done in full
                ids.append(service.store.create(job)[0].id)
            elif service.watch(ids[-1], chance.uniform(0, 2)):
                victims.pop()()
                found = frames_of(settings.jobs / ids[-1])
                assert {name: whole[name] == data for name, data in found.items()} == dict.fromkeys(found, True)
        for id in ids:
            assert service.wait_for(id, *TERMINAL) == JobState.DONE
    finally:
        service.close()
    check_files(settings, ids, whole)
    check_events(settings, ids, service.seen)


def check_files(settings: Settings, ids: list[str], whole: dict[str, bytes]) -> None:
    for id in ids:
        folder = settings.jobs / id
        found = {name: (folder / name).read_bytes() for name in SAME} | frames_of(folder)
        assert sorted(found) == sorted(whole)
        assert [name for name in whole if found[name] != whole[name]] == []
        assert (folder / "preview.mp4").is_file()
        assert [path.name for path in folder.glob(".*")] == [".garrick"]
        assert not list(folder.rglob("*.part"))


def check_events(settings: Settings, ids: list[str], seen: list[Event]) -> None:
    """What the client saw, what is stored and what was announced are the same events, each once."""
    store = JobStore(settings.store)
    stored = store.events(None, limit=1_000_000)
    store.close()
    assert seen == stored
    assert [event.id for event in stored] == list(range(1, len(stored) + 1))
    announced = [int(line) for line in (settings.data / "announced").read_text().split()]
    assert len(announced) == len(set(announced))
    own = {event.id for event in stored if event.data == {"state": "queued"}}  # the client's: it queued the jobs
    unannounced = set(range(1, len(stored) + 1)) - own - set(announced)
    assert len(unannounced) <= KILLS // 2  # a service may die between storing an event and announcing it
    for id in ids:
        states = [event.data["state"] for event in stored if event.job == id and event.kind == "state"]
        assert states == ["queued", "running"] * (len(states) // 2 - 1) + ["queued", "running", "done"]
