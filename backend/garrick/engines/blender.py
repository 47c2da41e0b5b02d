"""The add-on's own code run in a Blender outside of this process: one code reads and writes scenes, not two."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from garrick.context import RunContext
from garrick.errors import InputError, MissingError, OutputError

TIMEOUT = 900.0  # seconds: an hour of animation imports in less

_ADDON = Path(__file__).resolve().parents[3] / "blender_addon"
_PROGRAM = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from blender_addon.build import copy_core; copy_core(); "
    "from blender_addon.headless import main; main({arguments!r})"
)
_USER_ERROR = 3  # blender_addon.headless.USER_ERROR
_POLL = 0.1  # seconds between looks at the cancel flag
_TAIL = 5  # lines of the interpreter's output that an error shows


def run_add_on(arguments: Sequence[str], phase: str, ctx: RunContext) -> None:
    """Run `blender_addon.headless.main(arguments)` to its end, telling `phase` as its progress.

    The interpreter is the Blender that $GARRICK_BLENDER names, else this environment's `bpy`.
    Raises MissingError without either, InputError for what the add-on refuses, OutputError when Blender fails, Cancelled.
    """
    ctx.step(phase, 0, 1)
    with tempfile.TemporaryDirectory(prefix="garrick-blender-") as profile:
        _run(_command(list(arguments)), Path(profile), phase, ctx)
    ctx.step(phase, 1, 1)


def _command(arguments: list[str]) -> list[str]:
    """The command line of an interpreter that has bpy and runs the add-on."""
    if not (_ADDON / "headless.py").is_file():
        raise MissingError(
            "The Blender add-on is not beside the garrick package.",
            "Install Garrick from its source folder: pip install -e '.[blender]'",
        )
    program = _PROGRAM.format(root=str(_ADDON.parent), arguments=arguments)
    named = os.environ.get("GARRICK_BLENDER")
    if named:
        blender = shutil.which(named)
        if blender is None:
            raise MissingError(
                f"GARRICK_BLENDER names no program: {named}", "Set it to the path of Blender 4.2 or later."
            )
        return [blender, "--background", "--factory-startup", "--python-exit-code", "1", "--python-expr", program]
    if importlib.util.find_spec("bpy") is None:
        raise MissingError(
            "Blender is needed, and was not found.",
            "Set GARRICK_BLENDER to the path of Blender 4.2 or later, or (Python 3.11) run: python3 bootstrap.py setup",
        )
    return [sys.executable, "-c", program]


def _run(command: list[str], profile: Path, phase: str, ctx: RunContext) -> None:
    """Run to the end, or until the user cancels; the user's own Blender settings are neither read nor written.

    Its scratch goes into `profile` too: a Blender that is left in haste does not clear it away.
    """
    own = str(profile)
    environment = os.environ | {"BLENDER_USER_RESOURCES": own, "TMPDIR": own, "TEMP": own, "TMP": own}
    log = profile / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output, env=environment
        )
        try:
            status = _wait(process, phase, ctx)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if status == 0:
        return
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if status == _USER_ERROR:
        raise InputError(lines[-1] if lines else "Blender refused it.")
    raise OutputError(f"Blender failed (status {status}): {' | '.join(lines[-_TAIL:])}")


def _wait(process: subprocess.Popen[bytes], phase: str, ctx: RunContext) -> int:
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return process.wait(_POLL)
        except subprocess.TimeoutExpired:
            ctx.step(phase, 0, 1)
            if time.monotonic() > deadline:
                raise OutputError(f"Blender did not finish in {TIMEOUT:.0f} s.") from None
