"""The place of one worker: who sits there, at which job, since when, and whether it must go."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from .limits import in_words
from .settings import Settings
from .worker_process import WorkerProcess

_START_S = 300.0  # a worker that has not loaded its models by then is taken for broken


class Slot:
    """One place, and the worker at it.

    state:   "starting", "idle", "running" or "broken" (workers do not come up; `error` says why).
    job:     the job at work, until its end is in the store.
    rss:     bytes that the worker and its children hold.
    verdict: why the worker is being killed, None while it is not.
    fault:   the error {"message", "fix"} of the job, when the worker is killed for what the job does.
    woken:   set when there may be a job to fetch.
    """

    def __init__(self, number: int, settings: Settings) -> None:
        self.number = number
        self.worker: WorkerProcess | None = None
        self.job: str | None = None
        self.rss = 0
        self.error: str | None = None
        self.verdict: str | None = None
        self.fault: dict[str, Any] | None = None
        self.woken = asyncio.Event()
        self._settings = settings
        self._cancelled: float | None = None
        self.turn("starting")

    @property
    def cancelled(self) -> bool:
        """Whether the job at work has been told to stop."""
        return self._cancelled is not None

    def turn(self, state: str) -> None:
        """Enter a state."""
        self.state, self._turned, self._since = state, time.monotonic(), time.time()
        self._cancelled = None

    def seat(self, worker: WorkerProcess) -> None:
        """A new worker sits down."""
        self.worker, self.rss, self.verdict, self.fault = worker, 0, None, None

    async def clear(self) -> None:
        """End the worker, if there is one, and wait until it is gone."""
        if self.worker is not None:
            self.worker.kill()
            await self.worker.gone()
            self.worker = None

    async def idle(self, worker: WorkerProcess) -> bool:
        """Wait until there may be a job; False when the worker died meanwhile."""
        news, woken = asyncio.create_task(worker.message()), asyncio.create_task(self.woken.wait())
        try:
            await asyncio.wait((news, woken), return_when=asyncio.FIRST_COMPLETED)
            return not (news.done() and news.result() is None)
        finally:
            news.cancel()
            woken.cancel()

    def cancel(self, id: str) -> None:
        """Tell the worker that its job is no longer wanted."""
        if self.worker is not None and self._cancelled is None:
            self._cancelled = time.monotonic()
            self.worker.send({"cancel": id})

    def judge(self) -> None:
        """Kill a worker that hangs, takes too much or does not stop when it should."""
        if self.worker is None or self.verdict is not None:
            return
        limits, now = self._settings, time.monotonic()
        if self._cancelled is not None and now - self._cancelled >= limits.cancel_s:
            self.verdict = "it did not stop when it was cancelled"
        elif now - self.worker.heard > limits.heartbeat_s:
            self.verdict = f"it was silent for {limits.heartbeat_s:g} s"
        elif self.rss > limits.job_memory:
            self._blame("used more than", f"{in_words(limits.job_memory)} of memory")
        elif self.state == "running" and now - self._turned > limits.job_seconds:
            self._blame("took longer than", f"{limits.job_seconds:g} s")
        elif self.state in ("starting", "broken") and now - self._turned > _START_S:
            self.verdict = f"it was not ready after {_START_S:g} s"
        if self.verdict is not None:
            self.worker.kill()

    def status(self) -> dict[str, Any]:
        """What `Supervisor.status` tells of it."""
        pid = None if self.worker is None else self.worker.pid
        return {
            "pid": pid, "state": self.state, "job": self.job, "rss": self.rss, "since": self._since, "error": self.error,
        }  # fmt: skip

    def _blame(self, what: str, limit: str) -> None:
        self.verdict = f"it {what} {limit}"
        fix = "Ask for smaller or fewer frames, or give the service a higher limit."
        self.fault = {"message": f"The job {what} {limit} and was stopped.", "fix": fix}
