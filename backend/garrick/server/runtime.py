"""The runtime file, by which clients find the service, and the lock that says who owns the data folder."""

from __future__ import annotations

import json
import os
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from garrick.errors import OutputError
from garrick.files import make_folder, output_error, whole_file

from .settings import Settings

_ANSWER_S = 3.0


@dataclass(frozen=True)
class Runtime:
    """A running service. started: unix seconds."""

    url: str
    token: str
    pid: int
    version: str
    started: float


def write_runtime(path: Path, runtime: Runtime) -> None:
    """Write the runtime file; at no moment can another user read it. Raises OutputError."""
    with whole_file(path) as aside:
        aside.unlink(missing_ok=True)
        with open(aside, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            json.dump(asdict(runtime), file)


def read_runtime(path: Path) -> Runtime | None:
    """What the runtime file says; None when there is none that can be understood."""
    try:
        return Runtime(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def remove_runtime(path: Path, pid: int) -> None:
    """Remove the runtime file of the service `pid`."""
    runtime = read_runtime(path)
    if runtime is not None and runtime.pid == pid:
        path.unlink(missing_ok=True)


def own(settings: Settings) -> FileLock | None:
    """The lock of the data folder, taken; None when a running service has it. The system frees it when that dies.

    Raises OutputError for a folder that cannot be written.
    """
    _private_folder(settings.data)
    lock = FileLock(settings.lock, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    except OSError as error:
        raise output_error(error, settings.lock) from error
    return lock


def running(settings: Settings, patience_s: float = 15.0) -> Runtime:
    """The service that owns the folder, once it answers. Raises OutputError when it does not within `patience_s`."""
    end = time.monotonic() + patience_s
    while True:
        runtime = read_runtime(settings.runtime)
        if runtime is not None and answers(runtime):
            return runtime
        if time.monotonic() > end:
            who = "Another service" if runtime is None else f"The service with process id {runtime.pid}"
            raise OutputError(
                f"{who} owns {settings.data}, but does not answer.",
                "End that process and try again, or choose another folder with --data.",
            )
        time.sleep(0.2)


def answers(runtime: Runtime) -> bool:
    """Whether a service of ours answers at that url. It is not shown the token: it may be somebody else's by now."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(f"{runtime.url}/v1/health", timeout=_ANSWER_S) as response:
            return "version" in json.loads(response.read(10_000))
    except (OSError, ValueError, urllib.error.URLError):
        return False


def _private_folder(path: Path) -> None:
    """Make the data folder, for its owner only; one that is there keeps its rights."""
    if not path.exists():
        make_folder(path.parent)
        try:
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise output_error(error, path) from error
