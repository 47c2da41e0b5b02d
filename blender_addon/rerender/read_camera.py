"""Blender's camera as the pinhole camera that the frames are rendered from, an instant at a time.

What Blender itself does is done here: markers bind cameras, constraints move them, the sensor is fitted to a side, the
lens is shifted, pixels may be oblong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..axes import camera_from_blender

_UNEVEN = 1e-4  # by which the axes of the rig may differ in scale


@dataclass(frozen=True)
class View:
    """One camera at one instant.

    camera, rig: (4, 4) float64, where camera and rig are in Blender's world.
    intrinsics:  (3, 3) float64, pixels of the size that was asked for.
    """

    camera: np.ndarray
    rig: np.ndarray
    intrinsics: np.ndarray


def camera_at(scene: bpy.types.Scene, frame: float) -> bpy.types.Object | None:
    """The camera that the scene is seen through at a frame: its marker's, where cameras are bound to markers.

    Blender switches in its window and in rendering, `frame_set` does not.
    """
    marker = marker_at(scene, frame)
    return scene.camera if marker is None else marker.camera


def marker_at(scene: bpy.types.Scene, frame: float) -> bpy.types.TimelineMarker | None:
    """The marker whose camera counts: the last one up to that frame, before the first the first; None without any."""
    bound = [marker for marker in scene.timeline_markers if marker.camera and not marker.camera.hide_render]
    if not bound:
        return None
    past = [marker for marker in bound if marker.frame <= int(frame)]
    # Of several on one frame Blender takes the first, and so do max and min.
    return max(past, key=lambda marker: marker.frame) if past else min(bound, key=lambda marker: marker.frame)


def view_of(
    scene: bpy.types.Scene, camera: bpy.types.Object, armature: bpy.types.Object, size: tuple[int, int],
    graph: bpy.types.Depsgraph,
) -> View:  # fmt: skip
    """What `camera` is now; it and the rig may move, be parented and constrained.

    size: width, height in pixels of the frames. Raises ValueError with a sentence for the user.
    """
    evaluated = camera.evaluated_get(graph)
    if camera.type != "CAMERA":
        raise ValueError(f"{camera.name} is no camera; Garrick renders through cameras only.")
    if evaluated.data.type != "PERSP":
        raise ValueError(f"{camera.name} is not a perspective camera; set its lens type to Perspective.")
    rig = np.array(armature.evaluated_get(graph).matrix_world, np.float64)
    scales = np.linalg.norm(rig[:3, :3], axis=0)
    if np.ptp(scales) > _UNEVEN * scales.max() or np.dot(np.cross(rig[:3, 0], rig[:3, 1]), rig[:3, 2]) <= 0:
        raise ValueError(f"{armature.name} is scaled unevenly or mirrored; give it one scale for all axes.")
    matrix = np.array(evaluated.matrix_world, np.float64)
    return View(matrix, rig, intrinsics_of(scene.render, evaluated.data, size))


def seen_from_rig(views: Sequence[View]) -> np.ndarray:
    """(N, 4, 4) float64 world_to_camera: OpenCV axes, in the rig's own space and its metres, in Garrick's axes.

    All at once: one inversion of many matrices takes as long as one of one.
    """
    cameras, rigs = (np.array([getattr(view, name) for view in views]) for name in ("camera", "rig"))
    return camera_from_blender(_rigid(np.linalg.inv(rigs) @ cameras))


def intrinsics_of(render: bpy.types.RenderSettings, lens: bpy.types.Camera, size: tuple[int, int]) -> np.ndarray:
    """(3, 3) pixels of `size`: BKE_camera_params_compute_viewplane read backwards.

    A pixel is `tall` times as tall as wide; the view plane is counted in pixel widths, the shift in its fitted side.
    """
    width, height = size
    tall = render.pixel_aspect_y / render.pixel_aspect_x
    fit = lens.sensor_fit
    if fit == "AUTO":
        fit = "HORIZONTAL" if width * render.pixel_aspect_x >= height * render.pixel_aspect_y else "VERTICAL"
    side = width if fit == "HORIZONTAL" else height * tall
    # AUTO measures the sensor by its width whichever side it is fitted to.
    sensor = lens.sensor_height if lens.sensor_fit == "VERTICAL" else lens.sensor_width
    focal = lens.lens * side / sensor
    return np.array(
        [
            [focal, 0.0, width / 2 - lens.shift_x * side],
            [0.0, focal / tall, height / 2 + lens.shift_y * side / tall],
            [0.0, 0.0, 1.0],
        ]
    )


def _rigid(matrices: np.ndarray) -> np.ndarray:
    """(N, 4, 4) cameras without their scale, as Blender takes them: a scaled camera sees the same."""
    result = matrices.copy()
    # The nearest rotation: single precision and shear under scaled parents leave the axes a little off square.
    left, _, right = np.linalg.svd(matrices[:, :3, :3] / np.linalg.norm(matrices[:, :3, :3], axis=1, keepdims=True))
    result[:, :3, :3] = left @ right
    return result
