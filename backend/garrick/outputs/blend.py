"""scene.blend: the shot folder imported by the add-on's own code, run in a bpy interpreter outside of this process."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
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


def write_scene(shot: Path, ctx: RunContext) -> Path:
    """Write `scene.blend` beside the shot's `shot.json`; whole or not at all, with paths relative to it.

    shot: the shot folder. The interpreter is the Blender that $GARRICK_BLENDER names, else this environment's `bpy`.
    Two runs give equal scenes but not equal bytes: Blender saves memory addresses.
    Raises MissingError without either, InputError for a damaged shot, OutputError when Blender fails, Cancelled.
    """
    ctx.step("scene", 0, 1)
    target = shot / "scene.blend"
    with tempfile.TemporaryDirectory(prefix="garrick-blender-") as profile:
        # In the same folder, so that paths relative to it stay right when it is renamed.
        aside = shot / f".scene-{os.getpid()}.blend"
        try:
            _run(_command([str(shot / "shot.json"), str(aside)]), Path(profile), ctx)
            _replace(aside, target)
        finally:
            aside.unlink(missing_ok=True)
    ctx.step("scene", 1, 1)
    return target


def _command(arguments: list[str]) -> list[str]:
    """The command line of an interpreter that has bpy and runs the add-on's import."""
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
            "scene.blend needs Blender.",
            "Set GARRICK_BLENDER to the path of Blender 4.2 or later, or (Python 3.11): pip install 'garrick[blender]'",
        )
    return [sys.executable, "-c", program]


def _run(command: list[str], profile: Path, ctx: RunContext) -> None:
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
            status = _wait(process, ctx)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if status == 0:
        return
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if status == _USER_ERROR:
        raise InputError(lines[-1] if lines else "The shot could not be imported.")
    raise OutputError(f"Blender could not make scene.blend (status {status}): {' | '.join(lines[-_TAIL:])}")


def _wait(process: subprocess.Popen[bytes], ctx: RunContext) -> int:
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return process.wait(_POLL)
        except subprocess.TimeoutExpired:
            ctx.step("scene", 0, 1)
            if time.monotonic() > deadline:
                raise OutputError(f"Blender did not finish scene.blend in {TIMEOUT:.0f} s.") from None


def _replace(aside: Path, target: Path) -> None:
    try:
        aside.replace(target)
    except OSError as error:
        raise OutputError(f"{target} could not be written: {error.strerror}.") from error
