"""Plates that look the same under AgX, Filmic and Standard.

The frames are finished pictures: sRGB as it is shown. A view transform is made for light, and would grade them a second
time. "Untouched" plates are therefore read through the view transform's own inverse, an input colour space of Blender's
configuration; the two then cancel out. Camera backgrounds are drawn by the viewport without any view transform, so their
images always stay sRGB.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy

from .. import version_adapter
from ..shot_import.props import shots_of
from .pictures import folders_of, shows

_SRGB = "sRGB"
_INVERSES = {"Standard": _SRGB, "Raw": "Linear Rec.709", "AgX": "AgX Base sRGB", "Filmic Log": "Filmic Log"}

_applied: dict[int, tuple] = {}  # scene -> what `follow` saw last; after a reload it looks again


def inverse_of(transform: str) -> str | None:
    """The input colour space that undoes a view transform on an sRGB display; None where there is none."""
    name = _INVERSES.get(transform, f"{transform} sRGB")
    known = bpy.types.ColorManagedInputColorspaceSettings.bl_rna.properties["name"].enum_items
    return name if name in known else None


def apply(scene: bpy.types.Scene) -> int:
    """Let all plates of the scene's shots follow its view transform and its choice; returns how many had to change."""
    space = _SRGB
    if scene.garrick_plates == "UNTOUCHED":
        space = inverse_of(scene.view_settings.view_transform) or _SRGB
    folders = {folder for shot in shots_of(scene) for folder in folders_of(shot)}
    backdrops = _part_backdrops(scene, folders)
    changed = 0
    for image in bpy.data.images:
        if shows(image, folders) and not image.filepath.endswith(".exr"):
            changed += _read_as(image.colorspace_settings, _SRGB if image in backdrops else space)
    for strip in strips_of(scene, folders):
        changed += _read_as(strip.colorspace_settings, space)
    return changed


def obstacles(scene: bpy.types.Scene) -> list[str]:
    """Why untouched plates would not look untouched in this scene; sentences for the panel."""
    view, found = scene.view_settings, []
    if scene.garrick_plates != "UNTOUCHED":
        return found
    if inverse_of(view.view_transform) is None:
        found.append("This view transform cannot be undone: plates are graded by it.")
    if view.look not in ("None", ""):
        found.append("The look grades the plates too: set it to None.")
    if view.exposure != 0 or view.gamma != 1:
        found.append("Exposure and gamma grade the plates too: set them to 0 and 1.")
    if getattr(view, "use_curve_mapping", False):
        found.append("The colour management's curves grade the plates too.")
    return found


def strips_of(scene: bpy.types.Scene, folders: set[Path]) -> Iterator[bpy.types.ImageStrip]:
    """The sequencer's image strips that show pictures of these shot folders."""
    for strip in version_adapter.sequencer_strips(scene):
        if strip.type == "IMAGE" and strip.directory:
            place = Path(bpy.path.abspath(strip.directory))
            if {place, place.parent} & folders:
                yield strip


@bpy.app.handlers.persistent
def follow(scene: bpy.types.Scene, _depsgraph: bpy.types.Depsgraph | None = None) -> None:
    """Handler: apply again whenever the view transform, the choice or the number of images has changed."""
    state = (scene.view_settings.view_transform, scene.garrick_plates, len(bpy.data.images))
    if _applied.get(scene.as_pointer()) != state:
        apply(scene)
        _applied[scene.as_pointer()] = (*state[:2], len(bpy.data.images))


@bpy.app.handlers.persistent
def forget(*_arguments: object) -> None:
    """Handler: after another file is opened nothing is known of its scenes."""
    _applied.clear()


def _read_as(settings: bpy.types.ColorManagedInputColorspaceSettings, space: str) -> bool:
    if settings.name == space:
        return False
    settings.name = space
    return True


def _part_backdrops(scene: bpy.types.Scene, folders: set[Path]) -> set[bpy.types.Image]:
    """The images behind the cameras' views, each made one that nothing else shows."""
    shots = shots_of(scene)
    cameras = {item for shot in shots for item in shot.all_objects if item.type == "CAMERA"}
    users = [user for camera in cameras for user in camera.data.background_images if shows(user.image, folders)]
    for user in users:
        if user.image.users > sum(other.image == user.image for other in users):
            user.image = user.image.copy()
    return {user.image for user in users}
