"""The frames on a plane that fills the camera's frustum behind the head, and behind the camera's view."""

from __future__ import annotations

import bpy

from .. import version_adapter
from ..rerender.place import place_of
from ..shot_import import animation, plate
from . import colour, compositor
from .pictures import Pictures, folders_of, planes_of, shows


def find_plane(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bpy.types.Object | None:
    """The plane before the shot's camera that shows its frames."""
    planes = planes_of(shot).items()
    return next((plane for plane, images in planes if any(image.source == "SEQUENCE" for image in images)), None)


def find_backdrop(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bpy.types.CameraBackgroundImage | None:
    """The frames behind the view of the shot's camera."""
    camera, folders = shot.garrick.camera, folders_of(shot)
    users = [] if camera is None else camera.data.background_images
    return next((user for user in users if shows(user.image, folders)), None)


def add_plane(scene: bpy.types.Scene, shot: bpy.types.Collection, pictures: Pictures) -> tuple[str, ...]:
    """Show the frames on a plane; one that is there is made anew. Returns notes for the user."""
    camera = _camera(shot)
    remove_plane(scene, shot)
    taken, place = pictures.shot, place_of(shot, scene)
    keys = animation.keying(version_adapter.Clip(shot.name), place, taken.performance)
    plane = plate.add_frames(keys, place, camera, taken.camera, taken.rig, taken.performance, pictures.frames)
    keys.clip.lay_down()
    (shot.children[0] if shot.children else shot).objects.link(plane)
    if compositor.find(scene, shot) is not None:
        compositor.hide(shot)
    colour.apply(scene)
    return ()


def add_backdrop(scene: bpy.types.Scene, shot: bpy.types.Collection, pictures: Pictures) -> tuple[str, ...]:
    """Show the frames behind the camera's view; those that are there are made anew. Returns notes for the user."""
    camera = _camera(shot)
    remove_backdrop(scene, shot)
    plate.add_backdrop(place_of(shot, scene), camera, pictures.shot.performance, pictures.frames)
    return ()


def remove_plane(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bool:
    """Take the plane away, with what only it used; whether there was one."""
    plane = find_plane(scene, shot)
    if plane is None:
        return False
    mesh = plane.data
    materials = [slot.material for slot in plane.material_slots if slot.material is not None]
    images = {node.image for material in materials for node in material.node_tree.nodes if node.type == "TEX_IMAGE"}
    bpy.data.objects.remove(plane)
    _purge(bpy.data.meshes, [mesh])
    _purge(bpy.data.materials, materials)
    _purge(bpy.data.images, images)
    return True


def remove_backdrop(scene: bpy.types.Scene, shot: bpy.types.Collection) -> bool:
    """Take the frames from behind the camera's view; whether they were there."""
    backdrop = find_backdrop(scene, shot)
    if backdrop is None:
        return False
    image = backdrop.image
    backdrop.image_user.driver_remove("frame_offset")
    shot.garrick.camera.data.background_images.remove(backdrop)
    _purge(bpy.data.images, [image])
    return True


def _camera(shot: bpy.types.Collection) -> bpy.types.Object:
    camera = shot.garrick.camera
    if camera is None:
        raise ValueError(f"The camera of {shot.name} is gone; import the shot again.")
    return camera


def _purge(blocks, candidates) -> None:
    for block in candidates:
        if block is not None and not block.users:
            blocks.remove(block)
