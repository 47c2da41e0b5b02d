"""scene.blend: the shot folder imported by the add-on's own code."""

from __future__ import annotations

import os
from pathlib import Path

from garrick.context import RunContext
from garrick.engines.blender import run_add_on
from garrick.errors import OutputError


def write_scene(shot: Path, ctx: RunContext) -> Path:
    """Write `scene.blend` beside the shot's `shot.json`; whole or not at all, with paths relative to it.

    shot: the shot folder. Two runs give equal scenes but not equal bytes: Blender saves memory addresses.
    Raises what `run_add_on` raises.
    """
    target = shot / "scene.blend"
    # In the same folder, so that paths relative to it stay right when it is renamed.
    aside = shot / f".scene-{os.getpid()}.blend"
    try:
        run_add_on(["scene", str(shot / "shot.json"), str(aside)], "scene", ctx)
        _replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)
    return target


def _replace(aside: Path, target: Path) -> None:
    try:
        aside.replace(target)
    except OSError as error:
        raise OutputError(f"{target} could not be written: {error.strerror}.") from error
