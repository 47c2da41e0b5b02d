"""What `garrick` runs in a bpy interpreter or in `blender -b`: save a shot as a .blend, read a .blend's shots."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy

from . import registration
from .shot_import.scene import Options, import_shot
from .shot_import.shot import read_shot

USER_ERROR = 3
"""Exit status when the shot itself is at fault; the last line on stderr says why."""


def save_scene(manifest: Path, blend: Path) -> None:
    """Import the shot into an empty scene and save that as `blend`. Raises ValueError, OSError."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0  # no .blend1 beside it
    _save(blend)  # first, so that what is imported can be named relative to it
    _switch_on()  # so that the scene remembers its shot
    import_shot(read_shot(manifest), bpy.context.scene, Options(separate_actions=True))
    _save(blend)


def read_jobs(blend: Path, folder: Path, names: list[str]) -> None:
    """Write the shots of a .blend as job files into `folder`, see `write_jobs`. Raises ValueError, OSError."""
    _switch_on()
    from .headless_jobs import write_jobs

    write_jobs(blend, folder, names)


def main(arguments: list[str]) -> None:
    """`main(["scene", shot.json, scene.blend])`, `main(["jobs", blend, folder, scene or shot, ...])` or, for the benchmark,
    `main(["measure", text file for the seconds, frames])`.

    Leaves the interpreter with a status that says what happened.
    """
    verb, one, other, *names = arguments
    try:
        if verb == "scene":
            save_scene(Path(one), Path(other))
        elif verb == "jobs":
            read_jobs(Path(one), Path(other), names)
        else:
            from .shot_import.bulk import measure

            Path(one).write_text(str(measure(int(other))), encoding="utf-8")
        status = 0
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr, flush=True)
        status = USER_ERROR
    sys.stdout.flush()
    os._exit(status)  # Blender's own destructors have been seen to wait for ever at exit


def _save(blend: Path) -> None:
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=True, check_existing=False)
    except RuntimeError as error:
        raise OSError(f"{blend.name} could not be written: {error}".strip()) from error


def _switch_on() -> None:
    """What scenes remember is there only while the add-on is."""
    if not hasattr(bpy.types.Collection, "garrick"):
        registration.register()
