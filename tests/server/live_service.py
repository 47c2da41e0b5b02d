"""A real service over loopback: uvicorn in a thread, a store on disk; no worker, so that jobs stay where tests put them."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from garrick.server.api import create_app
from garrick.server.records import JobRecord, JobState
from garrick.server.runtime import own
from garrick.server.security import new_token
from garrick.server.serve import Server, configuration, listen
from garrick.server.settings import Settings
from garrick.server.store import JobStore


class Idle:
    """A supervisor without workers: it queues and cancels, and runs nothing."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self.notified = 0

    async def start(self) -> None:
        self._store.recover()

    async def stop(self) -> None:
        pass

    def notify(self) -> None:
        self.notified += 1

    def cancel(self, id: str) -> JobRecord:
        return self._store.cancel(id)

    def status(self) -> list[dict[str, Any]]:
        return []


@dataclass(frozen=True)
class Running:
    """A service in a thread. http: a client that has the token."""

    settings: Settings
    store: JobStore
    port: int
    token: str
    http: httpx.Client
    server: Server

    def upload(self, content: bytes) -> str:
        """Put an asset; what a job calls it."""
        digest = hashlib.sha256(content).hexdigest()
        self.http.put(f"/v1/assets/{digest}", content=content).raise_for_status()
        return f"sha256:{digest}"

    def submit(self, **job: Any) -> dict[str, Any]:
        """Queue a job with a portrait that is no picture: nothing here decodes it."""
        body = {"job": {"portrait": self.upload(b"portrait"), "text": "Hello.", **job}, "consent": True}
        answer = self.http.post("/v1/jobs", json=body)
        answer.raise_for_status()
        return answer.json()

    def claim(self) -> str:
        """Start the next job, as a worker would."""
        record = self.store.claim()
        assert record is not None
        assert record.state is JobState.RUNNING
        return record.id

    def raw(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@contextlib.contextmanager
def run_service(folder: Path, **limits: Any) -> Iterator[Running]:
    """A service with these settings, until the block ends."""
    settings = Settings(data=folder / "service", **({"disk_reserve": 0} | limits))
    lock = own(settings)
    assert lock is not None
    store, token, listener = JobStore(settings.store), new_token(), listen(settings)
    app = create_app(settings, store, Idle(store), token)  # type: ignore[arg-type]
    started = threading.Event()
    server = Server(configuration(app, settings), app.state.service, started.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    port = listener.getsockname()[1]
    assert started.wait(20)
    try:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as http:
            yield Running(settings, store, port, token, http, server)
    finally:
        server.should_exit = True
        thread.join(20)
        store.close()
        lock.release()
        assert not thread.is_alive()


def eventually(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true value of `condition`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
    return value
