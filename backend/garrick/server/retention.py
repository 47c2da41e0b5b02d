"""Keeping house: old jobs, files of jobs that are gone, assets that no job names."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import time
from pathlib import Path

import anyio.to_thread

from garrick.errors import GarrickError

from .assets import AssetStore, a_day_ago
from .job_id import JOB_ID
from .records import JobState
from .settings import Settings
from .store import JobStore
from .wire import assets_of

_log = logging.getLogger(__name__)

_EVERY_S = 600.0
_GONE = "-deleted"


async def keep_house(store: JobStore, settings: Settings, assets: AssetStore) -> None:
    """Tidy up every ten minutes, when no job is being rendered, until cancelled."""
    while True:
        try:
            if not await anyio.to_thread.run_sync(store.count, JobState.RUNNING):
                await anyio.to_thread.run_sync(tidy, store, settings, assets)
        except (GarrickError, OSError):
            _log.exception("tidying up failed; it is tried again later")
        await asyncio.sleep(_EVERY_S)


def tidy(store: JobStore, settings: Settings, assets: AssetStore) -> None:
    """Delete jobs that ended more than `keep_days` ago, leftovers, and assets that no job has named for a day."""
    if settings.keep_days:
        for id in store.expired(time.time() - settings.keep_days * 86_400):
            remove_job(store, settings, id)
    for folder in settings.jobs.iterdir() if settings.jobs.exists() else ():
        name = folder.name.removesuffix(_GONE)
        if re.fullmatch(JOB_ID, name) and (folder.name.endswith(_GONE) or store.get(name) is None):
            _remove(folder)
    gone = assets.collect(_named(store), a_day_ago())
    if gone:
        _log.info("%d unused assets removed", gone)


def remove_job(store: JobStore, settings: Settings, id: str) -> bool:
    """Delete a job that has ended and its folder; False when there is none. Raises Conflict for an active one."""
    if not store.delete(id):
        return False
    folder = settings.jobs / id
    if folder.exists():
        gone = folder.with_name(id + _GONE)  # a half-deleted folder is never taken for a job's
        folder.rename(gone)
        _remove(gone)
    return True


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # what could not be removed is tried again by the next `tidy`


def _named(store: JobStore) -> set[str]:
    """The digests of all assets that a job names."""
    named: set[str] = set()
    before = None
    while page := store.list(limit=500, before=before):
        for record in page:
            named.update(assets_of(record.job).values())
        before = page[-1].id
    return named
