"""/v1/health and /v1/schema: what the service is, what it is doing, and what a job may hold."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

import garrick
from garrick.errors import GarrickError

from ..answers import failures
from ..schema import JobSchema, job_schema
from ..service import Service, service_of
from ..store import JobState

router = APIRouter(tags=["service"])

_PACKAGES = ("numpy", "torch", "onnxruntime", "numba", "av", "fastapi", "uvicorn")
_MODELS_S = 60  # the sizes of many files: not looked at by every client that polls,
_looking = threading.Lock()  # and by one at a time


class Health(BaseModel):
    """How the service is. All but the first two only for those who have the token."""

    status: str = Field(description='"ok", or "full" when the disk is nearly full.')
    version: str
    pid: int | None = None
    device: str | None = None
    queue: dict[JobState, int] | None = Field(default=None, description="Jobs by state.")
    workers: list[dict[str, Any]] | None = None
    models: dict[str, bool] | None = Field(default=None, description="Weights by name: whether they are there.")
    versions: dict[str, str] | None = None
    disk_free: int | None = Field(default=None, description="Bytes.")


@router.get("/health", responses=failures(), response_model_exclude_none=True)
def health(request: Request) -> Health:
    """Whether the service lives; with the token also what it is doing."""
    service = service_of(request)
    free = shutil.disk_usage(service.settings.data).free
    status = "ok" if free >= service.settings.disk_reserve else "full"
    if not request.scope["garrick.authorised"]:
        return Health(status=status, version=garrick.__version__)
    return _full(service, status, free)


@router.get("/schema", responses=failures())
def schema() -> JobSchema:
    """The fields of a job: title, unit, range, group, widget and condition of each."""
    return job_schema()


def _full(service: Service, status: str, free: int) -> Health:
    return Health(
        status=status,
        version=garrick.__version__,
        pid=os.getpid(),
        device=service.settings.device,
        queue=service.store.counts(),
        workers=list(service.supervisor.status()),
        models=_models(),
        versions=_versions(),
        disk_free=free,
    )


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in _PACKAGES}


def _models() -> dict[str, bool]:
    with _looking:
        return _models_at(int(time.monotonic() // _MODELS_S))


@lru_cache(maxsize=1)
def _models_at(moment: int) -> dict[str, bool]:
    """By size only; `garrick weights list` reads the bytes. moment: the answer is kept as long as it is the same."""
    from garrick.weights import registry

    return {name: _there(registry.path, name) for name, entry in registry.REGISTRY.items() if not entry.extra}


def _there(path: Callable[[str], Path], name: str) -> bool:
    try:
        path(name)
    except GarrickError:
        return False
    return True
