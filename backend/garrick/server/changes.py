"""The job store's tables, and what one transaction does to them."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from .records import Event, JobRecord, JobState, Progress

MIGRATIONS = (
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
"""Script number i takes the file from version i to i + 1."""


class Change:
    """What one transaction does to the jobs; `events` are told once it is on the disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.events: list[Event] = []

    def rows(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        """What a statement gives back."""
        return self._connection.execute(sql, parameters).fetchall()

    def job(self, id: str) -> JobRecord:
        """One that is there."""
        return record_of(self.rows("SELECT * FROM jobs WHERE id = ?", id)[0])

    def state(self, id: str) -> JobState | None:
        """None when there is no such job."""
        rows = self.rows("SELECT state FROM jobs WHERE id = ?", id)
        return JobState(rows[0]["state"]) if rows else None

    def set(self, id: str, **columns: Any) -> None:
        """Other values in some columns of a job."""
        names = ", ".join(f"{name} = ?" for name in columns)
        self.rows(f"UPDATE jobs SET {names} WHERE id = ?", *columns.values(), id)

    def event(self, job: str, kind: str, **data: Any) -> None:
        """Add an event that happens now."""
        now = time.time()
        row = self.rows(
            "INSERT INTO events (job, time, kind, data) VALUES (?, ?, ?, ?) RETURNING id", job, now, kind, as_json(data)
        )
        self.events.append(Event(row[0]["id"], job, now, kind, data))


def record_of(row: sqlite3.Row) -> JobRecord:
    """The job of a row of the table `jobs`."""
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


def as_json(value: dict[str, Any] | None) -> str | None:
    """Strict JSON, None for nothing."""
    return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)
