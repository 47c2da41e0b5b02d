"""Whether a job that is begun again and again gets anywhere."""

from __future__ import annotations

DEATHS = 5
"""Times in a row that a worker, or the service, may die with a job that gets no further before the job has failed."""


class Trial:
    """How far a job has ever come, and how often in a row somebody died before it came further."""

    def __init__(self) -> None:
        self.deaths = 0
        self._furthest: dict[str, int] = {}

    def reached(self, phase: str, done: int) -> None:
        """So many steps of a phase are finished."""
        if done > self._furthest.get(phase, -1):
            self._furthest[phase] = done
            self.deaths = 0
