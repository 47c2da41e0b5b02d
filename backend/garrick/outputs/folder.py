"""The shot folder: whose it is, what is finished in it, and when a run may go on in it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.errors import InputError, OutputError
from garrick.files import locked, make_folder, output_error, sha256, whole_file, write_bytes, write_json
from garrick.job import FILE_FIELDS, Job
from garrick.rendering.torch_engine.device import PROCESSOR
from garrick.source import MAKER

ARTIFACTS = (
    "performance.npz", "rig.npz", "texture.png", "head.png", "background.png", "camera.json", "speech.json", "audio.wav",
    "preview.mp4", "alpha.mov", "shot.json", "scene.blend", "report.json", "evaluation.json", "evaluation.html",
)  # fmt: skip
"""What a finished folder holds, besides `frames/`, `exr/` where passes were asked for, and `job.json`; evaluation.html only
once `garrick evaluate` was run, alpha.mov where a ProRes film was asked for."""

_OWN = (*ARTIFACTS, "frames", "exr")
_OF_A_RUN = ("frames", "prores")  # each run may ask for another part, and for a film of what is finished
_LOCK = "lock"
_ANEW = "Add --overwrite to start anew, or choose another folder with --out."


class ShotFolder:
    """A folder that belongs to one job, whose runs may work in it at the same time.

    The owner, in `job.json`, is the job without what each run may ask for anew, its files by content and not by name,
    and the Garrick that makes its frames. Opening checks, and writes nothing but the empty folder; `claim` makes it ours.

    path: the folder. overwrite: what another job left there may go. look_only: write nothing at all. renderer: of its
    frames, see `torch_engine.device`.
    Raises InputError for inputs that cannot be read, OutputError for a folder that cannot be written or is another's.
    """

    def __init__(
        self, path: Path, job: Job, overwrite: bool = False, look_only: bool = False, renderer: str = PROCESSOR
    ) -> None:
        self.path = path
        self._owner = _owner(job, renderer)
        self._fingerprint = hashlib.sha256(json.dumps(self._owner, sort_keys=True).encode()).hexdigest()
        if not look_only:
            make_folder(path)
            _try_writing(path)
        self._seen = self._held()
        self._anew = overwrite or self._seen is None
        if not overwrite:
            self._refuse_others(self._seen)

    @property
    def fresh(self) -> bool:
        """Whether nothing in the folder counts as this job's."""
        return self._anew

    @property
    def stages(self) -> Path:
        """Where the stages of this job may be cached: they go with the folder."""
        return self.path / ".garrick" / "stages"

    @contextmanager
    def alone(self, phase: str, ctx: RunContext) -> Iterator[None]:
        """Keep the other runs in this folder waiting; one that waits reports `phase`. Raises OutputError, Cancelled."""
        make_folder(self.path / ".garrick")
        with locked(self.path / ".garrick" / _LOCK, lambda: ctx.step(phase, 0, 1)):
            yield

    def claim(self, ctx: RunContext) -> None:
        """Make the folder this job's; what another job left goes now. Raises OutputError, Cancelled."""
        if not self._anew:
            return
        with self.alone("check", ctx):
            held = self._held()
            if held is None or held == self._seen:
                _remove(self.path)
                self._write(None)
            else:  # another run has claimed it since; if it is one of the same job, we join it
                self._refuse_others(held)
        self._anew = False

    def performance(self, make: Callable[[], Performance], ctx: RunContext) -> tuple[Performance, bool]:
        """The job's performance, and whether an artist has edited it.

        The one on disk counts: it is never made again over an artist's keys. `make` is called when there is none, by one
        run at a time. Raises OutputError for a file that is no performance.
        """
        path = self.path / "performance.npz"
        with self.alone("motion", ctx):
            held = self._held()
            if not path.exists():
                performance = make()
                with whole_file(path) as aside:
                    performance.save(aside)
                    self._write(sha256(aside))  # before it has its name: a run killed in between makes it again
                return performance, False
        try:
            return Performance.load(path), held is None or sha256(path) != held["performance"]
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

    def _refuse_others(self, held: dict[str, Any] | None) -> None:
        """Raise OutputError for a folder that is not this job's to go on in."""
        if held is None:
            foreign = [name for name in _OWN if (self.path / name).exists()]
            if foreign:
                raise OutputError(f"{self.path} holds {foreign[0]}, but no job.json that says whose it is.", _ANEW)
        elif held["owner"] != self._owner:
            raise OutputError(f"{self.path} holds another job: {_difference(held['owner'], self._owner)}.", _ANEW)

    def _held(self) -> dict[str, Any] | None:
        """What job.json says; None when there is none. Raises OutputError when it is not ours to read."""
        path = self.path / "job.json"
        try:
            held = json.loads(path.read_bytes())
            return {"owner": dict(held["owner"]), "claim": held.get("claim"), "performance": held["performance"]}
        except FileNotFoundError:
            return None
        except OSError as error:
            raise output_error(error, path) from error
        except (ValueError, KeyError, TypeError) as error:
            raise OutputError(
                f"{path} was not written by this Garrick.", "Choose another folder with --out."
            ) from error

    def _write(self, performance: str | None) -> None:
        """Write job.json. performance: the digest of the performance that was made; None begins a claim of its own."""
        held = self._held()
        claim = uuid4().hex if performance is None or held is None else held["claim"]
        write_json(self.path / "job.json", {"owner": self._owner, "claim": claim, "performance": performance})


def _owner(job: Job, renderer: str) -> dict[str, Any]:
    settings = job.model_dump(mode="json", exclude={*FILE_FIELDS, *_OF_A_RUN})
    files = {name: getattr(job, name) for name in FILE_FIELDS}
    digests = {name: None if path is None else _digest(path) for name, path in files.items()}
    return {"garrick": MAKER, "renderer": renderer, **digests, **settings}


def _digest(path: Path) -> str:
    try:
        return sha256(path)
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _difference(held: dict[str, Any], wanted: dict[str, Any]) -> str:
    """The first thing that sets two owners apart, in words."""
    name = next(name for name in held | wanted if held.get(name, "") != wanted.get(name, ""))
    if name == "renderer":  # other frames in the same shot would differ in bits
        return f"its renderer is {held.get(name, 'of an older Garrick')}, this run's is {wanted[name]}"
    if name == "garrick":
        return f"it was begun by Garrick {held.get(name)}, this is {wanted[name]}"
    if name in FILE_FIELDS:
        return f"another {'voice' if name == 'audio' else name}"
    return f"{name} {held.get(name)} instead of {wanted.get(name)}"


def _try_writing(path: Path) -> None:
    """Find out before the work whether the work can be kept."""
    probe = path / ".garrick-probe"
    try:
        write_bytes(probe, b"x")
    finally:
        probe.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    """Remove what Garrick writes into a folder, and nothing else; job.json last: until then the folder is its owner's."""
    try:
        for name in ARTIFACTS:
            (path / name).unlink(missing_ok=True)
        for frame in (*(path / "frames").glob("frame_*.png"), *(path / "exr").glob("frame_*.exr")):
            frame.unlink(missing_ok=True)
        for kept in (path / ".garrick").iterdir():
            if kept.is_dir():
                shutil.rmtree(kept)
            elif kept.name != _LOCK:
                kept.unlink()
        (path / "job.json").unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, path) from error
