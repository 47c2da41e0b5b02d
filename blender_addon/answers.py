"""What the service answers, and how a broken connection shows."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BROKEN = (OSError, http.client.HTTPException)
"""What a connection may die of; time-outs are OSErrors."""

_PATIENCE_S = 60.0  # without any success; then the service is taken for gone
_BLOCK = 1 << 18


class ServiceError(Exception):
    """What went wrong, in a sentence, and what to do about it.

    kind: a word for programs ("consent", "not_found", "unreachable", ...). status: HTTP's, 0 when nobody answered.
    """

    def __init__(self, kind: str, message: str, fix: str | None = None, status: int = 0) -> None:
        super().__init__(message if fix is None else f"{message} {fix}")
        self.kind, self.user_message, self.fix, self.status = kind, message, fix, status


@dataclass(frozen=True)
class Event:
    """Something that happened to a job. kind: "state", "progress" or "log"; time: unix seconds."""

    id: int
    job: str
    time: float
    kind: str
    data: dict[str, Any]


class Broken(Exception):
    """The connection broke, or nobody answered."""


class Patience:
    """How long to go on trying: until _PATIENCE_S without success, in growing steps."""

    def __init__(self, over: threading.Event | None = None) -> None:
        self._over = over or threading.Event()
        self.renew()

    def renew(self) -> None:
        self._since, self._step = time.monotonic(), 0.1

    def wait(self) -> bool:
        """Wait before the next try; False when patience is at its end."""
        if time.monotonic() - self._since > _PATIENCE_S:
            return False
        self._over.wait(self._step)
        self._step = min(2 * self._step, 5.0)
        return True


def parse(lines: Iterator[str]) -> Iterator[Event]:
    """Server-sent events; one that was cut off is left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            data = json.loads(fields["data"])
            yield Event(int(fields["id"]), data.pop("job"), data.pop("time"), fields["event"], data)
            fields = {}


def received(response: http.client.HTTPResponse) -> bytes:
    """The next part of a body, empty at its end. Raises Broken, also for a body that ends too early."""
    try:
        data = response.read(_BLOCK)
    except BROKEN as error:
        raise Broken(str(error)) from error
    if not data and response.length:
        raise Broken("The answer ended too early.")
    return data


def whole(response: http.client.HTTPResponse) -> bytes:
    return b"".join(iter(lambda: received(response), b""))


def check(response: http.client.HTTPResponse) -> None:
    """Raise what the service says is wrong, if anything."""
    if response.status < 400:
        return
    try:
        problem = json.loads(whole(response))["error"]
        kind, message, fix = problem["kind"], problem["message"], problem["fix"]
    except (ValueError, KeyError, TypeError):
        kind, message, fix = "refused", f"The service answered with status {response.status}.", None
    raise ServiceError(kind, message, fix, response.status)


def unreachable(error: Exception) -> ServiceError:
    return ServiceError("unreachable", f"The service cannot be reached ({error}).", "Start it with: garrick serve")


def read_runtime(runtime: Path) -> tuple[str, str] | None:
    """Url and token of a runtime file; None when there is none."""
    try:
        found = json.loads(runtime.read_bytes())
        return found["url"], found["token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
