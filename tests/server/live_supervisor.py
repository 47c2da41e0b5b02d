"""A store and a supervisor with real workers, in an event loop of their own thread, and small jobs for them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from garrick.context import RunContext
from garrick.outputs.sound import write_wav
from garrick.server.records import TERMINAL, Event, JobRecord, JobState
from garrick.server.settings import Settings
from garrick.server.store import JobStore
from garrick.server.supervisor import Supervisor
from garrick.speech.audio import load_sound

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample"


class Live:
    """A running supervisor. events: all that the store announced, in that order."""

    def __init__(self, store: JobStore, settings: Settings, supervisor: Supervisor) -> None:
        self.store, self.settings, self.supervisor = store, settings, supervisor
        self.events: list[Event] = []
        store.changed = self.events.append

    def submit(self, job: dict[str, Any], priority: int = 0) -> str:
        record, _ = self.store.create(job, priority=priority)
        self.supervisor.notify()
        return record.id

    def record(self, id: str) -> JobRecord:
        record = self.store.get(id)
        assert record is not None
        return record

    def wait(self, id: str, seconds: float = 40) -> JobRecord:
        """Until the job has ended."""
        until(lambda: self.record(id).state in TERMINAL, seconds)
        return self.record(id)

    def worker(self) -> dict[str, Any]:
        """The status of the first worker."""
        return self.supervisor.status()[0]

    def at_work(self, id: str) -> int:
        """Wait until the job runs; the process id of its worker."""
        until(lambda: self.record(id).state == JobState.RUNNING and self.worker()["job"] == id, 40)
        return self.worker()["pid"]

    def in_phase(self, id: str, phase: str) -> None:
        """Wait until the job has said something about that phase, or has ended."""
        until(lambda: phase in self.phases(id) or self.record(id).state in TERMINAL, 40)

    def states(self, id: str) -> list[str]:
        """Every state that the job has been in."""
        return [event.data["state"] for event in self.store.events(id) if event.kind == "state"]

    def result(self, id: str) -> dict[str, Any]:
        result = self.record(id).result
        assert result is not None
        return result

    def phases(self, id: str) -> set[str]:
        return {event.data["phase"] for event in self.events.copy() if event.job == id and event.kind == "progress"}


@contextmanager
def live(settings: Settings) -> Iterator[Live]:
    """Run a supervisor until the block ends."""
    store = JobStore(settings.store)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> Supervisor:
        supervisor = Supervisor(store, settings)
        await supervisor.start()
        return supervisor

    supervisor = asyncio.run_coroutine_threadsafe(begin(), loop).result(20)
    try:
        yield Live(store, settings, supervisor)
    finally:
        asyncio.run_coroutine_threadsafe(supervisor.stop(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()
        store.close()


def small_job(settings: Settings, seconds: float, **more: Any) -> dict[str, Any]:
    """A job of the first seconds of the sample voice in small pictures, its files stored as assets."""
    settings.data.mkdir(parents=True, exist_ok=True)
    voice = settings.data / "voice.wav"
    write_voice(voice, seconds)
    job = {"portrait": store_asset(settings, SAMPLE / "portrait.png"), "audio": store_asset(settings, voice)}
    return job | {"size": [128, 128], "seed": 3} | more


def write_voice(path: Path, seconds: float) -> None:
    """The first seconds of the sample voice."""
    sound = load_sound(SAMPLE / "voice.wav", RunContext())
    write_wav(path, sound.playback[: round(seconds * sound.rate)], sound.rate)


def store_asset(settings: Settings, path: Path) -> str:
    """Put a file where the service keeps uploads; what a job calls it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    target = settings.assets / digest[:2] / digest[2:]
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)
    return f"sha256:{digest}"


def alive(pid: int) -> bool:
    """Whether the process runs, or at least waits."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], Any], seconds: float) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
