"""The fitted camera: OpenCV intrinsics as Blender's lens, shift and pixel aspect."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from ..axes import camera_to_blender
from ..core.camera import CameraPath
from ..rotations import continuous

SENSOR = 36.0  # millimetres along the longer side


@dataclass(frozen=True)
class Lens:
    """Blender's camera settings, one value a camera of the path.

    lens: (C,) millimetres; shift_x, shift_y: (C,) in sides of the fitted sensor; vertical: the sensor is fitted to the
    height; pixel_aspect: (x, y) of the render settings.
    """

    lens: np.ndarray
    shift_x: np.ndarray
    shift_y: np.ndarray
    vertical: bool
    pixel_aspect: tuple[float, float]


def lens_of(path: CameraPath) -> Lens:
    """Turn intrinsics into Blender's terms, as BKE_camera_params_compute_viewplane reads them.

    A pixel is `tall` times as tall as wide; lengths of the view plane are counted in pixel widths, the sensor in sides
    of the fitted direction. Raises ValueError when the pixels' shape changes in the course of the shot.
    """
    width, height = path.size
    fx, fy = path.intrinsics[:, 0, 0], path.intrinsics[:, 1, 1]
    cx, cy = path.intrinsics[:, 0, 2], path.intrinsics[:, 1, 2]
    ratios = fx / fy
    if np.ptp(ratios) > 1e-6 * ratios[0]:
        raise ValueError("The camera's pixel shape changes during the shot; Blender has one for the whole scene.")
    tall = float(ratios[0])
    if abs(tall - 1) < 1e-9:
        tall = 1.0
    vertical = height * tall > width
    side = height * tall if vertical else width
    return Lens(
        lens=fx * SENSOR / side,
        shift_x=(width / 2 - cx) / side,
        shift_y=(cy - height / 2) * tall / side,
        vertical=vertical,
        pixel_aspect=(1.0, tall) if tall >= 1 else (1 / tall, 1.0),
    )


def make_camera(name: str, path: CameraPath, lens: Lens) -> bpy.types.Object:
    """A camera object in the pose of the path's first camera, not yet in a collection."""
    data = bpy.data.cameras.new(name)
    data.sensor_width = data.sensor_height = SENSOR
    data.sensor_fit = "VERTICAL" if lens.vertical else "HORIZONTAL"
    data.lens, data.shift_x, data.shift_y = float(lens.lens[0]), float(lens.shift_x[0]), float(lens.shift_y[0])
    data.clip_start, data.clip_end = 0.01, 100.0
    data.display_size = 0.1
    camera = bpy.data.objects.new(name, data)
    camera.rotation_mode = "QUATERNION"
    camera.matrix_world = Matrix(camera_to_blender(path.world_to_camera[0]).tolist())
    return camera


def camera_motion(path: CameraPath) -> tuple[np.ndarray, np.ndarray]:
    """(C, 3) locations and (C, 4) sign-continuous quaternions of the camera object."""
    matrices = camera_to_blender(path.world_to_camera)
    turns = np.array([Matrix(matrix[:3, :3].tolist()).to_quaternion()[:] for matrix in matrices])
    return matrices[:, :3, 3], continuous(turns)
