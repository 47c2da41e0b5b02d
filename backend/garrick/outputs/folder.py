"""The shot folder: whose it is, what is finished in it, and when a run may go on in it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import garrick
from garrick.core.performance import Performance
from garrick.errors import InputError, OutputError
from garrick.job import Job

from .files import make_folder, output_error, sha256, whole_file, write_bytes, write_json

ARTIFACTS = (
    "performance.npz", "rig.npz", "texture.png", "background.png", "camera.json", "speech.json", "audio.wav",
    "preview.mp4", "shot.json", "scene.blend", "report.json",
)  # fmt: skip
"""What a finished folder holds, besides `frames/` and `job.json`."""

_OWN = (*ARTIFACTS, "frames")
_ANEW = "Add --overwrite to start anew, or choose another folder with --out."


class ShotFolder:
    """A folder that belongs to one job.

    The owner, in `job.json`, is the job without its frame range, its files by content and not by name, and Garrick's
    version. Opening checks, and writes nothing but the empty folder; `claim` makes it ours.

    path: the folder. overwrite: what another job left there may go.
    Raises InputError for inputs that cannot be read, OutputError for a folder that cannot be written or is another's.
    """

    def __init__(self, path: Path, job: Job, overwrite: bool = False) -> None:
        self.path = path
        self._owner = _owner(job)
        self._fingerprint = hashlib.sha256(json.dumps(self._owner, sort_keys=True).encode()).hexdigest()
        make_folder(path)
        _try_writing(path)
        held = self._held()
        self._fresh = overwrite or held is None
        self._performance = None if self._fresh or held is None else held["performance"]
        if overwrite:
            return
        if held is None:
            foreign = [name for name in _OWN if (path / name).exists()]
            if foreign:
                raise OutputError(f"{path} holds {foreign[0]}, but no job.json that says whose it is.", _ANEW)
        elif held["owner"] != self._owner:
            raise OutputError(f"{path} holds another job: {_difference(held['owner'], self._owner)}.", _ANEW)

    def claim(self) -> None:
        """Make the folder this job's; what another job left goes now. Raises OutputError."""
        if self._fresh:
            _remove(self.path)
            make_folder(self.path / ".garrick")
            self._write()
            self._fresh = False

    def performance(self, make: Callable[[], Performance]) -> tuple[Performance, bool]:
        """The job's performance, and whether an artist has edited it.

        The one on disk counts: it is never made again over an artist's keys. `make` is called when there is none.
        Raises OutputError for a file that is no performance.
        """
        path = self.path / "performance.npz"
        if not path.exists():
            performance = make()
            with whole_file(path) as aside:
                performance.save(aside)
            self._performance = sha256(path)
            self._write()
            return performance, False
        try:
            return Performance.load(path), sha256(path) != self._performance
        except ValueError as error:
            raise OutputError(str(error), f"Remove {path} to have it made again.") from error
        except OSError as error:
            raise output_error(error, path) from error

    def take_key(self) -> str:
        """Names everything that the frames' pixels depend on: the job and the performance on disk."""
        return hashlib.sha256(f"{self._fingerprint} {sha256(self.path / 'performance.npz')}".encode()).hexdigest()

    def files(self) -> dict[str, Path]:
        """Name -> path of the artifacts that are there."""
        return {name: self.path / name for name in ARTIFACTS if (self.path / name).exists()}

    def _held(self) -> dict[str, Any] | None:
        """What job.json says; None when there is none. Raises OutputError when it is not ours to read."""
        path = self.path / "job.json"
        try:
            held = json.loads(path.read_bytes())
            return {"owner": dict(held["owner"]), "performance": held["performance"]}
        except FileNotFoundError:
            return None
        except OSError as error:
            raise output_error(error, path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise OutputError(f"{path} was not written by Garrick.", "Choose another folder with --out.") from error

    def _write(self) -> None:
        write_json(self.path / "job.json", {"owner": self._owner, "performance": self._performance})


def _owner(job: Job) -> dict[str, Any]:
    settings = job.model_dump(mode="json", exclude={"portrait", "audio", "frames"})
    files = {"portrait": _digest(job.portrait), "audio": None if job.audio is None else _digest(job.audio)}
    return {"garrick": garrick.__version__, **files, **settings}


def _digest(path: Path) -> str:
    try:
        return sha256(path)
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _difference(held: dict[str, Any], wanted: dict[str, Any]) -> str:
    """The first thing that sets two owners apart, in words."""
    name = next(name for name in held | wanted if held.get(name) != wanted.get(name))
    if name in ("portrait", "audio"):
        return f"another {'portrait' if name == 'portrait' else 'voice'}"
    return f"{name} {held.get(name)} instead of {wanted.get(name)}"


def _try_writing(path: Path) -> None:
    """Find out before the work whether the work can be kept."""
    probe = path / ".garrick-probe"
    try:
        write_bytes(probe, b"x")
    finally:
        probe.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    """Remove what Garrick writes into a folder, and nothing else."""
    try:
        for name in ("job.json", *ARTIFACTS):
            (path / name).unlink(missing_ok=True)
        for frame in (path / "frames").glob("frame_*.png"):
            frame.unlink()
        if (path / ".garrick").exists():
            shutil.rmtree(path / ".garrick")
    except OSError as error:
        raise output_error(error, path) from error
