"""The jobs that the panel lists: those that this Blender follows, and what the service remembers of others."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..answers import ServiceError
from ..core.service_wire import TERMINAL
from ..tasks import Cancelled, Task

LIMIT = 50
"""How many of the service's jobs are listed."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Problem:
    """What went wrong. kind: as `ServiceError` has it, "unexpected" for anything else."""

    kind: str
    message: str
    fix: str | None


@dataclass
class Run:
    """A job that this Blender follows, or has followed.

    job:   as asked, files by their paths. scene: session_uid of the one that asked. folder: where the results go.
    start: the scene's frame at which the shot shall begin.
    id:    the service's, as soon as it has one. imported: it is in the scene.
    note:  what the user should know of a finished job: what it moves and warnings, or why it has not been imported.
    """

    name: str
    job: dict[str, Any]
    consent: bool
    scene: int
    folder: Path
    start: int
    id: str | None = None
    task: Task[Any] | None = None
    note: str = ""
    imported: bool = False
    key: str = field(default_factory=lambda: f"run-{next(_numbers)}")


@dataclass(frozen=True)
class Row:
    """One line of the list.

    state: "running", "done", "failed" or "cancelled", or else the service's own. done of total: steps of `phase`.
    remaining: seconds of the phase; None when nobody knows. run: what this Blender knows of it.
    """

    key: str
    id: str | None
    name: str
    state: str
    phase: str
    done: float
    total: float
    remaining: float | None
    created: float
    problem: Problem | None
    note: str
    run: Run | None

    @property
    def rests(self) -> bool:
        return self.state in TERMINAL


runs: list[Run] = []
"""Those of this session, oldest first."""

_listed: list[dict[str, Any]] = []


def listed(jobs: list[dict[str, Any]]) -> None:
    """Take over what the service lists, newest first."""
    _listed[:] = jobs


def forget(key: str) -> None:
    """Take a line off the list."""
    runs[:] = [run for run in runs if key not in (run.key, run.id)]
    _listed[:] = [record for record in _listed if record["id"] != key]


def clear() -> None:
    """Take every line off the list."""
    runs.clear()
    _listed.clear()


def rows() -> list[Row]:
    """Every job once, newest first."""
    followed = {run.id for run in runs if run.id}
    own = [_row_of_run(run) for run in reversed(runs)]
    return own + [_row_of_record(record) for record in _listed if record["id"] not in followed]


def find(key: str) -> Row | None:
    """The line of that key, or of the job of that id."""
    run = next((run for run in reversed(runs) if key in (run.key, run.id)), None)
    if run is not None:
        return _row_of_run(run)
    record = record_of(key)
    return None if record is None else _row_of_record(record)


def record_of(id: str) -> dict[str, Any] | None:
    """What the service said of a job when it was last asked."""
    return next((record for record in _listed if record["id"] == id), None)


def elsewhere() -> bool:
    """Whether the service works on a job that this Blender does not follow, so that the list grows old."""
    followed = {run.id for run in runs}
    return any(record["state"] not in TERMINAL and record["id"] not in followed for record in _listed)


def problem_of(error: Exception) -> Problem:
    """An error as the panel shows it."""
    if isinstance(error, ServiceError):
        return Problem(error.kind, error.user_message, error.fix)
    return Problem("import" if isinstance(error, ValueError | OSError) else "unexpected", str(error), None)


def _row_of_run(run: Run) -> Row:
    task = run.task
    assert task is not None
    state = "cancelling" if task.cancelling else task.state
    failed = task.error is not None and not isinstance(task.error, Cancelled)
    record = record_of(run.id) if run.id else None
    return Row(
        key=run.key,
        id=run.id,
        name=run.name,
        state=state,
        phase=task.phase,
        done=task.done,
        total=task.total,
        remaining=task.remaining(),
        created=record["created"] if record else 0.0,
        problem=problem_of(task.error) if failed and task.error is not None else None,
        note=run.note,
        run=run,
    )


def _row_of_record(record: dict[str, Any]) -> Row:
    progress = record.get("progress") or {"phase": "", "done": 0, "total": 0}
    error = record.get("error")
    return Row(
        key=record["id"],
        id=record["id"],
        name=record["name"] or record["id"],
        state=record["state"],
        phase=progress["phase"],
        done=progress["done"],
        total=progress["total"],
        remaining=None,
        created=record["created"],
        problem=Problem("job", error["message"], error.get("fix")) if error else None,
        note="",
        run=None,
    )
