"""The service's log, made readable. No bpy."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

_TAIL = 512_000  # bytes that are looked at
_START_LINES = 100
_PLAIN = frozenset({"time", "level", "from", "message", "traceback"})


def log_path(data: Path) -> Path:
    """Where the service of a data folder writes."""
    return data / "logs" / "service.log"


def start_path(data: Path) -> Path:
    """Where a service that Blender starts prints to."""
    return log_path(data).with_name("start.log")


def start_troubles(data: Path) -> list[str]:
    """What the last service that Blender started printed besides its JSON events: how Python complains."""
    try:
        lines = start_path(data).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [line for line in lines[-_START_LINES:] if line.strip() and not line.startswith("{")]


def last_lines(path: Path, count: int, only_trouble: bool = False) -> list[str]:
    """The last events of a log, oldest first, one a line; a traceback has lines of its own.

    only_trouble: leave out what is neither warning nor error. Raises OSError.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        lines = file.read().decode(errors="replace").splitlines()
    if size > _TAIL:
        del lines[0]  # cut in its middle
    read = [line for line in map(_readable, lines) if not only_trouble or line[0] in ("warning", "error", "critical")]
    return [line for _, line in read[-count:]]


def _readable(line: str) -> tuple[str, str]:
    """Level and text of one line of the log; one that is not JSON stays as it is."""
    try:
        event = json.loads(line)
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event["time"]))
        level, text = event["level"], f"{moment} {event['level']}: {event['message']}"
    except (ValueError, KeyError, TypeError, OverflowError):
        return "", line
    rest = ", ".join(f"{name}={value}" for name, value in event.items() if name not in _PLAIN and value is not None)
    trace = [f"    {row}" for row in str(event.get("traceback", "")).rstrip().splitlines()]
    return level, "\n".join([f"{text} ({rest})" if rest else text, *trace])
