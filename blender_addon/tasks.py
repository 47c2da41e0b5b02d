"""Long work beside Blender's window: a thread does it, the main thread hears of its end.

The work is a plain closure over plain data and never touches bpy. `start` returns at once and the timer `pump` hands the
end over; `run` waits for it, for an operator's `execute`, for scripts and for background mode, where timers never fire.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

import bpy

T = TypeVar("T")
State = Literal["running", "done", "failed", "cancelled"]

_PUMP_S = 0.1
_LINES = 500  # of a task's log that are kept
_SIDEBARS = frozenset({"VIEW_3D", "GRAPH_EDITOR", "DOPESHEET_EDITOR"})
_WHOLE = frozenset({"PROPERTIES", "PREFERENCES"})  # editors that are nothing but panels


class Cancelled(Exception):
    """The work stopped because it was asked to."""

    def __init__(self) -> None:
        super().__init__("Cancelled.")


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
    done:   hears the result, on the main thread.
    failed: hears what the work, or `done`, raised, on the main thread; Cancelled when the user stopped it.
    undo:   name of the undo step that follows `done` when it was started with `start`; "" when the scene stays as it is.

    A result that comes in spite of a cancel counts as done. Another file may be open by then: `done` looks its data up
    again instead of keeping it. lines: the log. started: time.monotonic().
    """

    def __init__(
        self,
        title: str,
        work: Callable[[Handle], T],
        done: Callable[[T], None] = lambda result: None,
        failed: Callable[[Exception], None] | None = None,
        undo: str = "",
    ) -> None:
        self.title, self.undo = title, undo
        self.state: State = "running"
        self.lines: list[str] = []
        self.error: Exception | None = None
        self.started = time.monotonic()
        self._work, self._done, self._failed = work, done, failed
        self._handle = Handle(self)
        self._thread: threading.Thread | None = None
        self._result: T | None = None
        self._raised: Exception | None = None
        self._progress: tuple[str, float, float] = ("", 0, 0)
        self._phase_began = self.started
        self._drawn: tuple[str, float, float] | None = None

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

    def _begin(self) -> threading.Thread:
        self._thread = threading.Thread(target=self._run, name=f"garrick: {self.title}", daemon=True)
        self._thread.start()
        return self._thread

    def _run(self) -> None:
        try:
            self._result = self._work(self._handle)
        except Exception as error:  # handed over to the main thread, whatever it is
            self._raised = error

    def _ended(self) -> bool:
        return self._thread is not None and not self._thread.is_alive()

    def _hand_over(self) -> None:
        """Tell the callbacks how it ended; on the main thread, once."""
        if self._raised is None:
            try:
                self._done(self._result)  # type: ignore[arg-type]
            except Exception as error:  # kept in `error` for the panel, and raised again by `run`
                self._raised = error
        if self._raised is None:
            self.state = "done"
            return
        self.error = self._raised
        self.state = "cancelled" if isinstance(self._raised, Cancelled) else "failed"
        if self._failed is not None:
            self._failed(self._raised)


_running: list[Task[Any]] = []


def start(task: Task[T]) -> Task[T]:
    """Begin the work in a thread and return at once; `pump` hands its end over."""
    task._begin()
    _running.append(task)
    if not bpy.app.timers.is_registered(pump):
        bpy.app.timers.register(pump, first_interval=_PUMP_S, persistent=True)
    redraw()
    return task


def run(task: Task[T]) -> T:
    """Do the work and wait for it; the same callbacks. Raises what the work or `done` raised."""
    thread = task._begin()
    _running.append(task)
    try:
        while thread.is_alive():
            thread.join(1.0)
    except KeyboardInterrupt:
        task.cancel()
        thread.join(10.0)
        raise
    finally:
        _running.remove(task)
    task._hand_over()
    if task.error is not None:
        raise task.error
    return task._result  # type: ignore[return-value]


def pump() -> float | None:
    """Hand over what has ended; the seconds until the next call, None when nothing runs. Tests call it by hand."""
    changed = False
    for task in [task for task in _running if task._thread is not None and task._ended()]:
        _running.remove(task)
        changed = True
        try:
            task._hand_over()
        except Exception:  # of `failed`: a timer that raises would never be called again
            traceback.print_exc()
        if task.state == "done" and task.undo:
            bpy.ops.ed.undo_push(message=task.undo)
    for task in _running:
        if task._drawn != task._progress:
            task._drawn, changed = task._progress, True
    if changed:
        redraw()
    return _PUMP_S if _running else None


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
    """Nothing runs before the first `start`."""


def unregister() -> None:
    """Stop the timer and ask everything to stop; what ends from now on is told to nobody."""
    if bpy.app.timers.is_registered(pump):
        bpy.app.timers.unregister(pump)
    for task in _running:
        task.cancel()
    _running.clear()
