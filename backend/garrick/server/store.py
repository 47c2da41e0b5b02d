"""The job store: every job, its state and its events in one SQLite file that survives whatever is killed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .changes import MIGRATIONS, Change, as_json, record_of
from .database import Database
from .job_id import new_id
from .pace import Pace
from .records import TERMINAL, Conflict, Event, JobRecord, JobState, Progress, UnknownJob
from .trial import DEATHS, Trial

_RESTARTED = "The service was restarted; the job goes on where it stopped."
_ACTIVE = (JobState.RUNNING, JobState.CANCELLING)


class JobStore:
    """Jobs and their events. Every method may be called from any thread; each change is one transaction with its event.

    path:    the SQLite file.
    changed: called after each committed event, in the thread that caused it; it must return at once and not raise.
    Raises OutputError, here and in every method, when the file cannot be read or written; then nothing has changed.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS)
        self._pace = Pace()
        self.changed: Callable[[Event], None] = lambda event: None

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def create(
        self, job: dict[str, Any], name: str = "", priority: int = 0, key: str | None = None
    ) -> tuple[JobRecord, bool]:
        """Queue a job; the job and whether it is a new one.

        key: the same key with the same job again gives the first one back. Raises Conflict for a key of another job.
        """
        body = json.dumps(job, sort_keys=True, ensure_ascii=False, allow_nan=False)
        with self._change() as change:
            held = change.rows("SELECT * FROM jobs WHERE key = ?", key) if key is not None else []
            if held:
                record = record_of(held[0])
                if (held[0]["body"], record.name, record.priority) != (body, name, priority):
                    raise Conflict("This idempotency key was used for another job.", "Use a new key for a new job.")
                return record, False
            newest = change.rows("SELECT max(id) FROM jobs")[0][0]
            id = new_id(newest)
            change.rows(
                "INSERT INTO jobs (id, key, name, body, state, priority, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(id, key, name, body, JobState.QUEUED, priority, time.time()),
            )
            change.event(id, "state", state=JobState.QUEUED)
            return change.job(id), True

    def get(self, id: str) -> JobRecord | None:
        """The job of that id, if there is one."""
        rows = self._database.read("SELECT * FROM jobs WHERE id = ?", (id,))
        return record_of(rows[0]) if rows else None

    def list(self, state: JobState | None = None, limit: int = 100, before: str | None = None) -> list[JobRecord]:
        """Jobs, newest first; `before` is the last id of the page before."""
        rows = self._database.read(
            "SELECT * FROM jobs WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
            (state, before, limit),
        )
        return [record_of(row) for row in rows]

    def count(self, state: JobState | None = None) -> int:
        """How many jobs there are in that state, or in all."""
        return self._database.read("SELECT count(*) FROM jobs WHERE ?1 IS NULL OR state = ?1", (state,))[0][0]

    def counts(self) -> dict[JobState, int]:
        """How many jobs there are in each state."""
        rows = self._database.read("SELECT state, count(*) AS jobs FROM jobs GROUP BY state", ())
        return dict.fromkeys(JobState, 0) | {JobState(row["state"]): row["jobs"] for row in rows}

    def claim(self) -> JobRecord | None:
        """Start the queued job of the highest priority, of these the oldest; None when there is none."""
        if not self.count(JobState.QUEUED):
            return None
        with self._change() as change:
            rows = change.rows(
                "SELECT id FROM jobs WHERE state = ? ORDER BY priority DESC, id LIMIT 1", JobState.QUEUED
            )
            if not rows:
                return None
            id = rows[0]["id"]
            change.set(id, state=JobState.RUNNING, started=time.time())
            record = change.job(id)
            change.event(id, "state", state=JobState.RUNNING, attempts=record.attempts)
            return record

    def report(self, id: str, progress: Progress) -> None:
        """Keep the progress of a running job, with an event; more than five a second of one phase are passed over."""
        if not self._pace.due(id, progress):
            return
        with self._change() as change:
            if change.state(id) in _ACTIVE:
                change.set(id, phase=progress.phase, done=progress.done, total=progress.total)
                change.event(id, "progress", phase=progress.phase, done=progress.done, total=progress.total)
        self._pace.told(id, progress)

    def log(self, id: str, line: str, level: str = "info") -> None:
        """Keep a line of the job's log, with an event."""
        with self._change() as change:
            if change.state(id) is not None:
                change.event(id, "log", line=line, level=level)

    def finish(
        self,
        id: str,
        state: JobState,
        *,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
    ) -> bool:
        """End a running job as done, failed or cancelled; False when it was not running (any more)."""
        with self._change() as change:
            if change.state(id) not in _ACTIVE:
                return False
            change.set(id, state=state, finished=time.time(), result=as_json(result), error=as_json(error))
            change.event(id, "state", state=state, **_given(result=result, error=error))
        self._pace.forget(id)
        return True

    def cancel(self, id: str) -> JobRecord:
        """Cancel a queued job at once, ask a running one to stop; one that has ended stays. Raises UnknownJob."""
        with self._change() as change:
            match change.state(id):
                case None:
                    raise UnknownJob(id)
                case JobState.QUEUED:
                    change.set(id, state=JobState.CANCELLED, finished=time.time())
                    change.event(id, "state", state=JobState.CANCELLED)
                case JobState.RUNNING:
                    change.set(id, state=JobState.CANCELLING)
                    change.event(id, "state", state=JobState.CANCELLING)
            return change.job(id)

    def requeue(self, id: str, why: str) -> None:
        """Put a job whose worker died back into the queue, to go on where it stopped; one that was to stop is cancelled.

        why: a sentence for the user.
        """
        with self._change() as change:
            self._again(change, id, why)
        self._pace.forget(id)

    def recover(self) -> list[str]:
        """At the start of the service: requeue what the last one left running; their ids.

        A job with which services died `DEATHS` times in a row without its getting further has failed: it may be why.
        """
        with self._change() as change:
            left = [row["id"] for row in change.rows("SELECT id FROM jobs WHERE state IN (?, ?) ORDER BY id", *_ACTIVE)]
            for id in left:
                if change.state(id) == JobState.RUNNING and _services_lost(change, id) + 1 >= DEATHS:
                    message = f"The service died {DEATHS} times in a row without the job's getting further."
                    error = {"message": message, "fix": "Resume the job to try again."}
                    change.set(id, state=JobState.FAILED, finished=time.time(), error=as_json(error))
                    change.event(id, "state", state=JobState.FAILED, error=error)
                else:
                    self._again(change, id, _RESTARTED)
            return left

    def resubmit(self, id: str) -> JobRecord:
        """Queue a failed or cancelled job again, to go on where it stopped. Raises UnknownJob, Conflict."""
        with self._change() as change:
            state = change.state(id)
            if state is None:
                raise UnknownJob(id)
            if state not in (JobState.FAILED, JobState.CANCELLED):
                raise Conflict(f"Job {id} is {state}.", "Only a failed or cancelled job can be resumed.")
            change.set(id, state=JobState.QUEUED, finished=None, error=None, result=None)
            change.event(id, "state", state=JobState.QUEUED, why="Resumed by the user.")
            return change.job(id)

    def delete(self, id: str) -> bool:
        """Forget a job that has ended, and its events; False when there is none. Raises Conflict for an active one."""
        with self._change() as change:
            state = change.state(id)
            if state is None:
                return False
            if state not in TERMINAL:
                raise Conflict(f"Job {id} is {state}.", "Cancel it first.")
            change.rows("DELETE FROM jobs WHERE id = ?", id)
            return True

    def expired(self, before: float) -> list[str]:
        """The ids of the jobs that ended before that time (unix seconds), oldest first."""
        rows = self._database.read("SELECT id FROM jobs WHERE finished < ? ORDER BY id", (before,))
        return [row["id"] for row in rows]

    def events(self, job: str | None, after: int = 0, limit: int = 1000) -> list[Event]:
        """The events of a job, or of all, that follow the event `after`, oldest first."""
        rows = self._database.read(
            "SELECT * FROM events WHERE id > ?2 AND job = ?1 ORDER BY id LIMIT ?3"
            if job is not None
            else "SELECT * FROM events WHERE id > ?2 AND ?1 IS NULL ORDER BY id LIMIT ?3",
            (job, after, limit),
        )
        return [Event(row["id"], row["job"], row["time"], row["kind"], json.loads(row["data"])) for row in rows]

    def _again(self, change: Change, id: str, why: str) -> None:
        match change.state(id):
            case JobState.RUNNING:
                change.set(id, state=JobState.QUEUED, attempts=change.job(id).attempts + 1)
                change.event(id, "state", state=JobState.QUEUED, why=why)
            case JobState.CANCELLING:
                change.set(id, state=JobState.CANCELLED, finished=time.time())
                change.event(id, "state", state=JobState.CANCELLED)

    @contextmanager
    def _change(self) -> Iterator[Change]:
        """One transaction; its events are announced when they are on the disk."""
        with self._database.transaction() as connection:
            change = Change(connection)
            yield change
        for event in change.events:
            self.changed(event)


def _services_lost(change: Change, id: str) -> int:
    """How often in a row a service was started after one that had died with the job, which got no further meanwhile."""
    trial = Trial()
    for row in change.rows("SELECT kind, data FROM events WHERE job = ? AND kind != 'log' ORDER BY id", id):
        data = json.loads(row["data"])
        if row["kind"] == "progress":
            trial.reached(data["phase"], data["done"])
        elif data["state"] in TERMINAL:
            trial.deaths = 0  # the user has asked for it again
        elif data.get("why") == _RESTARTED:
            trial.deaths += 1
    return trial.deaths


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
