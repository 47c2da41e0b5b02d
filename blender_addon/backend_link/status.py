"""What the service says of itself, as a light and a sentence. Pure: no bpy, no network."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

Light = Literal["off", "starting", "ready", "busy", "outdated"]


@dataclass(frozen=True)
class Status:
    """How the backend does.

    light:  "off", "starting", "ready", "busy" or "outdated" (it and the add-on are of different versions).
    sentence: for the panel. health: what /v1/health answered last, None while it does not answer.
    """

    light: Light
    sentence: str
    health: dict[str, Any] | None = None


@lru_cache(maxsize=1)
def addon_version() -> str:
    """This add-on's version, of its manifest."""
    manifest = Path(__file__).resolve().parents[1] / "blender_manifest.toml"
    return tomllib.loads(manifest.read_text(encoding="utf-8"))["version"]


def judge(health: dict[str, Any], ours: str) -> Status:
    """A health answer as a status; members that it does not know are passed over. ours: the add-on's version."""
    theirs = str(health.get("version", ""))
    if (difference := compare(theirs, ours)) != 0:
        update = "set the backend up again" if difference < 0 else "update the add-on"
        return Status("outdated", f"The backend is version {theirs or '?'}, the add-on {ours}: {update}", health)
    if "queue" not in health:
        return Status("off", "The service does not accept the token")
    workers = health.get("workers") or []
    broken = [worker for worker in workers if worker.get("state") == "broken"]
    if workers and len(broken) == len(workers):
        return Status("off", f"Its worker does not come up: {broken[0].get('error') or 'see the log'}", health)
    waiting = sum(health["queue"].get(state, 0) for state in ("queued", "running", "cancelling"))
    if waiting:
        return Status("busy", "One job at work" if waiting == 1 else f"{waiting} jobs at work or waiting", health)
    if health.get("status") == "full":
        return Status("ready", "Ready, but its disk is nearly full", health)
    if any(worker.get("state") == "starting" for worker in workers):
        return Status("ready", "Ready; the models are still being loaded", health)
    return Status("ready", "Ready", health)


def compare(theirs: str, ours: str) -> int:
    """-1 when the backend is too old for the add-on, 1 when it is too new, 0 when they fit.

    Versions fit that agree in their first number, and while that is 0 in their second: the rest are mends.
    """
    older, newer = _series(theirs), _series(ours)
    return (older > newer) - (older < newer)


def _series(version: str) -> tuple[int, int]:
    parts = [int(part) if part.isdecimal() else 0 for part in version.split(".")[:2]] + [0, 0]
    return (parts[0], parts[1] if parts[0] == 0 else 0)
