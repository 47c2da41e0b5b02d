"""Save a shot as a .blend without a window: what `garrick` runs in a bpy interpreter or in `blender -b`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy

from .shot_import.scene import import_shot
from .shot_import.shot import read_shot

USER_ERROR = 3
"""Exit status when the shot itself is at fault; the last line on stderr says why."""


def save_scene(manifest: Path, blend: Path) -> None:
    """Import the shot into an empty scene and save that as `blend`. Raises ValueError, OSError."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0  # no .blend1 beside it
    _save(blend)  # first, so that what is imported can be named relative to it
    import_shot(read_shot(manifest), bpy.context.scene, separate_actions=True)
    _save(blend)


def main(arguments: list[str]) -> None:
    """`main(["scene", shot.json, scene.blend])`; leaves the interpreter with a status that says what happened."""
    verb, *paths = arguments
    try:
        _VERBS[verb](*(Path(path) for path in paths))
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


_VERBS = {"scene": save_scene}
