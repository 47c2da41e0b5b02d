"""Work that only the main thread can do, in slices too short to be felt; without a window, in one go.

Reading a scene at other frames moves the scene's frame: each slice puts it back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

import bpy

from ..tasks import Cancelled, redraw

T = TypeVar("T")
SLICE_S = 0.03
"""Seconds of a slice: with the redraw that follows it stays under the 50 ms at which a window begins to stutter."""

_PAUSE_S = 0.01


class Slices(Generic[T]):
    """A generator under way that yields (steps done, steps in all) and returns the result.

    title: for the panel. owner: whose panel shows it, a session_uid. done, failed: hear of the end, on the main thread.
    """

    def __init__(
        self,
        title: str,
        owner: int,
        steps: Generator[tuple[int, int], None, T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.title, self.owner = title, owner
        self.steps_done, self.steps_total = 0, 0
        self._steps, self._done, self._failed = steps, done, failed
        self._cancelled = False

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._cancelled = True

    def slice(self, seconds: float = SLICE_S) -> bool:
        """Go on for so long; whether there is more to do. Tests call it by hand."""
        end = time.perf_counter() + seconds
        try:
            if self._cancelled:
                raise Cancelled
            with _frames_kept():
                while time.perf_counter() < end:
                    self.steps_done, self.steps_total = next(self._steps)
        except StopIteration as finished:
            self._done(finished.value)
            return False
        except Exception as error:  # handed to the one who asked for the work, whatever it is
            self._failed(error)
            return False
        return True


_running: list[Slices] = []


def start(work: Slices[T]) -> Slices[T]:
    """Begin in the background of the window and return at once."""
    _running.append(work)
    if not bpy.app.timers.is_registered(pump):
        bpy.app.timers.register(pump, first_interval=_PAUSE_S, persistent=True)
    return work


def run(steps: Generator[tuple[int, int], None, T]) -> T:
    """Do all of it now. Raises what it raises."""
    with _frames_kept():
        while True:
            try:
                next(steps)
            except StopIteration as finished:
                return finished.value


def pump() -> float | None:
    """One slice; the seconds until the next, None when nothing is left. Tests call it by hand."""
    if _running and not _running[0].slice():
        del _running[0]
    redraw()
    return _PAUSE_S if _running else None


def running(owner: int) -> Slices | None:
    """What is under way for an owner."""
    return next((work for work in _running if work.owner == owner), None)


def stop_all() -> None:
    """Forget everything that is under way; nobody is told."""
    _running.clear()
    if bpy.app.timers.is_registered(pump):
        bpy.app.timers.unregister(pump)


@contextmanager
def _frames_kept() -> Iterator[None]:
    """Put every scene back on its frame."""
    before = [(scene, scene.frame_current, scene.frame_subframe) for scene in bpy.data.scenes]
    try:
        yield
    finally:
        for scene, frame, part in before:
            with suppress(ReferenceError):  # deleted meanwhile
                if (scene.frame_current, scene.frame_subframe) != (frame, part):
                    scene.frame_set(frame, subframe=part)
