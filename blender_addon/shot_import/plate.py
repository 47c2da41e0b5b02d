"""The rendered frames in the scene: behind the camera's view, and on planes that fill its frustum exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .. import version_adapter
from ..core.camera import CameraPath
from ..core.performance import Performance
from .animation import animate_plate
from .materials import load_image, plate_material
from .shot import Frames, Rig
from .timeline import FIRST_FRAME, scene_rate

_BEHIND_HEAD, _BEHIND_FRAMES = 0.05, 0.5  # metres
_BLEED = 0.01  # of each side: the picture goes on past the frustum, so that no pixel at the edge sees by it


def add_frames(
    clip: version_adapter.Clip, scene: bpy.types.Scene, camera: bpy.types.Object, path: CameraPath, rig: Rig,
    performance: Performance, frames: Frames,
) -> bpy.types.Object:  # fmt: skip
    """Show the frames behind the camera's view and on a plane just behind the head; returns the plane."""
    image = load_image(frames.first_file)
    image.source = "SEQUENCE"
    backdrop = camera.data.background_images.new()
    backdrop.image = image
    backdrop.display_depth, backdrop.frame_method, backdrop.alpha = "BACK", "STRETCH", 1.0
    camera.data.show_background_images = True
    _play(clip, scene, camera.data, backdrop.image_user, "background_images[0].image_user.", frames, performance)

    name = f"{camera.name} frames"
    material, picture = plate_material(name, image)
    user_path = f'nodes["{picture.name}"].image_user.'
    _play(clip, scene, material.node_tree, picture.image_user, user_path, frames, performance)
    return _plane(clip, scene, name, material, camera, path, behind(path, rig), performance)


def add_background(
    clip: version_adapter.Clip, scene: bpy.types.Scene, camera: bpy.types.Object, path: CameraPath, rig: Rig,
    performance: Performance, background: Path,
) -> bpy.types.Object:  # fmt: skip
    """Show the still background on a plane behind the frames' plane; returns the plane."""
    name = f"{camera.name} background"
    material, _ = plate_material(name, load_image(background))
    return _plane(clip, scene, name, material, camera, path, behind(path, rig) + _BEHIND_FRAMES, performance)


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
    clip: version_adapter.Clip, scene: bpy.types.Scene, name: str, material: bpy.types.Material,
    camera: bpy.types.Object, path: CameraPath, depth: float, performance: Performance,
) -> bpy.types.Object:  # fmt: skip
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
    animate_plate(clip, scene, plane, centres, halves, performance)
    return plane


def _play(
    clip: version_adapter.Clip, scene: bpy.types.Scene, owner: bpy.types.ID, user: Any, path: str, frames: Frames,
    performance: Performance,
) -> None:  # fmt: skip
    """Let an image user show each frame at its time.

    Blender shows the file numbered (scene frame - frame_start + 1, within 1 .. frame_duration) + frame_offset. Where
    the rates agree that is one sum; where they differ the offset is keyed, so that each scene frame shows the nearest.
    """
    user.use_auto_refresh = True
    ratio = float(performance.fps) / scene_rate(scene)
    if abs(ratio - 1) < 1e-6:
        user.frame_start = FIRST_FRAME + frames.first
        user.frame_duration = frames.last - frames.first + 1
        user.frame_offset = frames.first - 1
        return
    shown = np.arange(int(np.ceil(len(performance) / ratio)))
    files = np.clip(np.floor(shown * ratio + 0.5), frames.first, frames.last)
    user.frame_start, user.frame_duration = FIRST_FRAME, len(shown)
    version_adapter.write_curve(
        clip.curves_of(owner), path + "frame_offset", 0, FIRST_FRAME + shown, files - (shown + 1), "Frames",
        version_adapter.CONSTANT,
    )  # fmt: skip
