"""What every client of the service needs, whatever it speaks HTTP with: events, patience, errors, the runtime file."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TERMINAL = frozenset({"done", "failed", "cancelled"})
"""The states in which a job rests."""

QUIET_S = 45.0
"""Seconds without a byte after which an event stream is dead; the service says something every 15 s."""

PART = 8_000_000
"""Bytes of an upload that are sent at once."""

_PATIENCE_S = 60.0  # without any success; then the service is taken for gone


@dataclass(frozen=True)
class Event:
    """Something that happened to a job. kind: "state", "progress" or "log"; time: unix seconds."""

    id: int
    job: str
    time: float
    kind: str
    data: dict[str, Any]


class Patience:
    """How long to go on trying: until a minute without success, in growing steps. over: ends a wait at once."""

    def __init__(self, over: threading.Event | None = None) -> None:
        self._over = over or threading.Event()
        self.renew()

    def renew(self) -> None:
        """There was a success."""
        self._since, self._step = time.monotonic(), 0.1

    def wait(self) -> bool:
        """Wait before the next try; False when patience is at its end."""
        if time.monotonic() - self._since > _PATIENCE_S:
            return False
        self._over.wait(self._step)
        self._step = min(2 * self._step, 5.0)
        return True


def parse_events(lines: Iterator[str]) -> Iterator[Event]:
    """Server-sent events, from lines without their ends; one that was cut off is left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            data = json.loads(fields["data"])
            yield Event(int(fields["id"]), data.pop("job"), data.pop("time"), fields["event"], data)
            fields = {}


def problem(status: int, body: bytes) -> tuple[str, str, str | None]:
    """Kind, sentence and fix of an answer that refuses."""
    try:
        error = json.loads(body)["error"]
        return error["kind"], error["message"], error["fix"]
    except (ValueError, KeyError, TypeError):
        return "refused", f"The service answered with status {status}.", None


def read_address(runtime: Path) -> tuple[str, str] | None:
    """Url and token of a runtime file; None when there is none."""
    try:
        found = json.loads(runtime.read_bytes())
        return found["url"], found["token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
