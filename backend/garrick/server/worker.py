"""A worker process: takes jobs on its input, carries them out one after another with its models loaded, tells how it goes.

One JSON object a line. In:  {"run": {"id", "job", "out", "stages", "stages_bytes", "scene", "device"}}, {"cancel": id}.
Out: {"ready": {...}}, {"beat": n} every second, {"progress": [phase, done, total], "id"}, {"log": line, "level", "id"},
{"end": id, "state", "result" | "error"}. At the end of its input the service has died; so do the worker and its children.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

import psutil

import garrick
from garrick.context import RunContext
from garrick.errors import Cancelled, GarrickError

from .limits import Limits, hold_to

BEAT_S = 1.0


def main() -> None:
    """The process; its one argument is the `Limits` as JSON."""
    desk = _Desk(*take_pipes())
    hold_to(Limits(**json.loads(sys.argv[1])))
    desk.ready(_warm_up())
    while True:
        order, cancel = desk.next()
        end = _carry_out(order, cancel, desk)
        if end["state"] != "done":
            _end_children()
        desk.end(end)


class _Desk:
    """Both ends of the line to the service. Orders and beats have threads of their own, so that work never delays them."""

    def __init__(self, orders: BinaryIO, out: int) -> None:
        self._out = out
        self._writing = threading.Lock()
        self._jobs: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._cancels: dict[str, threading.Event] = {}
        threading.Thread(target=self._listen, args=(orders,), name="orders", daemon=True).start()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()

    def ready(self, facts: dict[str, Any]) -> None:
        self.tell({"ready": facts})

    def next(self) -> tuple[dict[str, Any], threading.Event]:
        """The next job to carry out, and the flag that says it is no longer wanted."""
        order = self._jobs.get()
        return order, self._cancels[order["id"]]

    def end(self, message: dict[str, Any]) -> None:
        """Tell how a job ended."""
        del self._cancels[message["end"]]
        self.tell(message)

    def tell(self, message: dict[str, Any]) -> None:
        """Send one line, whole. A service that no longer listens has died."""
        line = memoryview(json.dumps(message, ensure_ascii=True).encode() + b"\n")
        try:
            with self._writing:
                while line:
                    line = line[os.write(self._out, line) :]
        except OSError:
            die()

    def _listen(self, orders: BinaryIO) -> None:
        for line in orders:
            message = json.loads(line)
            if "run" in message:
                self._cancels[message["run"]["id"]] = threading.Event()
                self._jobs.put(message["run"])
            elif cancel := self._cancels.get(message["cancel"]):
                cancel.set()
        die()

    def _beat(self) -> None:
        count = 0
        while True:
            self.tell({"beat": count})
            count += 1
            time.sleep(BEAT_S)


def take_pipes() -> tuple[BinaryIO, int]:
    """Keep the line to the service apart: what libraries and children print goes to stderr, and they read nothing."""
    orders, out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(orders, "rb"), out


def die() -> None:
    """End at once, with all children; every file that has its name is whole."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _end_children() -> None:
    """End what an interrupted job has left running: a Blender whose launcher was stopped is nobody's child any more."""
    if not hasattr(os, "getpgid"):
        return
    for pid in psutil.pids():
        try:
            if pid != os.getpid() and os.getpgid(pid) == os.getpid():
                os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _warm_up() -> dict[str, Any]:
    """Load the models; the versions at work, and what is missing (the jobs that need it will say so too)."""
    from .warm import warm_up

    start = time.monotonic()
    missing = None
    try:
        warm_up()
    except GarrickError as error:
        missing = str(error)
    seconds = round(time.monotonic() - start, 2)
    return {"garrick": garrick.__version__, "python": platform.python_version(), "seconds": seconds, "missing": missing}


def _carry_out(order: dict[str, Any], cancel: threading.Event, desk: _Desk) -> dict[str, Any]:
    """Carry out one job; its {"end": ...} message."""
    id = order["id"]
    try:
        return {"end": id, "state": "done", "result": _perform(order, cancel, desk)}
    except Cancelled:
        return {"end": id, "state": "cancelled"}
    except GarrickError as error:
        return _failed(id, error.user_message, error.fix)
    except MemoryError:
        return _failed(
            id,
            "The job needs more memory than it may have.",
            "Ask for smaller or fewer frames, or give the service more memory a job.",
        )
    except Exception as error:
        for line in traceback.format_exc().splitlines():
            desk.tell({"log": line, "level": "error", "id": id})
        return _failed(id, f"Garrick has a fault: {type(error).__name__}: {error}", "The job's log says where.")


def _perform(order: dict[str, Any], cancel: threading.Event, desk: _Desk) -> dict[str, Any]:
    from garrick.job import Job
    from garrick.pipeline import perform
    from garrick.stages import StageCache

    id = order["id"]
    job = Job.model_validate(order["job"])
    ctx = RunContext(
        device=order["device"],
        progress=lambda phase, done, total: desk.tell({"progress": [phase, done, total], "id": id}),
        cancel=cancel,
        log=lambda line: desk.tell({"log": line, "level": "info", "id": id}),
    )
    stages = StageCache(Path(order["stages"]), order["stages_bytes"])
    result = perform(job, Path(order["out"]), ctx, scene=order["scene"], stages=stages)
    return {
        "frames": {"first": result.first, "last": result.last, "rendered": result.rendered, "kept": result.kept},
        "cached": list(result.cached),
        "warnings": list(result.warnings),
        "seconds": {phase: round(value, 3) for phase, value in result.seconds.items()},
    }


def _failed(id: str, message: str, fix: str | None) -> dict[str, Any]:
    return {"end": id, "state": "failed", "error": {"message": message, "fix": fix}}


if __name__ == "__main__":
    main()
