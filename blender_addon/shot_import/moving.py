"""Keeps a shot's relative paths right when the .blend is saved into another folder: Blender does so for its own only."""

from __future__ import annotations

import os

import bpy
from bpy.app.handlers import persistent

_before: dict[int, list[str]] = {}  # session_uid of a shot -> its paths as they were, while a save is under way


def register() -> None:
    """Listen to saving."""
    handlers = bpy.app.handlers
    handlers.save_pre.append(_turn)
    handlers.save_post.append(_forget)
    handlers.save_post_fail.append(_turn_back)


def unregister() -> None:
    """Listen no more."""
    handlers = bpy.app.handlers
    handlers.save_post_fail.remove(_turn_back)
    handlers.save_post.remove(_forget)
    handlers.save_pre.remove(_turn)


@persistent
def _turn(target: str, *_: object) -> None:
    """Before the file is written: paths relative to where it lay become relative to where it will lie."""
    _before.clear()
    if not target or not bpy.data.filepath:
        return
    for shot in _shots():
        paths = _paths(shot)
        _before[shot.session_uid] = paths
        _set(shot, [_relative(bpy.path.abspath(path), target) if path.startswith("//") else path for path in paths])


@persistent
def _turn_back(*_: object) -> None:
    for shot in _shots():
        if shot.session_uid in _before:
            _set(shot, _before[shot.session_uid])
    _before.clear()


@persistent
def _forget(*_: object) -> None:
    _before.clear()


def _shots() -> list[bpy.types.Collection]:
    return [item for item in bpy.data.collections if item.library is None and item.garrick.is_shot]


def _paths(shot: bpy.types.Collection) -> list[str]:
    return [shot.garrick.folder, *(version.folder for version in shot.garrick.versions)]


def _set(shot: bpy.types.Collection, paths: list[str]) -> None:
    """Write what has changed: each write is a change of the file."""
    for owner, path in zip((shot.garrick, *shot.garrick.versions), paths, strict=True):
        if owner.folder != path:
            owner.folder = path


def _relative(path: str, target: str) -> str:
    """From the folder of `target`; absolute where that is on another drive."""
    try:
        return "//" + os.path.relpath(path, os.path.dirname(target)).replace(os.sep, "/")
    except ValueError:
        return path
