"""Frames from the renderer to the disk, one after another: rendering, PNG, EXR and H.264 overlap, memory stays flat."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from garrick.context import RunContext
from garrick.rendering.take import Take

from .files import make_folder, write_bytes
from .frames import FrameStore
from .video import Segment, segments

_WRITERS = min(16, os.cpu_count() or 1)  # PNG and EXR threads; zlib and the disk work outside of Python's lock
_WAITING = 4  # frames on their way besides those being written: a slow disk slows the renderer, and fills no memory


@dataclass(frozen=True)
class Written:
    """What `write_take` did.

    rendered: frames that were made now; kept: frames that were finished before and verified.
    """

    rendered: int
    kept: int


@dataclass(frozen=True)
class Film:
    """The preview's pieces in order, and the frames that they show."""

    pieces: tuple[Path, ...]
    frames: range


def write_take(take: Take, frames: range, store: FrameStore, ctx: RunContext, chunk: int | None = None) -> Written:
    """Render `frames` of the take into the store; those that are finished and whole are left alone.

    chunk: so many frames are finished, on disk, before the next is begun.
    A frame that is finished is rendered again only where the preview broke off beside it.
    Raises OutputError, Cancelled; what is finished by then stays.
    """
    kept = store.finished(frames)
    wanted = set(frames) - kept
    _render(_Shoot(take, store, ctx), store.around(frames, len(take)), frames, wanted, "frames", chunk)
    return Written(len(wanted), len(kept))


def write_film(take: Take, frames: range, store: FrameStore, ctx: RunContext) -> Film:
    """The pieces of the preview of all finished frames around `frames`; those that are not there are made.

    Pieces lie on a grid of `SEGMENT` frames, so the film is the same however its frames were divided among runs; where a
    run ended inside of a piece, its frames are rendered once more. One process at a time may do this in a shot folder.
    store: opened now, so that it knows what other runs have written. Raises OutputError, Cancelled.
    """
    film = store.around(frames, len(take))
    shoot = _Shoot(take, store, ctx)
    _render(shoot, film, film, set(), "preview", None)
    pieces = tuple(map(shoot.piece, segments(film)))
    for path in set(shoot.previews.glob("[0-9]*.mp4")) - set(pieces):
        if int(path.name[:6]) in film:
            path.unlink(missing_ok=True)  # a part of a piece that is whole now
    return Film(pieces, film)


@dataclass(frozen=True)
class _Shoot:
    """One take on its way into one shot folder."""

    take: Take
    store: FrameStore
    ctx: RunContext

    @property
    def previews(self) -> Path:
        """The folder of the preview's pieces."""
        return self.store.shot / ".garrick" / f"preview-{self.store.take}"

    def piece(self, frames: range) -> Path:
        """Where one piece of the preview lies."""
        return self.previews / f"{frames.start:06d}-{frames.stop - 1:06d}.mp4"


def _render(shoot: _Shoot, film: range, counted: range, wanted: set[int], phase: str, chunk: int | None) -> None:
    """Go through the film once: write the `wanted` frames and those pieces of the preview that are not there.

    counted: the frames that progress is told of; all of `wanted` lie in them.
    """
    take, ctx = shoot.take, shoot.ctx
    make_folder(shoot.previews)
    begun = 0
    with ThreadPoolExecutor(_WRITERS) as writers, ThreadPoolExecutor(1) as encoder, _Queue() as queue:
        for piece in segments(film):
            path = shoot.piece(piece)
            segment = None if path.exists() else Segment(take.camera.size, take.camera.fps)
            for index in piece:
                if index not in wanted and segment is None:
                    continue
                done = min(max(index - counted.start, 0), len(counted))
                ctx.step(phase, done, len(counted))
                if chunk is not None and done // chunk > begun:
                    queue.drain()
                    begun = done // chunk
                    ctx.log(f"{phase}: {counted.start}-{index - 1} are finished")
                frame = take.render(index)
                if index in wanted:
                    passes = (frame, take.camera.at(index)) if shoot.store.passes else ()
                    queue.put(writers, shoot.store.write, index, frame.rgba, *passes)
                if segment is not None:
                    queue.put(encoder, segment.add, frame.plate)
            if segment is not None:
                queue.put(encoder, _finish, segment, path)
        queue.drain()
    ctx.step(phase, len(counted), len(counted))


class _Queue:
    """Work in other threads, a bounded amount of it; the first failure is raised where the work is handed in.

    Left by an exception, it takes back what nobody has begun: a user who stops the run waits for no more than that.
    """

    def __init__(self) -> None:
        self._waiting: deque[Future] = deque()

    def __enter__(self) -> _Queue:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for future in self._waiting:
                future.cancel()

    def put(self, executor: Executor, work, *arguments) -> None:
        while len(self._waiting) >= _WRITERS + _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(executor.submit(work, *arguments))

    def drain(self) -> None:
        while self._waiting:
            self._waiting.popleft().result()


def _finish(segment: Segment, path: Path) -> None:
    write_bytes(path, segment.finish())
