"""Where things lie on this computer: results beside the .blend, presets and memories with the extension."""

from __future__ import annotations

import re
from pathlib import Path

import bpy

from ..runner import read_receipt

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')  # in the names of files, by one system or another
_EXTENSION = __package__.rpartition(".")[0]


def user_folder(name: str = "") -> Path:
    """A folder of the extension's own, made if need be; the session's temporary one where it is no extension."""
    try:
        return Path(bpy.utils.extension_path_user(_EXTENSION, path=name, create=True))
    except ValueError:  # run from a checkout
        folder = Path(bpy.app.tempdir) / "garrick" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def shots_folder() -> Path:
    """Where shots go: `garrick` beside the .blend, or the extension's own folder while the file has not been saved."""
    if bpy.data.filepath:
        return Path(bpy.data.filepath).resolve().parent / "garrick"
    return user_folder("shots")


def shot_folder(name: str) -> Path:
    """Make a new folder for a shot and return it; one that exists is never used again. Raises OSError."""
    clean = _FORBIDDEN.sub("_", name)[:60].strip(". ") or "shot"
    parent = shots_folder()
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 100_000):
        folder = parent / (clean if number == 1 else f"{clean}_{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(f"{parent} is full of shots called {clean}.")


def remove_if_empty(folder: Path) -> None:
    """Take away a folder in which nothing was put."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def fetched_folder(id: str) -> Path | None:
    """The folder into which a job of the service was fetched whole before; None when it was not, or is gone."""
    parent = shots_folder()
    for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
        receipt = read_receipt(folder)
        if receipt is not None and receipt["id"] == id and (folder / "shot.json").is_file():
            return folder
    return None
