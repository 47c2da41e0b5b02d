"""What a shot has to show: the frames and passes of the version in use, and where in the scene they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..rerender import versions
from ..shot_import.shot import Frames, Shot, read_shot


@dataclass(frozen=True)
class Pictures:
    """One version of a shot on disk.

    shot: what its folder holds. frames: the PNG sequence. passes: the EXR sequence; None where none was asked for.
    """

    shot: Shot
    frames: Frames
    passes: Frames | None


def pictures_of(collection: bpy.types.Collection) -> Pictures:
    """The pictures of a shot's active version. Raises ValueError with a sentence for the user, OSError."""
    shot = read_shot(versions.active_folder(collection) / "shot.json")
    if shot.frames is None:
        raise ValueError(f"{collection.name} has no rendered frames yet.")
    return Pictures(shot, shot.frames, _passes(shot.frames))


def folders_of(collection: bpy.types.Collection) -> set[Path]:
    """The folders of all versions of a shot, and of those that it had before it was rendered again."""
    kept = collection.garrick
    found = {versions.folder_of(version) for version in kept.versions}
    return found | ({Path(bpy.path.abspath(kept.folder))} if kept.folder else set())


def shows(image: bpy.types.Image | None, folders: set[Path]) -> bool:
    """Whether an image's file lies in one of the shot folders."""
    if image is None or not image.filepath or image.library is not None:
        return False
    file = Path(bpy.path.abspath(image.filepath))
    return bool({file.parent, file.parent.parent} & folders)


def planes_of(collection: bpy.types.Collection) -> dict[bpy.types.Object, list[bpy.types.Image]]:
    """The planes before a shot's camera that show its files, and what they show."""
    folders, camera = folders_of(collection), collection.garrick.camera
    found = {}
    for item in () if camera is None else camera.children:
        materials = [slot.material for slot in item.material_slots if slot.material and slot.material.node_tree]
        nodes = [node for material in materials for node in material.node_tree.nodes if node.type == "TEX_IMAGE"]
        images = [node.image for node in nodes if shows(node.image, folders)]
        if images:
            found[item] = images
    return found


def _passes(frames: Frames) -> Frames | None:
    """The EXR beside each PNG: `exr/frame_000000.exr` beside `frames/frame_000000.png`."""
    folder = frames.first_file.parent.with_name("exr")
    first, last = (folder / f"frame_{number:06d}.exr" for number in (frames.first, frames.last))
    return Frames(first, frames.first, frames.last) if first.is_file() and last.is_file() else None
