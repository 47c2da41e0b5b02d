"""The versions of a shot in the scene: what is recorded of them, and their frames swapped wherever they are shown."""

from __future__ import annotations

import shutil
from itertools import chain
from pathlib import Path

import bpy

from .. import version_adapter
from .version_files import MANIFEST

_KINDS = ("frames", "exr")  # folders of pictures within a version


def folder_of(version: bpy.types.PropertyGroup) -> Path:
    """The shot folder of a version; what it records is the folder of the frames in it."""
    return Path(bpy.path.abspath(version.folder)).parent


def root_of(shot: bpy.types.Collection) -> Path:
    """The folder of the first version. Raises ValueError for a shot that does not say where its files are."""
    kept = shot.garrick
    if kept.versions:
        return folder_of(kept.versions[0])
    if not kept.folder:
        raise ValueError(f"{shot.name} does not say where its files are; import it again.")
    return Path(bpy.path.abspath(kept.folder))


def active_folder(shot: bpy.types.Collection) -> Path:
    """The folder of the version that is shown. Raises ValueError."""
    kept = shot.garrick
    if kept.versions:
        return folder_of(kept.versions[min(kept.active_version, len(kept.versions) - 1)])
    return root_of(shot)


def add(shot: bpy.types.Collection, folder: Path, first: int, last: int) -> int:
    """Record a version and return its index; the one that is shown stays."""
    kept = shot.garrick
    if not kept.versions:
        _record(kept, root_of(shot), "v1", first, last)
    _record(kept, folder, f"v{int(folder.name.rpartition('_v')[2])}", first, last)
    return len(kept.versions) - 1


def show(shot: bpy.types.Collection, index: int) -> int:
    """Let everything that shows frames of the shot show those of a version; returns how many places that were.

    Planes, camera backgrounds, compositor and sequencer are found by the files that they show. Another shot that shows the
    same files (a duplicate) keeps what it shows, and so do cameras of no shot.
    Raises ValueError when the version's files are gone.
    """
    kept = shot.garrick
    target = folder_of(kept.versions[index])
    if not (target / MANIFEST).is_file():
        raise ValueError(f"The files of {kept.versions[index].name} are not in {target} any more.")
    shown = picture_folders(shot)
    _part_from_duplicates(shot, shown)
    swapped = 0
    foreign = _of_others(shot)
    for image in bpy.data.images:
        place = place_on_disk(image)
        if image.library is None and place in shown and image not in foreign:
            swapped += _point(image, target / place.name / Path(image.filepath).name)
    swapped += _swap_strips(shown, target)
    kept.active_version = index
    return swapped


def picture_folders(shot: bpy.types.Collection) -> set[Path]:
    """The folders in which the pictures of a shot's versions lie."""
    return {folder_of(version) / kind for version in shot.garrick.versions for kind in _KINDS}


def planes(shot: bpy.types.Collection) -> list[bpy.types.Object]:
    """The objects of the shot whose materials show its frames."""
    shown = picture_folders(shot)
    return [
        item
        for item in shot.all_objects
        if any(node.image and place_on_disk(node.image) in shown for _, node in picture_nodes(item))
    ]


def delete(shot: bpy.types.Collection, index: int) -> None:
    """Forget a version and delete its files: neither the first one nor the one that is shown.

    Raises ValueError for these, and for one of which something else in the file still shows pictures; OSError.
    """
    kept = shot.garrick
    if index >= len(kept.versions):
        raise ValueError(f"{shot.name} has {len(kept.versions)} versions.")
    version = kept.versions[index]
    if index == 0:
        raise ValueError(f"{version.name} is the original: the other versions belong to it.")
    if index == kept.active_version:
        raise ValueError(f"{version.name} is shown: show another version first.")
    folder = folder_of(version)
    user = _user_of(folder)
    if user is not None:
        raise ValueError(f"{user} still shows pictures of {version.name}.")
    if folder.is_dir():
        if folder.parent.parent != root_of(shot):
            raise ValueError(f"{folder} is not where versions of {shot.name} lie; nothing was deleted.")
        shutil.rmtree(folder)
    kept.versions.remove(index)
    settings = shot.garrick_rerender
    kept.active_version -= kept.active_version > index
    settings.other = 0 if settings.other == index else settings.other - (settings.other > index)


def _user_of(folder: Path) -> str | None:
    """The name of an image or strip that shows pictures of a version's folder."""
    shown = {folder / kind for kind in _KINDS}
    images = (image.name for image in bpy.data.images if image.users and place_on_disk(image) in shown)
    strips = (
        strip.name
        for scene in bpy.data.scenes
        for strip in version_adapter.sequencer_strips(scene)
        if strip.type == "IMAGE" and Path(bpy.path.abspath(strip.directory)) in shown
    )
    sounds = (
        sound.name
        for sound in bpy.data.sounds
        if sound.users and Path(bpy.path.abspath(sound.filepath)).parent == folder
    )
    return next(chain(images, strips, sounds), None)


def blend_path(path: Path) -> str:
    """Relative to the .blend where there is one, so that both can be moved together."""
    if not bpy.data.filepath:
        return str(path)
    try:
        return bpy.path.relpath(str(path))
    except ValueError:  # another drive
        return str(path)


def _record(kept: bpy.types.PropertyGroup, folder: Path, name: str, first: int, last: int) -> None:
    version = kept.versions.add()
    version.name, version.folder = name, blend_path(folder / "frames")
    version.first, version.last = first, last


def place_on_disk(image: bpy.types.Image) -> Path | None:
    """The folder of an image's file."""
    return Path(bpy.path.abspath(image.filepath)).parent if image.filepath else None


def _point(image: bpy.types.Image, file: Path) -> bool:
    """Let an image read another file; whether that is there and was not the one before."""
    if not file.is_file():
        first = min(file.parent.glob(f"frame_*{file.suffix}"), default=None)
        if first is None:
            return False  # a version without these passes: the last ones stay
        file = first
    if Path(bpy.path.abspath(image.filepath)) == file:
        return False
    image.filepath = blend_path(file)
    image.reload()
    return True


def _swap_strips(shown: set[Path], target: Path) -> int:
    swapped = 0
    for scene in bpy.data.scenes:
        for strip in version_adapter.sequencer_strips(scene):
            if strip.type != "IMAGE" or not strip.directory:
                continue
            place = Path(bpy.path.abspath(strip.directory))
            if place in shown and place != target / place.name and (target / place.name).is_dir():
                strip.directory = blend_path(target / place.name)
                swapped += 1
    return swapped


def _of_others(shot: bpy.types.Collection) -> set[bpy.types.Image]:
    """Images that objects of other shots show, or cameras of none: what an artist put behind those stays."""
    found, own = set(), set(shot.all_objects)
    for item in bpy.data.objects:
        if item.type == "CAMERA" and item not in own:
            found |= {user.image for user in backdrops(item)}
    for other in bpy.data.collections:
        if other != shot and other.garrick.is_shot:
            for item in set(other.all_objects) - own:
                found |= {node.image for _, node in picture_nodes(item)} | {user.image for user in backdrops(item)}
    return found - {None}


def _part_from_duplicates(shot: bpy.types.Collection, shown: set[Path]) -> None:
    """Give this shot materials and images of its own where it shares them with another shot."""
    foreign = _of_others(shot)
    copies: dict[bpy.types.Image, bpy.types.Image] = {}

    def own(image: bpy.types.Image) -> bpy.types.Image:
        if image not in copies:
            copies[image] = image.copy()
        return copies[image]

    for item in shot.all_objects:
        if item.library is not None:
            continue
        for slot, node in picture_nodes(item):
            if node.image in foreign and place_on_disk(node.image) in shown:
                name = node.name
                if slot.material.users > 1:
                    slot.material = slot.material.copy()
                own_node = slot.material.node_tree.nodes[name]
                own_node.image = own(own_node.image)
        if any(user.image in foreign and place_on_disk(user.image) in shown for user in backdrops(item)):
            if item.data.users > 1:
                item.data = item.data.copy()
            for user in backdrops(item):
                if user.image in foreign and place_on_disk(user.image) in shown:
                    user.image = own(user.image)


def picture_nodes(item: bpy.types.Object) -> list[tuple[bpy.types.MaterialSlot, bpy.types.ShaderNodeTexImage]]:
    """The pictures of an object's materials, each with its slot."""
    slots = [slot for slot in item.material_slots if slot.material and slot.material.node_tree]
    return [(slot, node) for slot in slots for node in slot.material.node_tree.nodes if node.type == "TEX_IMAGE"]


def backdrops(item: bpy.types.Object) -> list[bpy.types.CameraBackgroundImage]:
    return list(item.data.background_images) if item.type == "CAMERA" else []
