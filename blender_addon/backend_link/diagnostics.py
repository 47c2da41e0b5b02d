"""What a report of a fault should hold, as text: versions, state, the last troubles; no token, no name of the user."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from .. import tasks
from ..core.service_wire import read_address
from ..preferences import Settings
from . import link
from .log_file import last_lines, log_path, start_troubles
from .status import addon_version

_TROUBLES = 15
_LONG_PATH = re.compile(r"""(?<![\w~:/\\.-])(?:~|[A-Za-z]:)?(?:[\\/]+[^\\/\s"':,()]+){3,}""")


def report() -> str:
    """The text, for the clipboard. Main thread only."""
    wanted, now = link.settings(), link.status()
    lines = [
        f"Garrick {addon_version()}, Blender {bpy.app.version_string} ({bpy.app.build_hash.decode()})",
        f"{platform.platform()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        f"Online access: {'on' if bpy.app.online_access else 'off'}, background: {bpy.app.background}",
        f"Backend: {_where(wanted)}",
        f"Status: {now.light}, {now.sentence}",
        *(_health(now.health) if now.health is not None else ()),
        *_tasks(),
        *(_log(wanted) if wanted.local else ()),
    ]
    return scrub("\n".join(lines), (wanted.token, _local_token(wanted)))


def scrub(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text without the secrets, with "~" for the user's own folder and only the ends of longer paths."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "(token)")
    for home in {str(Path.home()), str(Path.home().resolve())}:
        if len(home) > 1:
            text = re.sub(re.escape(home) + r"(?![\w.-])", "~", text)
    return _LONG_PATH.sub(lambda found: "/".join(["...", *re.split(r"[\\/]+", found.group())[-2:]]), text)


def _where(wanted: Settings) -> str:
    if not wanted.local:
        return "at an address" + (", TLS" if wanted.address.startswith("https") else "")
    found = link.environment()
    return f"this computer, {'not set up' if found is None else f'found by {found.source}'}, device {wanted.device}"


def _health(health: dict[str, Any]) -> Iterator[str]:
    versions = health.get("versions") or {}
    yield f"Service {health.get('version')}: " + ", ".join(f"{name} {value}" for name, value in versions.items())
    lost = [name for name, there in (health.get("models") or {}).items() if not there]
    yield f"Device {health.get('device')}; models missing: {', '.join(lost) or 'none'}"
    for worker in health.get("workers") or []:
        memory = (worker.get("rss") or 0) / 1e9
        yield f"Worker {worker.get('state')}, {memory:.1f} GB{', ' + worker['error'] if worker.get('error') else ''}"
    if health.get("disk_free") is not None:
        yield f"Free disk of the service: {health['disk_free'] / 1e9:.1f} GB"
    yield "Jobs: " + ", ".join(f"{count} {state}" for state, count in (health.get("queue") or {}).items())


def _tasks() -> Iterator[str]:
    for task in tasks.running():
        yield f"Under way: {task.title}, {task.phase} {task.done:g}/{task.total:g}"


def _log(wanted: Settings) -> Iterator[str]:
    path = log_path(wanted.data)
    try:
        yield from start_troubles(wanted.data)[-_TROUBLES:]
        troubles = last_lines(path, _TROUBLES, only_trouble=True)
    except OSError as error:
        yield f"Log: {error.strerror}"
        return
    yield f"Log: the last {len(troubles)} warnings and errors" if troubles else "Log: no warnings, no errors"
    yield from troubles


def _local_token(wanted: Settings) -> str:
    found = read_address(wanted.data / "runtime.json")
    return "" if found is None else found[1]
