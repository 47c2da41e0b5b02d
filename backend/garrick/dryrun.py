"""What a run would do: everything is checked that can be known without doing it, and nothing is written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.core.timing import frame_count
from garrick.errors import InputError, OutputError
from garrick.files import output_error
from garrick.inputs import Given, check
from garrick.job import Job
from garrick.outputs.folder import ShotFolder
from garrick.outputs.frames import FrameStore
from garrick.outputs.video import SEGMENT
from garrick.rendering.torch_engine.device import renderer


@dataclass(frozen=True)
class Outlook:
    """What a run would do.

    clip:     frames of the whole clip; None for a text, whose length is known only when it has been spoken.
    frames:   those that would be rendered; None when the clip's length is not known and no range was asked for.
    finished: how many of them are finished already.
    parts:    the frames in runs of `chunk`, each of which may be rendered by another process in the same folder.
    notes:    sentences for the user.
    """

    clip: int | None
    frames: range | None
    finished: int
    parts: tuple[range, ...]
    notes: tuple[str, ...]


def look_ahead(job: Job, out: Path, chunk: int | None, ctx: RunContext, overwrite: bool = False) -> Outlook:
    """Look at a job as `garrick.pipeline.perform` would. Raises InputError, MissingError, OutputError, Cancelled."""
    given = check(job)
    folder = ShotFolder(out, job, overwrite, look_only=True, renderer=renderer(ctx.device))
    _check_writable(out)
    clip = _clip_length(job, given, folder, ctx)
    frames = _frames(job, clip)
    if clip is not None and given.camera is not None and len(given.camera) not in (1, clip):
        raise InputError(f"The camera has {len(given.camera)} frames, the clip has {clip}.")
    finished = _finished(folder, job, frames)
    parts = () if frames is None else tuple(_parts(frames, chunk or len(frames)))
    return Outlook(clip, frames, finished, parts, tuple(_notes(clip, job, chunk)))


def _clip_length(job: Job, given: Given, folder: ShotFolder, ctx: RunContext) -> int | None:
    """Frames of the clip: of the performance that is there, or of the sound."""
    from garrick.speech.audio import load_sound

    made = folder.path / "performance.npz"
    if not folder.fresh and made.exists():
        try:
            return len(Performance.load(made))
        except ValueError as error:
            raise OutputError(str(error), f"Remove {made} to have it made again.") from error
        except OSError as error:
            raise output_error(error, made) from error
    if given.performance is not None:
        return len(given.performance)
    return None if job.audio is None else frame_count(load_sound(job.audio, ctx).duration, job.fps)


def _frames(job: Job, clip: int | None) -> range | None:
    if job.frames is None:
        return None if clip is None else range(clip)
    first, last = job.frames
    if clip is not None and last >= clip:
        raise InputError(f"Frames {first}-{last} were asked for; the clip has the frames 0-{clip - 1}.")
    return range(first, last + 1)


def _finished(folder: ShotFolder, job: Job, frames: range | None) -> int:
    if frames is None or folder.fresh or not (folder.path / "performance.npz").exists():
        return 0
    return len(FrameStore(folder.path, folder.take_key(), job.passes).finished(frames))


def _parts(frames: range, chunk: int) -> list[range]:
    return [frames[start : start + chunk] for start in range(0, len(frames), chunk)]


def _notes(clip: int | None, job: Job, chunk: int | None) -> list[str]:
    notes = []
    if clip is None:
        notes.append("How long the clip is will be known when the text has been spoken.")
    if chunk is not None and (chunk % SEGMENT or (job.frames is not None and job.frames[0] % SEGMENT)):
        notes.append(f"Chunks that begin at multiples of {SEGMENT} frames spare the preview a second rendering.")
    return notes


def _check_writable(out: Path) -> None:
    """Raise OutputError when the folder, or the nearest one above it that is there, may not be written."""
    there = next(path for path in (out.absolute(), *out.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OutputError(f"{there} may not be written.", "Choose another folder with --out.")
