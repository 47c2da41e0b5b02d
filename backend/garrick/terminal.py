"""How a long command talks in a terminal, and how it stops: progress as a bar, as lines or as JSON; Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from garrick.errors import Cancelled, GarrickError

GRACE = 0.8
"""Seconds that work has to stop after Ctrl-C before it is left alone; the command ends within one second."""

_POLL = 0.05  # seconds
_LINE_EVERY, _EVENT_EVERY = 5.0, 0.2  # seconds between lines and between JSON events of one phase

T = TypeVar("T")


class Reporter(Protocol):
    """Tells the user how it goes and how it went."""

    def progress(self, phase: str, done: int, total: int) -> None: ...

    def result(self, lines: list[str], facts: dict[str, Any]) -> None: ...

    def log(self, line: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, error: GarrickError) -> None: ...

    def close(self) -> None: ...


def reporter(as_json: bool) -> Reporter:
    """JSON events when asked for, a bar on a terminal, else lines. Results go to stdout, all else to stderr."""
    if as_json:
        return _Events()
    return _Bars() if sys.stderr.isatty() else _Lines()


def run_interruptible(work: Callable[[], T], cancel: threading.Event) -> T:
    """Run `work` so that Ctrl-C sets `cancel`; a second Ctrl-C kills the process.

    The work runs in a thread of its own: the main one, free of long calls into C, sees the signal at once. Work that
    does not stop in time is left behind, so after Cancelled the process must end with `os._exit`.
    Raises what `work` raises, and Cancelled.
    """
    outcome: Future[T] = Future()

    def body() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        cancel.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        threading.Thread(target=body, name="work", daemon=True).start()
        deadline = None
        while not outcome.done():
            time.sleep(_POLL)
            if cancel.is_set():
                deadline = deadline or time.monotonic() + GRACE
                if time.monotonic() > deadline:
                    raise Cancelled()
        return outcome.result()
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def ending(tell: Reporter) -> Iterator[None]:
    """For long commands: tell what was raised and end with its exit code."""
    import typer

    try:
        yield
    except (GarrickError, KeyboardInterrupt) as raised:
        error = Cancelled() if isinstance(raised, KeyboardInterrupt) else raised
        tell.error(error)
        tell.close()
        if isinstance(error, Cancelled):
            os._exit(error.exit_code)  # a thread may still be computing; every file that has its name is whole
        raise typer.Exit(error.exit_code) from None
    finally:
        tell.close()


@contextmanager
def one_line_errors() -> Iterator[None]:
    """For short commands: show what the user can mend as one line, and end with its exit code."""
    import typer

    try:
        yield
    except GarrickError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(error.exit_code) from None


class _Pace:
    """When a phase began, how long it has to go, and when to say so again."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._phase = ""
        self._told = 0.0
        self._first: tuple[float, int] | None = None

    def begins(self, phase: str) -> bool:
        """Whether the phase is a new one."""
        if phase == self._phase:
            return False
        self._phase, self._told, self._first = phase, 0.0, None
        return True

    def due(self) -> bool:
        """Whether enough time has passed to say something again."""
        now = time.monotonic()
        if now - self._told < self._every:
            return False
        self._told = now
        return True

    def left(self, done: int, total: int) -> float | None:
        """Seconds until the phase ends; None before its second step: the first may load and compile things."""
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done) if done else None
            return None
        began, before = self._first
        return (now - began) / (done - before) * (total - done) if done > before else None


class _Events:
    """One JSON object a line on stdout."""

    def __init__(self) -> None:
        self._pace = _Pace(_EVENT_EVERY)

    def progress(self, phase: str, done: int, total: int) -> None:
        begins = self._pace.begins(phase)
        left = self._pace.left(done, total)
        if begins or done == total or self._pace.due():
            eta = None if left is None else round(left, 2)
            self._tell(event="progress", phase=phase, done=done, total=total, eta_s=eta)

    def result(self, lines: list[str], facts: dict[str, Any]) -> None:
        self._tell(event="result", **facts)

    def log(self, line: str) -> None:
        self._tell(event="log", message=line)

    def warning(self, message: str) -> None:
        self._tell(event="warning", message=message)

    def error(self, error: GarrickError) -> None:
        self._tell(event="error", message=error.user_message, fix=error.fix, exit_code=error.exit_code)

    def close(self) -> None:
        sys.stdout.flush()

    def _tell(self, **event: Any) -> None:
        print(json.dumps(event, ensure_ascii=False), flush=True)


class _Lines:
    """A line as a phase begins and every few seconds, for logs and farms."""

    def __init__(self) -> None:
        self._pace = _Pace(_LINE_EVERY)

    def progress(self, phase: str, done: int, total: int) -> None:
        begins = self._pace.begins(phase)
        left = self._pace.left(done, total)
        if begins:
            self._pace.due()
            print(f"{phase} ...", file=sys.stderr, flush=True)
        elif left is not None and self._pace.due():
            print(f"{phase} {done}/{total}, {left:.0f} s left", file=sys.stderr, flush=True)

    def result(self, lines: list[str], facts: dict[str, Any]) -> None:
        print("\n".join(lines))

    def log(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def warning(self, message: str) -> None:
        print(f"Warning: {message}", file=sys.stderr)

    def error(self, error: GarrickError) -> None:
        print(f"Error: {error}", file=sys.stderr)

    def close(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()


class _Bars(_Lines):
    """A bar for each phase, with the time that it has to go."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=Console(stderr=True))
        self._tasks: dict[str, Any] = {}
        self._bars.start()

    def progress(self, phase: str, done: int, total: int) -> None:
        if phase not in self._tasks:
            self._tasks[phase] = self._bars.add_task(phase, total=total)
        self._bars.update(self._tasks[phase], completed=done, total=total)

    def result(self, lines: list[str], facts: dict[str, Any]) -> None:
        self._bars.stop()
        super().result(lines, facts)

    def log(self, line: str) -> None:
        self._bars.console.print(line, markup=False, highlight=False)

    def warning(self, message: str) -> None:
        self._bars.stop()
        super().warning(message)

    def error(self, error: GarrickError) -> None:
        self._bars.stop()
        super().error(error)

    def close(self) -> None:
        self._bars.stop()
        super().close()
