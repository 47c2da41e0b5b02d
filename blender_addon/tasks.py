"""Long work beside Blender's window: a thread does it, or the main thread in slices too short to be felt.

What a thread does is a plain closure over plain data and never touches bpy. What has to touch it, before and after, is done
in steps (see `slices`). `start` returns at once and the timer `pump` does the rest; `run` waits for all of it, for an
operator's `execute`, for scripts and for background mode, where timers never fire.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import nullcontext
from typing import Any, Generic, Literal, TypeVar

import bpy
from bpy.app.handlers import persistent

from . import slices
from .slices import Progress, Steps, Stopped

T = TypeVar("T")
State = Literal["running", "done", "failed", "cancelled"]

_PUMP_S = 0.1
_PAUSE_S = 0.01  # between two slices
_LINES = 500  # of a task's log that are kept
_SIDEBARS = frozenset({"VIEW_3D", "GRAPH_EDITOR", "DOPESHEET_EDITOR"})
_WHOLE = frozenset({"PROPERTIES", "PREFERENCES"})  # editors that are nothing but panels

Cancelled = Stopped
"""The work stopped because it was asked to."""


class Handle:
    """What the work gets, to tell how far it is and to hear that it should stop.

    cancelled: set when the work should stop; it then raises Cancelled (`check` does).
    """

    def __init__(self, task: Task[Any]) -> None:
        self._task = task
        self.cancelled = threading.Event()

    def progress(self, phase: str, done: float = 0, total: float = 0) -> None:
        """phase: what is being done, in a word or two. done of total: steps; total 0 when nobody knows."""
        self._task._tell(phase, done, total)

    def log(self, line: str) -> None:
        """Keep a line for the log that the panel shows."""
        lines = self._task.lines
        lines.append(line)
        del lines[:-_LINES]

    def check(self) -> None:
        """Raise Cancelled when the work should stop."""
        if self.cancelled.is_set():
            raise Cancelled


class Task(Generic[T]):
    """A piece of long work.

    title:  for the panel.
    work:   runs in a thread; never touches bpy.
    done:   hears the result, on the main thread; what it returns may be steps, which are then gone through in slices. When
            they are stopped they have to leave the scene whole: as it was, or (`slices.through`) as it shall be.
    failed: hears what any of it raised, on the main thread; Cancelled when the user stopped it.
    undo:   name of the undo step that follows `done`; "" when the scene stays as it is.
    owner:  session_uid of what it is done for, whose panel shows it; 0 for nothing.
    first:  steps on the main thread before `work`, that read the scene at whatever frames they like.

    A result that comes in spite of a cancel counts as done. Another file may be open by then: `done` looks its data up
    again instead of keeping it. lines: the log. started: time.monotonic().
    """

    def __init__(
        self,
        title: str,
        work: Callable[[Handle], T],
        done: Callable[[T], Any] = lambda result: None,
        failed: Callable[[Exception], None] | None = None,
        undo: str = "",
        owner: int = 0,
        first: Steps[None] | None = None,
    ) -> None:
        self.title, self.undo, self.owner = title, undo, owner
        self.state: State = "running"
        self.lines: list[str] = []
        self.error: Exception | None = None
        self.started = time.monotonic()
        self._work, self._done, self._failed = work, done, failed
        self._handle = Handle(self)
        self._thread: threading.Thread | None = None
        self._result: T | None = None
        self._raised: Exception | None = None
        self._progress: Progress = ("", 0, 0)
        self._phase_began = self.started
        self._drawn: Progress | None = None
        self._first = first
        self._changing = False  # the steps of `done` are under way
        self._life = self._lived()

    @property
    def phase(self) -> str:
        return self._progress[0]

    @property
    def done(self) -> float:
        """Steps of the phase that are finished."""
        return self._progress[1]

    @property
    def total(self) -> float:
        """Steps of the phase; 0 when nobody knows."""
        return self._progress[2]

    @property
    def cancelling(self) -> bool:
        """Asked to stop, but not at its end yet."""
        return self.state == "running" and self._handle.cancelled.is_set()

    def cancel(self) -> None:
        """Ask the work to stop; returns at once."""
        self._handle.cancelled.set()

    def remaining(self) -> float | None:
        """Seconds until the phase ends, if it goes on as so far; None when that cannot be told."""
        _, done, total = self._progress
        if self.state != "running" or not 0 < done <= total:
            return None
        return (time.monotonic() - self._phase_began) * (total - done) / done

    def _tell(self, phase: str, done: float, total: float) -> None:
        if phase != self.phase:
            self._phase_began = time.monotonic()
        self._progress = (phase, done, total)

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"garrick: {self.title}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work(self._handle)
        except Exception as error:  # handed over to the main thread, whatever it is
            self._raised = error

    def _lived(self) -> Generator[None]:
        """All of it as the main thread sees it, in slices; where there is nothing to be done but wait it yields too."""
        if self._first is not None:
            yield from self._sliced(self._first, slices.frames_kept)
        if self._thread is None:
            self._begin()
        while self._thread is None or self._thread.is_alive():
            yield
        if self._raised is not None:
            raise self._raised
        steps = self._done(self._result)  # type: ignore[arg-type]
        if isinstance(steps, Generator):
            self._changing = True
            yield from self._sliced(steps, nullcontext)
            self._changing = False
            yield
        if self.undo:
            bpy.ops.ed.undo_push(message=self.undo)

    def _sliced(self, steps: Steps[None], around: Callable[[], Any]) -> Generator[None]:
        while True:
            try:
                with around():
                    self._tell(*slices.slice_of(steps))
                yield
                if self._handle.cancelled.is_set():
                    steps.throw(Stopped())
            except StopIteration:
                return

    def _turn(self) -> bool:
        """Do what the main thread has to do now; whether that was the end of all. On the main thread."""
        try:
            next(self._life)
        except StopIteration:
            self.state = "done"
            return True
        except Exception as error:  # kept in `error` for the panel, and raised again by `run`
            self._changing = False
            self.error = error
            self.state = "cancelled" if isinstance(error, Cancelled) else "failed"
            if self._failed is not None:
                self._failed(error)
            return True
        return False

    @property
    def _waiting(self) -> bool:
        """For its thread, and not for the main one."""
        return self._thread is not None and self._thread.is_alive()


_running: list[Task[Any]] = []


def start(task: Task[T]) -> Task[T]:
    """Begin the work and return at once; `pump` does what the main thread has to do of it."""
    if task._first is None:
        task._begin()
    _running.append(task)
    if not bpy.app.timers.is_registered(pump):
        bpy.app.timers.register(pump, first_interval=_PAUSE_S, persistent=True)
    redraw()
    return task


def run(task: Task[T]) -> T:
    """Do the work and wait for it; the same callbacks. Raises what the work, `first` or `done` raised."""
    _running.append(task)
    try:
        while not task._turn():
            if task._thread is not None:
                task._thread.join(1.0)
    except KeyboardInterrupt:
        task.cancel()
        if task._thread is not None:
            task._thread.join(10.0)
        raise
    finally:
        _running.remove(task)
    if task.error is not None:
        raise task.error
    return task._result  # type: ignore[return-value]


def pump() -> float | None:
    """A slice of what is to be done; the seconds until the next call, None when nothing runs. Tests call it by hand.

    Nothing is changed while Blender renders: that reads the scene in a thread of its own.
    """
    end = time.perf_counter() + slices.SLICE_S
    changed = False
    turns = [] if bpy.app.is_job_running("RENDER") else [task for task in _running if not task._waiting]
    for task in turns:
        changed |= _over(task)
        if time.perf_counter() >= end:
            break
    for task in _running:
        if task._drawn != task._progress:
            task._drawn, changed = task._progress, True
    if changed:
        redraw()
    if not _running:
        return None
    return _PUMP_S if all(task._waiting for task in _running) else _PAUSE_S


def _over(task: Task[Any]) -> bool:
    """Give a task its turn; whether that was its last one."""
    try:
        over = task._turn()
    except Exception:  # of `failed`: a timer that raises would never be called again
        traceback.print_exc()
        over = True
    if over:
        _running.remove(task)
    return over


@persistent
def _take_back(*_: object) -> None:
    """Before undo, redo and another file: what is half made goes, or is made whole where it cannot."""
    for task in [task for task in _running if task._changing]:
        task.cancel()
        task.undo = ""  # no step within a step
        while not _over(task):
            pass


@persistent
def _make_whole(*_: object) -> None:
    """Before the file is written: nothing half made is to lie in it."""
    for task in [task for task in _running if task._changing]:
        while not _over(task):
            pass


def running() -> list[Task[Any]]:
    """The tasks under way, oldest first."""
    return list(_running)


def redraw() -> None:
    """Have the editors that show our panels drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in _WHOLE:
                area.tag_redraw()
            elif area.type in _SIDEBARS:  # not the viewport beside it, which may be slow to draw
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def register() -> None:
    """Listen to what would find the scene half changed."""
    handlers = bpy.app.handlers
    for called in (handlers.undo_pre, handlers.redo_pre, handlers.load_pre):
        called.append(_take_back)
    handlers.save_pre.append(_make_whole)


def unregister() -> None:
    """Stop the timer and ask everything to stop; what ends from now on is told to nobody."""
    handlers = bpy.app.handlers
    for called, heard in (
        (handlers.undo_pre, _take_back), (handlers.redo_pre, _take_back), (handlers.load_pre, _take_back),
        (handlers.save_pre, _make_whole),
    ):  # fmt: skip
        if heard in called:
            called.remove(heard)
    _take_back()
    if bpy.app.timers.is_registered(pump):
        bpy.app.timers.unregister(pump)
    for task in _running:
        task.cancel()
    _running.clear()
