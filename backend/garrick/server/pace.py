"""Which progress of which job is worth an event."""

from __future__ import annotations

import threading
import time

from .records import Progress

PROGRESS_EVERY = 0.2
"""Seconds between two progress events of one phase of a job; the first and the last of a phase always count."""


class Pace:
    """What was told last of each job. From any thread."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def due(self, id: str, progress: Progress) -> bool:
        """Whether it is."""
        phase, when = self._told.get(id, ("", 0.0))
        new, last = progress.phase != phase, progress.done >= progress.total
        return new or last or time.monotonic() - when >= PROGRESS_EVERY

    def told(self, id: str, progress: Progress) -> None:
        """It became an event."""
        with self._lock:
            self._told[id] = progress.phase, time.monotonic()

    def forget(self, id: str) -> None:
        """The job's run is over."""
        with self._lock:
            self._told.pop(id, None)
