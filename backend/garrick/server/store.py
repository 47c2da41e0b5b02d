"""The job store: every job, its state and its events in one SQLite file that survives whatever is killed."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from garrick.errors import InputError

from .database import Database
from .job_id import new_id

PROGRESS_EVERY = 0.2
"""Seconds between two progress events of one phase of a job; the first and the last of a phase always count."""


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
"""The states that a job leaves only when the user asks for it again."""


class Conflict(InputError):
    """What was asked does not fit what the store holds: a key used for another job, a job in the wrong state."""


class UnknownJob(InputError):
    """There is no job of that id."""

    def __init__(self, id: str) -> None:
        super().__init__(f"There is no job {id}.", "List the jobs to see which there are.")


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps of the named phase are finished."""

    phase: str
    done: int
    total: int


@dataclass(frozen=True)
class JobRecord:
    """A job as the store holds it.

    job:      the Job as JSON; the fields that name files hold "sha256:...".
    priority: -100..100, higher first.
    created, started, finished: unix seconds; `started` is the latest start.
    error:    {"message", "fix"} of a failed job.
    result:   {"frames", "cached", "warnings", "seconds"} of a finished one.
    attempts: how often it was begun again because a worker or the service died.
    """

    id: str
    name: str
    job: dict[str, Any]
    state: JobState
    priority: int
    created: float
    started: float | None
    finished: float | None
    progress: Progress | None
    error: dict[str, Any] | None
    result: dict[str, Any] | None
    attempts: int


@dataclass(frozen=True)
class Event:
    """Something that happened to a job.

    id:   ascending over all jobs in the order of what happened, never used twice.
    time: unix seconds, for people; a clock that is set back does not change the order of the ids.
    kind: "state", "progress" or "log".
    data: {"state", ...}, {"phase", "done", "total"} or {"line", "level"}.
    """

    id: int
    job: str
    time: float
    kind: str
    data: dict[str, Any]


class JobStore:
    """Jobs and their events. Every method may be called from any thread; each change is one transaction with its event.

    path:    the SQLite file.
    changed: called after each committed event, in the thread that caused it; it must return at once and not raise.
    Raises OutputError, here and in every method, when the file cannot be read or written; then nothing has changed.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _MIGRATIONS)
        self._pace = _Pace()
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
                record = _record(held[0])
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
        return _record(rows[0]) if rows else None

    def list(self, state: JobState | None = None, limit: int = 100, before: str | None = None) -> list[JobRecord]:
        """Jobs, newest first; `before` is the last id of the page before."""
        rows = self._database.read(
            "SELECT * FROM jobs WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
            (state, before, limit),
        )
        return [_record(row) for row in rows]

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
            change.set(id, state=state, finished=time.time(), result=_json(result), error=_json(error))
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
        """At the start of the service: requeue what the last one left running; their ids."""
        with self._change() as change:
            left = [row["id"] for row in change.rows("SELECT id FROM jobs WHERE state IN (?, ?) ORDER BY id", *_ACTIVE)]
            for id in left:
                self._again(change, id, "The service was restarted; the job goes on where it stopped.")
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

    def _again(self, change: _Change, id: str, why: str) -> None:
        match change.state(id):
            case JobState.RUNNING:
                change.set(id, state=JobState.QUEUED, attempts=change.job(id).attempts + 1)
                change.event(id, "state", state=JobState.QUEUED, why=why)
            case JobState.CANCELLING:
                change.set(id, state=JobState.CANCELLED, finished=time.time())
                change.event(id, "state", state=JobState.CANCELLED)

    @contextmanager
    def _change(self) -> Iterator[_Change]:
        """One transaction; its events are announced when they are on the disk."""
        with self._database.transaction() as connection:
            change = _Change(connection)
            yield change
        for event in change.events:
            self.changed(event)


class _Change:
    """What one transaction does to the jobs."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.events: list[Event] = []

    def rows(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def job(self, id: str) -> JobRecord:
        return _record(self.rows("SELECT * FROM jobs WHERE id = ?", id)[0])

    def state(self, id: str) -> JobState | None:
        rows = self.rows("SELECT state FROM jobs WHERE id = ?", id)
        return JobState(rows[0]["state"]) if rows else None

    def set(self, id: str, **columns: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        self.rows(f"UPDATE jobs SET {names} WHERE id = ?", *columns.values(), id)

    def event(self, job: str, kind: str, **data: Any) -> None:
        now = time.time()
        row = self.rows(
            "INSERT INTO events (job, time, kind, data) VALUES (?, ?, ?, ?) RETURNING id", job, now, kind, _json(data)
        )
        self.events.append(Event(row[0]["id"], job, now, kind, data))


class _Pace:
    """Which progress of which job is worth an event."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def due(self, id: str, progress: Progress) -> bool:
        phase, when = self._told.get(id, ("", 0.0))
        new, last = progress.phase != phase, progress.done >= progress.total
        return new or last or time.monotonic() - when >= PROGRESS_EVERY

    def told(self, id: str, progress: Progress) -> None:
        with self._lock:
            self._told[id] = progress.phase, time.monotonic()

    def forget(self, id: str) -> None:
        with self._lock:
            self._told.pop(id, None)


_ACTIVE = (JobState.RUNNING, JobState.CANCELLING)


def _record(row: sqlite3.Row) -> JobRecord:
    return JobRecord(
        id=row["id"],
        name=row["name"],
        job=json.loads(row["body"]),
        state=JobState(row["state"]),
        priority=row["priority"],
        created=row["created"],
        started=row["started"],
        finished=row["finished"],
        progress=None if row["phase"] is None else Progress(row["phase"], row["done"], row["total"]),
        error=None if row["error"] is None else json.loads(row["error"]),
        result=None if row["result"] is None else json.loads(row["result"]),
        attempts=row["attempts"],
    )


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


_MIGRATIONS = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, key TEXT UNIQUE, name TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
        priority INTEGER NOT NULL, created REAL NOT NULL, started REAL, finished REAL,
        phase TEXT, done INTEGER, total INTEGER, error TEXT, result TEXT, attempts INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE INDEX jobs_by_state ON jobs (state, priority DESC, id);
    CREATE INDEX jobs_by_end ON jobs (finished) WHERE finished IS NOT NULL;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        time REAL NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL
    );
    CREATE INDEX events_by_job ON events (job, id);
    """,
)
