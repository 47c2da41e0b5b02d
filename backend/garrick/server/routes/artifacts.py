"""/v1/jobs/{id}/artifacts: what a job has made."""

from __future__ import annotations

import mimetypes
import os
import re
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse

from garrick.outputs.folder import ARTIFACTS

from ..answers import Refused, failures
from ..service import service_of
from ..wire import Artifact, ArtifactList
from .jobs import JobId, known

router = APIRouter(prefix="/jobs/{id}/artifacts", tags=["artifacts"])

_FRAMES = (r"frames/frame_[0-9]{6,9}\.png", r"exr/frame_[0-9]{6,9}\.exr")
_NAME = "|".join([*(re.escape(name) for name in ARTIFACTS), *_FRAMES])

Name = Annotated[str, Path(pattern=f"^({_NAME})$", max_length=64)]


@router.get("", responses=failures(404))
def artifacts(id: JobId, request: Request) -> ArtifactList:
    """Names and sizes of the finished files; frames come as they are rendered."""
    service = service_of(request)
    known(service, id)
    folder = service.settings.jobs / id
    found = [*_entries(folder, ""), *_entries(folder / "frames", "frames/"), *_entries(folder / "exr", "exr/")]
    return ArtifactList(artifacts=[entry for entry in found if re.fullmatch(_NAME, entry.name)])


@router.get(
    "/{name:path}",
    responses={
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "The range that was asked for."},
        416: {"description": "No such range."},
        **failures(404),
    },
    response_class=FileResponse,
)
def artifact(id: JobId, name: Name, request: Request) -> FileResponse:
    """One finished file, or the Range of it that is asked for."""
    service = service_of(request)
    known(service, id)
    path = service.settings.jobs / id / name  # both have been matched, letter by letter, with what Garrick writes
    try:
        found = path.stat()
    except FileNotFoundError:
        raise Refused(404, "not_found", f"The job has no {name} (yet).", "List its artifacts.") from None
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, filename=path.name, stat_result=found)


def _entries(folder: FilePath, prefix: str) -> list[Artifact]:
    try:
        with os.scandir(folder) as entries:
            files = [
                Artifact(name=prefix + entry.name, size=entry.stat().st_size) for entry in entries if entry.is_file()
            ]
    except FileNotFoundError:
        return []
    return sorted(files, key=lambda file: file.name)
