"""Server-sent events: everything that happens to a job, from any point on, as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import anyio.to_thread

from .records import TERMINAL, Event, JobRecord
from .store import JobStore

_BATCH = 500  # events read at once
_Look = tuple[JobRecord | None, list[Event]]


class Hub:
    """Wakes those who wait for a job's next event. `tell` may be called from any thread, the rest from the loop's."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._told = 0  # how many events there have been
        self._looks: dict[tuple[str, int, int], asyncio.Task[_Look]] = {}
        self.closed = False

    def open(self) -> None:
        """Begin, in the running loop."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """End every stream; clients reconnect and go on where they were."""
        self.closed = True
        for waiting in self._waiting.values():
            for event in waiting:
                event.set()

    def tell(self, event: Event) -> None:
        """Something is in the store (its `changed` hook)."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, event.job)

    def _wake(self, job: str) -> None:
        self._told += 1
        for event in self._waiting.get(job, ()):
            event.set()

    async def stream(self, store: JobStore, job: str, after: int, comment_s: float) -> AsyncIterator[bytes]:
        """The events of a job that follow the event `after`, until it has ended and all is told.

        A comment line goes out when nothing has happened for `comment_s` seconds.
        """
        news = asyncio.Event()
        self._waiting.setdefault(job, set()).add(news)
        try:
            yield b": events of this job\n\n"
            while not self.closed:
                news.clear()
                record, events = await self._look(store, job, after)
                if events:
                    yield b"".join(map(_encode, events))
                    after = events[-1].id
                    continue
                if record is None or record.state in TERMINAL:
                    return
                try:
                    await asyncio.wait_for(news.wait(), comment_s)
                except TimeoutError:
                    yield b": waiting\n\n"
        finally:
            self._waiting[job].discard(news)
            if not self._waiting[job]:
                del self._waiting[job]

    async def _look(self, store: JobStore, job: str, after: int) -> _Look:
        """The job and its events behind `after`; those who stand at the same event share one look into the store."""
        key = job, after, self._told
        task = self._looks.get(key)
        if task is None:
            task = self._looks[key] = asyncio.create_task(anyio.to_thread.run_sync(_look, store, job, after))
            task.add_done_callback(lambda _: self._looks.pop(key, None))
        return await asyncio.shield(task)  # one who leaves does not take it from the others


def _look(store: JobStore, job: str, after: int) -> _Look:
    record = store.get(job)  # before its events, or the last may be missed
    return record, store.events(job, after, _BATCH)


def _encode(event: Event) -> bytes:
    data = json.dumps({"job": event.job, "time": event.time, **event.data})
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n".encode()
