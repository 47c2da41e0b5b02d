"""The stage cache: what a voice, a portrait and their motion became, kept by content, so that it is not made again.

An entry is named by everything it depends on: the stage, its inputs by content, its settings, and the source of Garrick
with the versions of the libraries at work. So an entry is either right or never found, and what comes out of the cache is
bit for bit what would be made anew.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from garrick import source
from garrick.bodies.own_files import hand_file
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.errors import InputError, OutputError
from garrick.files import make_folder, sha256, whole_file
from garrick.job import MANNER, Job
from garrick.stage_files import load_portrait, load_speech, save_portrait, save_speech

T = TypeVar("T")

_ABANDONED = 3600.0  # seconds after which a file that nobody finished is removed


@dataclass(frozen=True)
class Stage(Generic[T]):
    """One kind of entry. name: the phase that makes it; save, load: its file, lossless, without pickles."""

    name: str
    save: Callable[[Path, T], None]
    load: Callable[[Path], T]


SPEECH = Stage("speech", save_speech, load_speech)
PORTRAIT = Stage("portrait", save_portrait, load_portrait)
MOTION = Stage("motion", lambda path, performance: performance.save(path), Performance.load)


class StageCache:
    """Entries in a folder, whole or absent, the ones longest unused removed first; any number of processes may use it.

    limit_bytes: what the entries may take together.
    """

    def __init__(self, folder: Path, limit_bytes: float = 4e9) -> None:
        self._folder = folder
        self._limit = limit_bytes

    def take(self, stage: Stage[T], key: str, ctx: RunContext) -> T | None:
        """The entry, or None. A damaged one is removed, and the log says so."""
        path = self._path(stage, key)
        try:
            value = stage.load(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            ctx.log(f"{stage.name}: the cached result is damaged and made again ({error})")
            with suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        with suppress(OSError):  # a cache that may only be read serves as well
            os.utime(path)
        return value

    def keep(self, stage: Stage[T], key: str, value: T) -> None:
        """Write the entry and make room for it. Raises OutputError."""
        make_folder(self._folder)
        with whole_file(self._path(stage, key)) as aside:
            stage.save(aside, value)
        self._trim()

    def _path(self, stage: Stage[Any], key: str) -> Path:
        return self._folder / f"{stage.name}-{key}.npz"

    def _trim(self) -> None:
        """Remove the entries longest unused until the rest fits; other processes may do so at the same time."""
        now, total = time.time(), 0
        for used, size, path in sorted(self._entries(), reverse=True):
            total += size
            half = path.suffix == ".part"  # being written by another process, or left behind by a killed one
            if now - used > _ABANDONED if half else total > self._limit:
                with suppress(OSError):  # Windows keeps a file that another process is reading
                    path.unlink(missing_ok=True)

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Last use in unix seconds, bytes and path of every file."""
        entries = []
        for path in self._folder.iterdir():
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            entries.append((facts.st_mtime, facts.st_size, path))
        return entries


class Stages:
    """The stages of one run: found in the cache, or made, and kept there when `keep` is called.

    anew: find nothing. cached: the names of the stages that were found.
    """

    def __init__(self, cache: StageCache, ctx: RunContext, anew: bool) -> None:
        self.cached: list[str] = []
        self._cache, self._ctx, self._anew = cache, ctx, anew
        self._made: list[tuple[Stage[Any], str, Any]] = []

    def get(self, stage: Stage[T], key: Callable[[], str], make: Callable[[], T]) -> T:
        """The stage's result. key: names what it depends on, inputs by their content at the time of the call."""
        before = key()
        found = None if self._anew else self._cache.take(stage, before, self._ctx)
        if found is not None:
            self._ctx.step(stage.name, 1, 1)
            self._ctx.log(f"{stage.name}: from the cache")
            self.cached.append(stage.name)
            return found
        value = make()
        if key() == before:  # else an input has changed under our hands, and nobody knows which one was read
            self._made.append((stage, before, value))
        return value

    def keep(self) -> None:
        """Put what was made into the cache. A disk that refuses costs time later, but no result: the log says it."""
        for stage, key, value in self._made:
            try:
                self._cache.keep(stage, key, value)
            except OutputError as error:
                self._ctx.log(f"{stage.name}: not kept in the cache. {error}")
        self._made.clear()


def speech_key(job: Job) -> str:
    """Names the speech of a job. Raises InputError."""
    how: dict[str, Any] = {"language": job.language} if job.text is not None or job.transcribe else {}
    if job.audio is None:
        how |= {"voice": job.voice, "speed": job.speed}
    if job.transcribe:
        how["transcribe"] = [importlib.metadata.version(name) for name in ("faster-whisper", "ctranslate2")]
    return _key("speech", audio=_digest(job.audio), text=job.text, **how)


def portrait_key(job: Job) -> str:
    """Names the portrait of a job. Raises InputError."""
    how = {"size": job.size, "face_index": job.face_index, "framing": job.framing}
    return _key("portrait", portrait=_digest(job.portrait), **how)


def motion_key(job: Job) -> str:
    """Names the motion of a job. Raises InputError."""
    settings = job.model_dump(mode="json", include={*MANNER, "fps", "seed"})
    return _key(
        "motion",
        speech=speech_key(job),
        portrait=portrait_key(job),
        style=_digest(job.style),
        hands=[_digest(hand_file(side)) for side in ("left", "right")],
        **settings,
    )


def _key(stage: str, **depends: Any) -> str:
    facts = {"code": _CODE, "stage": stage, **depends}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _digest(path: Path | None) -> str | None:
    try:
        return None if path is None else sha256(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


_CODE = source.digest(source.STAGES)  # at import, when it is the source that runs
