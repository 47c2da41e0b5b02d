"""Frames from the renderer to the disk: each thread makes one, its PNG and EXR too, while the film takes them in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numba.core import config

from garrick.context import RunContext
from garrick.files import make_folder, write_bytes
from garrick.rendering.take import Take

from .frames import FrameStore
from .video import Segment, segments

THREADS = min(16, vars(config)["NUMBA_NUM_THREADS"])
"""That make frames: as many as this process may use cores, or as NUMBA_NUM_THREADS says."""

_AHEAD = 2  # finished pictures that may wait for the film besides one a thread: a slow film fills no memory


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


def write_take(
    take: Take, frames: range, store: FrameStore, ctx: RunContext, chunk: int | None = None, threads: int = THREADS
) -> Written:
    """Render `frames` of the take into the store; those that are finished and whole are left alone.

    chunk:   so many frames are finished, on disk, before the next is begun.
    threads: that make frames; the files are the same with any number.
    A frame that is finished is rendered again only where the preview broke off beside it.
    Raises OutputError, Cancelled; what is finished by then stays.
    """
    kept = store.finished(frames)
    wanted = set(frames) - kept
    _render(_Shoot(take, store, ctx, threads), store.around(frames, len(take)), frames, wanted, "frames", chunk)
    return Written(len(wanted), len(kept))


def write_film(take: Take, frames: range, store: FrameStore, ctx: RunContext) -> Film:
    """The pieces of the preview of all finished frames around `frames`; those that are not there are made.

    Pieces lie on a grid of `SEGMENT` frames, so the film is the same however its frames were divided among runs; where a
    run ended inside of a piece, its frames are rendered once more. One process at a time may do this in a shot folder.
    store: opened now, so that it knows what other runs have written. Raises OutputError, Cancelled.
    """
    film = store.around(frames, len(take))
    shoot = _Shoot(take, store, ctx, THREADS)
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
    threads: int

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
    ctx = shoot.ctx
    make_folder(shoot.previews)
    missing = [piece for piece in segments(film) if not shoot.piece(piece).exists()]
    filmed = {index for piece in missing for index in piece}

    def done(index: int) -> int:
        return min(max(index - counted.start, 0), len(counted))

    def make(index: int) -> np.ndarray | None:
        ctx.check()
        try:
            return _made(shoot, index, index in wanted, index in filmed)
        except Exception as error:
            error.add_note(f"This happened in frame {index}.")
            raise

    pieces = _Pieces(shoot, missing)
    for part, indices in groupby(sorted(wanted | filmed), lambda index: done(index) // chunk if chunk else 0):
        if chunk and part:
            ctx.log(f"{phase}: {counted.start}-{counted.start + part * chunk - 1} are finished")
        # closed where it is left: what is raised would keep it, and its threads, alive
        with closing(_in_order(make, indices, shoot.threads)) as made:
            for index, picture in made:
                ctx.step(phase, done(index), len(counted))
                if picture is not None:
                    pieces.add(index, picture)
    ctx.step(phase, len(counted), len(counted))


def _made(shoot: _Shoot, index: int, wanted: bool, filmed: bool) -> np.ndarray | None:
    """Render one frame and write it if it is wanted; the picture for the film, where that lacks it."""
    take, store = shoot.take, shoot.store
    frame = take.render(index)
    if wanted:
        store.write(index, frame.rgba, frame, take.camera.at(index))
    return frame.plate if filmed else None


def _in_order(
    make: Callable[[int], np.ndarray | None], indices: Iterable[int], count: int
) -> Generator[tuple[int, np.ndarray | None], None, None]:
    """Each index with what is made of it, in their order, made by several threads; the first failure in it is raised.

    A thread begins a frame only while few wait to be taken. Left early, it takes back those that nobody has begun, and
    waits for the others.
    """
    with ThreadPoolExecutor(count, "frame") as threads:
        waiting: deque[tuple[int, Future[np.ndarray | None]]] = deque()
        try:
            for index in indices:
                if len(waiting) == count + _AHEAD:
                    yield _next(waiting)
                waiting.append((index, threads.submit(make, index)))
            while waiting:
                yield _next(waiting)
        finally:
            for _, future in waiting:
                future.cancel()


def _next(waiting: deque[tuple[int, Future[np.ndarray | None]]]) -> tuple[int, np.ndarray | None]:
    index, future = waiting.popleft()
    return index, future.result()


class _Pieces:
    """The pieces of the preview that are not there, made one after another of pictures that come in order."""

    def __init__(self, shoot: _Shoot, missing: Iterable[range]) -> None:
        self._shoot = shoot
        self._missing = deque(missing)
        self._segment: Segment | None = None

    def add(self, index: int, picture: np.ndarray) -> None:
        """Encode the next picture; with its last one a piece is written."""
        camera = self._shoot.take.camera
        segment = self._segment or Segment(camera.size, camera.fps)
        segment.add(picture)
        self._segment = segment
        if index == self._missing[0][-1]:
            write_bytes(self._shoot.piece(self._missing.popleft()), segment.finish())
            self._segment = None
