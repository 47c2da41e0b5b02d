"""Setting the backend up: bootstrap.py run by Blender's own Python, its lines turned into progress. No bpy.

What it takes, for the warning before: measured on Linux, Python 3.11 and 3.13.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from ..answers import ServiceError
from ..tasks import Cancelled
from .finding import BOOTSTRAP, child_environment

COMMAND = "backend"
"""bootstrap.py's command: what the add-on needs, without tools for development and without Blender as a module."""

STEPS = (
    "making .venv",
    "torch",
    "packages",
    "weights and head model",
    "a first small job, which compiles what is compiled once",
)
"""bootstrap.py's steps in order, by the names it prints."""

PYTHONS = ((3, 11), (3, 13))
"""The oldest and the newest Python that the backend supports."""

_BEGUN = re.compile(r"garrick: (.+?) \.\.\.")
_KEPT = 30  # lines for the message when it fails


def check(checkout: str, online: bool, version: tuple[int, ...] = sys.version_info[:2]) -> str:
    """Why the backend cannot be set up from this folder, "" when it can. checkout: Garrick's folder."""
    if not checkout:
        return "Choose Garrick's folder, the one with bootstrap.py, in the add-on's preferences"
    if not (Path(checkout) / BOOTSTRAP).is_file():
        return "Garrick's folder in the add-on's preferences holds no bootstrap.py"
    if not online:
        return "It is downloaded: switch Allow Online Access on in Preferences > System first"
    if not PYTHONS[0] <= tuple(version[:2]) <= PYTHONS[1]:
        return "This Blender's Python {}.{} is not supported: run bootstrap.py with Python 3.11".format(*version)
    return ""


def warning(free_bytes: int, platform: str = sys.platform) -> list[str]:
    """What the user should know before; one sentence a line. free_bytes: on the disk of Garrick's folder."""
    kept, needed = (6, 9) if platform == "linux" else (2, 4)  # pip's scratch goes again
    lines = [
        f"Downloads Python packages and models; about {kept} GB on the disk when done, {needed} GB meanwhile.",
        "Needs the network, and 5 to 20 minutes. You can go on working meanwhile.",
        f"Goes to Garrick's folder (.venv) and your cache folder; {free_bytes / 1e9:.0f} GB are free.",
    ]
    if platform == "linux":
        lines.append("Most of it serves NVIDIA cards; PIP_EXTRA_INDEX_URL can name torch's index for processors: 2 GB.")
    return lines


def set_up(
    checkout: Path,
    progress: Callable[[str, float, float], None],
    log: Callable[[str], None],
    cancelled: threading.Event,
    command: tuple[str, ...] | None = None,
) -> None:
    """Run bootstrap.py to its end. Raises ServiceError with its last lines when it fails, Cancelled when told to stop.

    progress: phase, steps finished, steps in all. command: instead of Blender's Python and bootstrap.py, for tests.
    Run it again after a stop or a failure: it goes on with what lacks.
    """
    process = subprocess.Popen(
        command or (sys.executable, str(checkout / BOOTSTRAP), COMMAND),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=child_environment() | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        cwd=checkout,
        **_own_group(),
    )
    threading.Thread(target=_end_when, args=(process, cancelled), name="garrick: set-up's end", daemon=True).start()
    said: list[str] = []
    for line, whole in _lines(process):
        if begun := _BEGUN.match(line):
            step = begun.group(1)
            progress(step, STEPS.index(step) if step in STEPS else 0, len(STEPS) if step in STEPS else 0)
        if whole and line.strip():
            log(line)
            said.append(line)
            del said[:-_KEPT]
    status = process.wait()
    if cancelled.is_set():
        raise Cancelled
    if status != 0:
        raise ServiceError("setup", explain(said), "Mend that and press Set Up Backend again: it goes on from there.")


def explain(said: list[str]) -> str:
    """The sentence for a set-up that failed with these last lines."""
    if any(re.search(r"ensurepip|No module named '?venv|python3\S*-venv", line) for line in said):
        return "This Blender's Python cannot make environments (on Debian and Ubuntu: apt install python3-venv)."
    if any("NewConnectionError" in line or "Could not fetch URL" in line or "name resolution" in line for line in said):
        return "The package index cannot be reached."
    return "Setting up failed: " + (" ".join(said[-3:]) if said else "bootstrap.py ended without a word.")


def _lines(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, bool]]:
    """What a process prints: (line, True), and before it (its beginning, False) while it is not whole yet."""
    assert process.stdout is not None
    rest = b""
    while data := os.read(process.stdout.fileno(), 65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace").rstrip(), True
        if rest:
            yield rest.decode(errors="replace"), False
    if rest:
        yield rest.decode(errors="replace"), True
    process.stdout.close()


def _end_when(process: subprocess.Popen[bytes], cancelled: threading.Event) -> None:
    """End a process, and what it has started, when told to."""
    while process.poll() is None:
        if cancelled.wait(0.2):
            if os.name == "nt":
                subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True)
            else:
                with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                    os.killpg(process.pid, signal.SIGTERM)
            return


def _own_group() -> dict[str, object]:
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}  # type: ignore[attr-defined]
    return {"start_new_session": True}
