"""The rendered frames in the scene: behind the camera's view, and on planes that fill its frustum exactly."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from ..core.camera import CameraPath
from ..core.performance import Performance
from .animation import Keying, animate_plate
from .materials import load_image, plate_material
from .playing import load_sequence, play
from .shot import Frames, Rig
from .timeline import Place

_BEHIND_HEAD, _BEHIND_FRAMES = 0.05, 0.5  # metres
_BLEED = 0.01  # of each side: the picture goes on past the frustum, so that no pixel at the edge sees by it


def add_backdrop(
    place: Place, camera: bpy.types.Object, performance: Performance, frames: Frames
) -> bpy.types.CameraBackgroundImage:
    """Show the frames behind the camera's view; the viewport draws them without any view transform."""
    backdrop = camera.data.background_images.new()
    backdrop.image = load_sequence(frames)
    backdrop.display_depth, backdrop.frame_method, backdrop.alpha = "BACK", "STRETCH", 1.0
    camera.data.show_background_images = True
    play(backdrop.image_user, place, frames, performance)
    return backdrop


def add_frames(
    keys: Keying, place: Place, camera: bpy.types.Object, path: CameraPath, rig: Rig,
    performance: Performance, frames: Frames,
) -> bpy.types.Object:  # fmt: skip
    """Show the frames on a plane just behind the head; returns the plane."""
    name = f"{camera.name} frames"
    material, picture = plate_material(name, load_sequence(frames))
    play(picture.image_user, place, frames, performance)
    return _plane(keys, name, material, camera, path, behind(path, rig))


def add_background(
    keys: Keying, camera: bpy.types.Object, path: CameraPath, rig: Rig, background: Path
) -> bpy.types.Object:
    """Show the still background on a plane behind the frames' plane; returns the plane."""
    name = f"{camera.name} background"
    material, _ = plate_material(name, load_image(background))
    return _plane(keys, name, material, camera, path, behind(path, rig) + _BEHIND_FRAMES)


def behind(path: CameraPath, rig: Rig) -> float:
    """Metres along the optical axis that lie behind the head however it turns, for every camera of the path."""
    reach = float(np.linalg.norm(rig.vertices, axis=1).max())
    return float(path.world_to_camera[:, 2, 3].max()) + reach + _BEHIND_HEAD


def frustum_rectangle(path: CameraPath, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """Centre (C, 3) and half sides (C, 3) in a Blender camera's own axes of what it sees at `depth` metres."""
    width, height = path.size
    fx, fy = path.intrinsics[:, 0, 0], path.intrinsics[:, 1, 1]
    cx, cy = path.intrinsics[:, 0, 2], path.intrinsics[:, 1, 2]
    depths = np.full(len(fx), depth)
    centres = np.stack([(width / 2 - cx) / fx * depth, (cy - height / 2) / fy * depth, -depths], axis=1)
    halves = np.stack([width / 2 / fx * depth, height / 2 / fy * depth, np.ones(len(fx))], axis=1)
    return centres, halves


def _plane(
    keys: Keying, name: str, material: bpy.types.Material, camera: bpy.types.Object, path: CameraPath, depth: float
) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    # The object's scale is half the frustum; the picture itself fills -1 .. 1, UV 0 .. 1.
    side, low, high = 1 + 2 * _BLEED, -_BLEED, 1 + _BLEED
    mesh.from_pydata([(-side, -side, 0), (side, -side, 0), (side, side, 0), (-side, side, 0)], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new(name="frame").uv.foreach_set("vector", [low, low, high, low, high, high, low, high])
    mesh.materials.append(material)
    plane = bpy.data.objects.new(name, mesh)
    plane.parent = camera
    centres, halves = frustum_rectangle(path, depth)
    plane.location, plane.scale = centres[0].tolist(), halves[0].tolist()
    # The plate is a picture of light, not a lamp: it must not light, mirror in or shade the head before it.
    plane.visible_diffuse = plane.visible_glossy = plane.visible_transmission = plane.visible_shadow = False
    animate_plate(keys, plane, centres, halves)
    return plane
