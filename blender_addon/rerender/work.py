"""The long part of a re-render, in a thread: compare, have the service render what has changed, put a version together.

Nothing here knows Blender.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..answers import ServiceError
from ..client import Client
from ..core.camera import CameraPath
from ..core.merging import merged, settled, with_edits
from ..core.performance import Performance
from ..runner import RECEIPT, Request, run_job
from ..tasks import Handle
from .changes import changed_frames, ranges_of, settled_path
from .version_files import (
    BACKGROUND,
    CAMERA,
    PERFORMANCE,
    RIG,
    Stored,
    carry,
    finished,
    load,
    missing,
    new_version,
    picture_of,
    write_manifest,
    write_motion,
)

_NOT_OF_FRAMES = ("audio", "text", "transcribe", "style", "prores")  # of a job: no frame depends on them
_OF_ONE_FRAME = ("preview.mp4", "alpha.mov", "scene.blend", "evaluation.json")  # where a job is asked for one frame


@dataclass(frozen=True)
class Order:
    """What to render of a shot.

    client:     the service, from within the work.
    name:       the shot's, for people. root: its first version's folder, where versions lie.
    last:       the version that was rendered last.
    job:        the shot's job, files by local paths or "sha256:...". consent: the person agrees to the use of the face.
    everything: render every frame, also those that have not changed.
    """

    client: Callable[[Handle], Client]
    name: str
    root: Path
    last: Stored
    job: Mapping[str, Any]
    consent: bool
    everything: bool = False


@dataclass(frozen=True)
class Rendered:
    """A new version, read again from where it lies; None when nothing had changed, and nothing was made.

    first, last: its frames. ranges: the ones that were rendered for it. performance: with the tracks of what was edited.
    """

    version: Stored | None
    first: int
    last: int
    ranges: tuple[tuple[int, int], ...]
    performance: Performance


@dataclass(frozen=True)
class Seen:
    """What Blender plays now. own_camera: seen through the shot's own camera; None: the last version's path was kept."""

    performance: Performance
    path: CameraPath
    own_camera: bool | None


def rerender(order: Order, seen: Seen, handle: Handle) -> Rendered:
    """Render what differs from the last version. Raises Cancelled, ServiceError, ValueError."""
    last = order.last
    stored = last.shot.performance
    # What has been taken back is what was generated, to the bit, and what has not been touched is what was rendered.
    now = with_edits(settled(seen.performance, stored, last.generated), last.generated)
    path = settled_path(seen.path, last.path)
    first, end = _span(last)
    changed = changed_frames(now, path, stored, last.path)
    changed |= order.everything or (order.job.get("quality") == "draft") != last.draft
    changed[missing(last.folder, range(first, end + 1))] = True
    changed[:first] = changed[end + 1 :] = False
    ranges = ranges_of(changed)
    if not ranges:
        return Rendered(None, first, end, (), now)
    with _output_errors(order.root), new_version(order.root) as aside:
        write_motion(aside, now, last.generated, path)
        _render(order, aside, now, path, ranges, handle)
        rendered = np.zeros(len(now), bool)
        for start, stop in ranges:
            rendered[start : stop + 1] = True
        carry(last.folder, aside, lambda frame: first <= frame <= end and not rendered[frame])
        write_manifest(last.folder, aside, first, end, _own_camera(seen, last))
    return Rendered(load(finished(aside)), first, end, tuple(ranges), now)


def regenerate(order: Order, changes: Mapping[str, Any], seen: Seen, handle: Handle) -> Rendered:
    """Generate the speech again with `changes` of the job, keep the edited curves, and render all of it.

    A camera that moves holds its last pose when the new clip is longer. Raises Cancelled, ServiceError, ValueError.
    """
    last = order.last
    edited = with_edits(settled(seen.performance, last.generated), last.generated)
    job = {name: value for name, value in (dict(order.job) | dict(changes)).items() if value is not None}
    path = settled_path(seen.path, last.path)
    with _output_errors(order.root), new_version(order.root) as aside:
        # One frame: the service gives the motion with it.
        job.pop("performance", None)
        job.pop("camera", None)
        job.pop("prores", None)
        made = Request({**job, "frames": [0, 0]}, order.name, order.consent, aside, _fetched_with_motion)
        run_job(order.client(handle), made, handle)
        carry(last.folder, aside, lambda frame: False)  # the rig: keys go to the bones that the scene was built with
        generated = Performance.load(aside / PERFORMANCE)
        now = merged(generated, edited)
        path = _as_long(path, len(now))
        write_motion(aside, now, generated, path)
        _render(order, aside, now, path, [(0, len(now) - 1)], handle)
        write_manifest(aside, aside, 0, len(now) - 1, _own_camera(seen, last))
    return Rendered(load(finished(aside)), 0, len(now) - 1, ((0, len(now) - 1),), now)


def _fetched_with_motion(name: str) -> bool:
    return name not in (RIG, *_OF_ONE_FRAME) and picture_of(name) is None


def _render(
    order: Order,
    folder: Path,
    performance: Performance,
    path: CameraPath,
    ranges: list[tuple[int, int]],
    handle: Handle,
) -> None:
    """Have the service render ranges into `folder`."""
    shown = {name: value for name, value in order.job.items() if name not in _NOT_OF_FRAMES and value is not None}
    job = shown | {
        "performance": str(folder / PERFORMANCE),
        "camera": str(folder / CAMERA),
        "fps": str(performance.fps),
        "size": list(path.size),
    }
    for first, last in ranges:
        part = {**job, "frames": [first, last]}
        name = f"{order.name} {first}-{last}"
        run_job(order.client(handle), Request(part, name, order.consent, folder, _pictures(first, last)), handle)
        (folder / RECEIPT).unlink(missing_ok=True)
        if gone := missing(folder, range(first, last + 1)):
            raise ServiceError("output", f"The service did not render frame {gone[0]}.", "Press Re-render again.")


def _own_camera(seen: Seen, last: Stored) -> bool:
    return last.own_camera if seen.own_camera is None else seen.own_camera


def _pictures(first: int, last: int) -> Callable[[str], bool]:
    """Whether an artifact is a picture of one of these frames, or what is behind them, which is of their size."""

    def wanted(name: str) -> bool:
        frame = picture_of(name)
        return name == BACKGROUND or (frame is not None and first <= frame <= last)

    return wanted


def _span(last: Stored) -> tuple[int, int]:
    """First and last frame that the version shows."""
    frames = last.shot.frames
    return (0, len(last.shot.performance) - 1) if frames is None else (frames.first, frames.last)


def _as_long(path: CameraPath, frames: int) -> CameraPath:
    """The path cut, or held in its last pose, to `frames` frames."""
    chosen = np.minimum(np.arange(frames), len(path) - 1)
    return replace(path, world_to_camera=path.world_to_camera[chosen], intrinsics=path.intrinsics[chosen])


@contextmanager
def _output_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServiceError(
            "output", f"Nothing can be written into {folder}: {error.strerror}.", "Make room, or make it writable."
        ) from error
