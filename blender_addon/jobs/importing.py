"""From a finished job to a shot in the scene that remembers what it is and how it was made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..runner import Finished, Request, read_receipt, run_job
from ..shot_import.scene import Imported, Options, import_steps
from ..shot_import.shot import Shot, read_shot
from ..slices import Steps
from ..tasks import Handle

_LEFT_OUT = ("scene.blend",)  # the import makes that scene, here


@dataclass(frozen=True)
class Fetched:
    """A finished job on this computer, read and ready to be imported."""

    id: str
    asked: dict[str, Any]
    consent: bool
    folder: Path
    warnings: tuple[str, ...]
    shot: Shot


def wanted(name: str) -> bool:
    """Whether an import has any use for an artifact."""
    return name not in _LEFT_OUT


def fetch(client: Any, request: Request, handle: Handle) -> Fetched:
    """Have a job done, fetch it and read it; for a thread. Raises what `run_job` does, ValueError, OSError."""
    finished: Finished = run_job(client, request, handle)
    handle.progress("read")
    shot = read_shot(finished.folder / "shot.json")
    return Fetched(finished.id, request.job, request.consent, finished.folder, finished.warnings, shot)


def read_again(folder: Path) -> Fetched:
    """A job that was fetched before. Raises ValueError, OSError."""
    receipt = read_receipt(folder)
    if receipt is None:
        raise ValueError(f"{folder} holds no job that was fetched.")
    warnings = tuple(str(warning) for warning in receipt.get("warnings", ()))
    shot = read_shot(folder / "shot.json")
    return Fetched(receipt["id"], receipt["job"], bool(receipt.get("consent")), folder, warnings, shot)


def asked_for(shot: bpy.types.Collection) -> dict[str, Any]:
    """The job that a shot of the scene was made by, files by their paths; {} where it does not know. Raises ValueError."""
    asked = json.loads(shot.garrick.job) if shot.garrick.job else {}
    if not isinstance(asked, dict):
        raise ValueError("it is no job")
    return asked


def obstacle(scene: bpy.types.Scene | None) -> str | None:
    """Why nothing can be imported into a scene now; None when it can."""
    if scene is None:
        return "The scene that asked for it is not in this file any more"
    if scene.library is not None:
        return "The scene is linked from another file"
    active = bpy.context.view_layer.objects.active if bpy.context.view_layer else None
    if active is not None and active.mode != "OBJECT":
        return "Leave the edit or pose mode first"
    return None


def bring_in(fetched: Fetched, scene: bpy.types.Scene, start: int) -> Steps[Imported]:
    """Import a job into a scene from frame `start` on, in steps. Raises ValueError, OSError, and leaves nothing then."""
    imported = yield from import_steps(fetched.shot, scene, Options(start))
    kept = imported.collection.garrick  # what lies where and belongs to what, the import has written there itself
    kept.job, kept.job_id = json.dumps(fetched.asked, ensure_ascii=False), fetched.id
    kept.portrait_consent = fetched.consent
    return imported
