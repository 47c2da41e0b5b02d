"""The versions of a shot in the scene: what is recorded of them, and their frames swapped wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np

from .. import version_adapter
from ..shot_import import timeline
from ..version_adapter import CONSTANT
from .layers import layered_curves, rewrite_curve, stretch_strips
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
    same files (a duplicate) keeps what it shows. Raises ValueError when the version's files are gone.
    """
    kept = shot.garrick
    target = folder_of(kept.versions[index])
    if not (target / MANIFEST).is_file():
        raise ValueError(f"The files of {kept.versions[index].name} are not in {target} any more.")
    shown = {folder_of(version) / kind for version in kept.versions for kind in _KINDS}
    _part_from_duplicates(shot, shown)
    swapped = 0
    foreign = _of_others(shot)
    for image in bpy.data.images:
        place = _place(image)
        if image.library is None and place in shown and image not in foreign:
            swapped += _point(image, target / place.name / Path(image.filepath).name)
    swapped += _swap_strips(shown, target)
    kept.active_version = index
    return swapped


def fit_length(shot: bpy.types.Collection, scene: bpy.types.Scene, fps: Fraction, first: int, last: int) -> None:
    """Let planes and camera backgrounds play frames first .. last, each nearest to its time, and hold the last one.

    Blender shows the file numbered (scene frame - frame_start + 1, within 1 .. frame_duration) + frame_offset. Where the
    rates agree that is one sum; where they differ the import keys the offset, and these keys are laid anew.
    """
    ratio = float(fps) / timeline.scene_rate(scene)
    start = timeline.FIRST_FRAME
    for owner, path, user in _players(shot):
        if abs(ratio - 1) < 1e-6:
            user.frame_start, user.frame_duration, user.frame_offset = start + first, last - first + 1, first - 1
            continue
        shown = np.arange(int(np.ceil((last + 1) / ratio)))
        files = np.clip(np.floor(shown * ratio + 0.5), first, last)
        before = user.frame_start + user.frame_duration - 1
        user.frame_start, user.frame_duration = start, len(shown)
        for curve in layered_curves(owner):
            if curve.data_path == path + ".frame_offset":
                rewrite_curve(curve, start + shown, files - (shown + 1), CONSTANT)
        stretch_strips(owner, before, start + len(shown) - 1)


def planes(shot: bpy.types.Collection) -> list[bpy.types.Object]:
    """The objects of the shot whose materials show its frames."""
    shown = {folder_of(version) / kind for version in shot.garrick.versions for kind in _KINDS}
    return [
        item
        for item in shot.all_objects
        if any(node.image and _place(node.image) in shown for _, node in _picture_nodes(item))
    ]


def _players(shot: bpy.types.Collection) -> Iterator[tuple[bpy.types.ID, str, bpy.types.ImageUser]]:
    """Whose, at which path, and what plays a sequence of the shot's frames."""
    shown = {folder_of(version) / kind for version in shot.garrick.versions for kind in _KINDS}
    for item in shot.all_objects:
        for slot, node in _picture_nodes(item):
            if node.image and _place(node.image) in shown:
                yield slot.material.node_tree, f'nodes["{node.name}"].image_user', node.image_user
        for number, user in enumerate(_backdrops(item)):
            if user.image and _place(user.image) in shown:
                yield item.data, f"background_images[{number}].image_user", user.image_user


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


def _place(image: bpy.types.Image) -> Path | None:
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
    """Images that objects of other shots show."""
    found = set()
    for other in bpy.data.collections:
        if other != shot and other.garrick.is_shot:
            for item in set(other.all_objects) - set(shot.all_objects):
                found |= {node.image for _, node in _picture_nodes(item)} | {user.image for user in _backdrops(item)}
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
        for slot, node in _picture_nodes(item):
            if node.image in foreign and _place(node.image) in shown:
                name = node.name
                if slot.material.users > 1:
                    slot.material = slot.material.copy()
                own_node = slot.material.node_tree.nodes[name]
                own_node.image = own(own_node.image)
        if any(user.image in foreign and _place(user.image) in shown for user in _backdrops(item)):
            if item.data.users > 1:
                item.data = item.data.copy()
            for user in _backdrops(item):
                if user.image in foreign and _place(user.image) in shown:
                    user.image = own(user.image)


def _picture_nodes(item: bpy.types.Object) -> list[tuple[bpy.types.MaterialSlot, bpy.types.ShaderNodeTexImage]]:
    """The pictures of an object's materials, each with its slot."""
    slots = [slot for slot in item.material_slots if slot.material and slot.material.node_tree]
    return [(slot, node) for slot in slots for node in slot.material.node_tree.nodes if node.type == "TEX_IMAGE"]


def _backdrops(item: bpy.types.Object) -> list[bpy.types.CameraBackgroundImage]:
    return list(item.data.background_images) if item.type == "CAMERA" else []
