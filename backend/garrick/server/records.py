"""What the store holds: jobs, their states, their events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from garrick.errors import InputError


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
