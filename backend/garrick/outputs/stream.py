"""Frames from the renderer to the disk, one after another: rendering, PNG and H.264 overlap, memory stays flat."""

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

_WRITERS = min(4, os.cpu_count() or 1)  # PNG threads; zlib and the disk work outside of Python's lock
_WAITING = 2 * _WRITERS + 2  # frames on their way at most: a slow disk slows the renderer, and fills no memory


@dataclass(frozen=True)
class Written:
    """What `write_take` did.

    segments: the pieces of the preview, in order.
    rendered: frames that were made now; kept: frames that were finished before and verified.
    first, last: the longest run of finished frames around those asked for.
    """

    segments: tuple[Path, ...]
    rendered: int
    kept: int
    first: int
    last: int


def write_take(take: Take, frames: range, shot: Path, key: str, ctx: RunContext) -> Written:
    """Render `frames` of the take into the shot folder; those that are finished and whole are left alone.

    key: names what the pixels depend on (`ShotFolder.take_key`).
    A frame that is finished is rendered again only where the preview broke off beside it.
    Raises OutputError, Cancelled; what is finished by then stays.
    """
    store = FrameStore(shot, key)
    kept = store.finished(frames)
    preview = shot / ".garrick" / f"preview-{key[:16]}"
    make_folder(preview)
    pieces = {piece: preview / f"{piece.start:06d}-{piece.stop - 1:06d}.mp4" for piece in segments(frames)}
    rendered = done = 0
    with ThreadPoolExecutor(_WRITERS) as writers, ThreadPoolExecutor(1) as encoder:
        queue = _Queue()
        for piece, path in pieces.items():
            encode = not path.exists()
            segment = Segment(take.camera.size, take.camera.fps) if encode else None
            for index in piece:
                ctx.step("frames", done, len(frames))
                done += 1
                if index in kept and segment is None:
                    continue
                frame = take.render(index)
                rendered += 1
                if index not in kept:
                    queue.put(writers, store.write, index, frame.rgba)
                if segment is not None:
                    queue.put(encoder, segment.add, frame.plate)
            if segment is not None:
                queue.put(encoder, _finish, segment, path)
        queue.drain()
    ctx.step("frames", done, len(frames))
    first, last = _run_around(store, frames, len(take))
    return Written(tuple(pieces.values()), rendered, len(kept), first, last)


class _Queue:
    """Work in other threads, a bounded amount of it; the first failure is raised where the work is handed in."""

    def __init__(self) -> None:
        self._waiting: deque[Future] = deque()

    def put(self, executor: Executor, work, *arguments) -> None:
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(executor.submit(work, *arguments))

    def drain(self) -> None:
        while self._waiting:
            self._waiting.popleft().result()


def _finish(segment: Segment, path: Path) -> None:
    write_bytes(path, segment.finish())


def _run_around(store: FrameStore, frames: range, count: int) -> tuple[int, int]:
    """The range, longer on both sides by the finished frames that touch it."""
    first, last = frames.start, frames.stop - 1
    while first > 0 and store.recorded(first - 1):
        first -= 1
    while last < count - 1 and store.recorded(last + 1):
        last += 1
    return first, last
