"""The job that made a shot: remembered by the shot, by its folder's receipt, or by content only."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import bpy

from ..runner import ASSET, read_receipt
from . import versions
from .version_files import JOB

_FILES = ("portrait", "audio", "style", "background")
REPORT = "report.json"
_MAKER = ("garrick", "renderer")  # what made the shot: beside the job in job.json, and no part of it


def job_of(shot: bpy.types.Collection) -> tuple[dict[str, Any], bool]:
    """The job, its files by paths that exist or by content ("sha256:..."), and whether the person agreed.

    Raises ValueError when nobody knows where the portrait is.
    """
    job, consent = _known(shot)
    owner = _owner(versions.root_of(shot))
    for name in _FILES:
        held = job.get(name)
        if held and not held.startswith(ASSET):
            path = Path(bpy.path.abspath(held))
            if path.is_file():
                job[name] = str(path)
            elif owner.get(name):
                job[name] = ASSET + owner[name]  # the service may have it still
    portrait = job.get("portrait") or ""
    if not portrait.startswith(ASSET) and not Path(portrait).is_file():
        where = portrait or "any known place"
        raise ValueError(f"The portrait of {shot.name} is not at {where}: press Choose Portrait.")
    return job, consent


def choose_portrait(shot: bpy.types.Collection, path: Path) -> None:
    """Remember where the portrait is. Raises ValueError for another picture than the shot was made from, OSError."""
    made_from = _owner(versions.root_of(shot)).get("portrait")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if made_from not in (None, digest):
        raise ValueError(f"{path.name} is not the picture that {shot.name} was made from.")
    remember(shot, {"portrait": str(path)})


def remember(shot: bpy.types.Collection, changes: dict[str, Any]) -> None:
    """Change the shot's own job; None takes an entry out."""
    job, consent = _known(shot)
    job = {name: value for name, value in (job | changes).items() if value is not None}
    shot.garrick.job = json.dumps(job, ensure_ascii=False)
    shot.garrick.portrait_consent = consent


def _known(shot: bpy.types.Collection) -> tuple[dict[str, Any], bool]:
    """The job as it was asked for, as far as anybody knows, and the consent."""
    kept, root = shot.garrick, versions.root_of(shot)
    if kept.job:
        return json.loads(kept.job), kept.portrait_consent
    receipt = read_receipt(root)
    if receipt is not None:
        return dict(receipt["job"]), kept.portrait_consent or bool(receipt.get("consent"))
    job = {name: value for name, value in _owner(root).items() if name not in _MAKER and value is not None}
    return job | {name: _found(root, name, job[name]) for name in _FILES if name in job}, kept.portrait_consent


def _found(root: Path, name: str, digest: str) -> str:
    """Where a file lay when the shot was made on this computer, if it is still the same; else its content's name."""
    try:
        path = Path(json.loads((root / REPORT).read_bytes())["job"][name])
        with path.open("rb") as file:
            if path.is_absolute() and hashlib.file_digest(file, "sha256").hexdigest() == digest:
                return str(path)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a shot from elsewhere
    return ASSET + digest


def _owner(root: Path) -> dict[str, Any]:
    """The job as job.json of a shot folder holds it, files by their sha256; empty where there is none."""
    try:
        return dict(json.loads((root / JOB).read_bytes())["owner"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
