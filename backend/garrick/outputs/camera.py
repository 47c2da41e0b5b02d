"""camera.json: where the frames are seen from; what one shot wrote, another job may be rendered with."""

from __future__ import annotations

import json
import operator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from garrick.core.camera import CameraPath
from garrick.errors import InputError
from garrick.files import write_json

_MAX_BYTES = 100_000_000  # bytes: ten minutes at 240 frames a second
_MAX_SIDE = 65_536  # pixels
_FARTHEST = 1e6  # metres, or pixels of a lens
_ROTATION = 1e-3  # by which a rotation may miss being one: exporters round


def write_camera(path: Path, camera: CameraPath) -> None:
    """Write the camera: OpenCV axes, metres, one matrix for a still camera, else one a frame. Raises OutputError."""
    write_json(
        path,
        {
            "size": list(camera.size),
            "fps": [camera.fps.numerator, camera.fps.denominator],
            "intrinsics": _one_if_still(camera.intrinsics).tolist(),
            "world_to_camera": _one_if_still(camera.world_to_camera).tolist(),
        },
    )


def read_camera(path: Path, size: tuple[int, int], fps: Fraction) -> CameraPath:
    """Read what `write_camera` wrote, for pictures of `size`: (1, ...) matrices for a still camera, else one a frame.

    Pictures of the same shape may have another size; the lens is scaled along. A still camera has no rate of its own.
    Raises InputError for a file that is no camera, or one of another shape or rate.
    """
    camera = _parse(path)
    if len(camera) == 1:
        camera = replace(camera, fps=fps)
    if camera.fps != fps:
        raise InputError(
            f"{path.name} moves at {camera.fps} frames a second; the job says {fps}.",
            f"Set the frame rate to {camera.fps}, or export the camera again.",
        )
    width, height = camera.size
    if width * size[1] != height * size[0]:
        raise InputError(
            f"{path.name} is a camera for {width} x {height} pixels; {size[0]} x {size[1]} is of another shape.",
            f"Set the size to {width}x{height}, or export the camera again.",
        )
    return camera.resized(size)


def _one_if_still(matrices: np.ndarray) -> np.ndarray:
    return matrices[:1] if (matrices == matrices[0]).all() else matrices


def _parse(path: Path) -> CameraPath:
    """The camera in a file, checked. Raises InputError."""
    damaged = InputError(f"{path.name} is not a camera that Garrick can read.", "Export it again as camera.json.")
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path.name} is larger than {_MAX_BYTES // 1_000_000} MB.", "Export fewer frames.")
        data = json.loads(path.read_bytes())
        size = tuple(operator.index(side) for side in data["size"])
        rate = Fraction(*(operator.index(part) for part in data["fps"]))
        lenses, poses = (np.asarray(data[name], np.float64) for name in ("intrinsics", "world_to_camera"))
    except FileNotFoundError:
        raise InputError(
            f"There is no file {path}.", "Give the path of a camera.json, or orbit, dolly or handheld."
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, OverflowError, ZeroDivisionError, RecursionError):
        raise damaged from None
    if len(size) != 2 or not all(1 <= side <= _MAX_SIDE for side in size) or not 1 <= rate <= 240:
        raise damaged
    if lenses.shape[1:] != (3, 3) or poses.shape[1:] != (4, 4) or not len(lenses) or not len(poses):
        raise damaged
    frames = max(len(lenses), len(poses))
    if {len(lenses), len(poses)} - {1, frames}:
        raise damaged
    if not (_are_lenses(lenses) and are_poses(poses)):
        raise InputError(f"{path.name} holds a lens or a pose that no camera can have.", "Export it again.")
    lenses, poses = (np.broadcast_to(array, (frames, *array.shape[1:])) for array in (lenses, poses))
    return CameraPath(poses, lenses, size, rate)


def _are_lenses(matrices: np.ndarray) -> bool:
    """Whether (F, 3, 3) are pinhole intrinsics: square to the axes, a focal length above zero."""
    focal, centre = matrices[:, [0, 1], [0, 1]], matrices[:, :2, 2]
    rest = matrices.copy()
    rest[:, [0, 1], [0, 1]], rest[:, :2, 2] = 1, 0
    in_bounds = (focal > 1) & (focal < _FARTHEST) & (np.abs(centre) < _FARTHEST)
    return bool(in_bounds.all() and np.array_equal(rest, np.broadcast_to(np.eye(3), rest.shape)))


def are_poses(matrices: np.ndarray) -> bool:
    """Whether (F, 4, 4) are rotations and shifts."""
    turns, shifts = matrices[:, :3, :3], matrices[:, :3, 3]
    if not np.isfinite(matrices).all() or np.abs(matrices[:, :3]).max() > _FARTHEST:
        return False
    square = np.abs(turns @ turns.transpose(0, 2, 1) - np.eye(3)).max() < _ROTATION
    upright = (np.linalg.det(turns) > 0).all() and (np.abs(shifts) < _FARTHEST).all()
    return bool(square and upright and (matrices[:, 3] == (0, 0, 0, 1)).all())
