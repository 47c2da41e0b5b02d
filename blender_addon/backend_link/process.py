"""Starting and stopping `garrick serve` as a process that outlives Blender. No bpy: may run in a worker thread."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..answers import ServiceError
from .finding import Environment, child_environment
from .log_file import start_path

_UP_S = 90.0  # a cold disk and a virus scanner take their time
_DOWN_S = 20.0
_LOOK_S = 0.1


@dataclass(frozen=True)
class Launch:
    """A service on its way up. said: the file with what it printed."""

    process: subprocess.Popen[bytes]
    said: Path


def launch(environment: Environment, data: Path, device: str, idle_minutes: float) -> Launch:
    """Start the service on its data folder and return at once.

    device:       "cpu" or "cuda".
    idle_minutes: it ends by itself after so long without work; 0: never.
    It writes no scene.blend: the add-on makes the scene itself. Raises ServiceError.
    """
    options = ["--json", "--no-scene", "--data", str(data), "--device", device, "--idle-minutes", f"{idle_minutes:g}"]
    said = start_path(data)  # a pipe would break, and with it the service, when Blender ends
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        data.mkdir(mode=0o700, exist_ok=True)  # the service's own rule; a folder that is there keeps its rights
        said.parent.mkdir(exist_ok=True)
        with said.open("wb") as output:
            process = subprocess.Popen(
                [*environment.command, "serve", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=child_environment(),
                cwd=data,
                **_detached(),
            )
    except OSError as error:
        raise ServiceError(
            "start",
            f"The backend cannot be started ({error.strerror or error}).",
            "Choose its folder or its Python in the add-on's preferences, or set it up.",
        ) from error
    return Launch(process, said)


def wait_until_up(launched: Launch, answers: Callable[[], bool], check: Callable[[], None] = lambda: None) -> None:
    """Wait until the service answers. check: may raise, to stop waiting; the service then is stopped.

    Raises ServiceError with what it said when it ends instead, or does not answer for too long.
    """
    end = time.monotonic() + _UP_S
    try:
        while not answers():
            check()
            status = launched.process.poll()
            if status not in (None, 0):  # 0: it has found another one on the same folder, which answers soon
                message, fix = last_words(launched.said.read_bytes())
                raise ServiceError("start", f"The backend did not start: {message}", fix)
            if time.monotonic() > end:
                raise ServiceError(
                    "start", f"The backend did not answer within {_UP_S:.0f} s.", "Look at its log; then try again."
                )
            time.sleep(_LOOK_S)
    except Exception:
        if launched.process.poll() is None:
            launched.process.terminate()
        raise


def last_words(said: bytes) -> tuple[str, str | None]:
    """Sentence and fix of what a service printed before it ended: its error event, else its last line."""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    for line in reversed(lines):
        try:
            event = json.loads(line)
            if event["event"] == "error":
                return event["message"], event["fix"]
        except (ValueError, KeyError, TypeError):
            continue
    if any("No module named 'garrick'" in line for line in lines):
        return (
            "this Python does not have Garrick.",
            "Choose another in the add-on's preferences, or set the backend up.",
        )
    said = f"{lines[-1].strip().rstrip('.')}." if lines else "it ended without a word."
    return said, "Set the backend up again."


def pid_of(runtime: Path) -> int | None:
    """The process id in a runtime file; None when there is none."""
    try:
        return int(json.loads(runtime.read_bytes())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stop(pid: int, gone: Callable[[], bool]) -> None:
    """End the service with this process id and wait until `gone` says that it is; its running job is kept for later.

    Raises ServiceError.
    """
    try:
        os.kill(pid, signal.SIGTERM)  # on Windows this ends it at once, which it survives as well
    except ProcessLookupError:
        return
    except OSError as error:
        raise ServiceError(
            "stop", f"The service (process {pid}) cannot be stopped: {error.strerror}.", "End it yourself."
        ) from error
    end = time.monotonic() + _DOWN_S
    while not gone():
        if time.monotonic() > end:
            raise ServiceError(
                "stop", f"The service (process {pid}) has not stopped within {_DOWN_S:.0f} s.", "End it yourself."
            )
        time.sleep(_LOOK_S)


def _detached() -> dict[str, object]:
    """Popen's arguments for a child that hears neither Blender's Ctrl-C nor its end, and opens no console window."""
    if os.name == "nt":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP  # type: ignore[attr-defined]
        return {"creationflags": flags}
    return {"start_new_session": True}
