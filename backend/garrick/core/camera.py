"""Pinhole cameras in OpenCV axes (x right, y down, z forward); metres and pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np


@dataclass(frozen=True)
class Camera:
    """One pinhole camera.

    intrinsics:      (3, 3) float64, pixels of `size`; pixel centres lie at whole + 0.5.
    world_to_camera: (4, 4) float64, OpenCV axes, metres.
    size:            width, height in pixels.
    """

    intrinsics: np.ndarray
    world_to_camera: np.ndarray
    size: tuple[int, int]

    def project(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) world metres -> (..., 3): x and y in pixels, planar depth z in metres."""
        view = points @ self.world_to_camera[:3, :3].T + self.world_to_camera[:3, 3]
        image = view @ self.intrinsics.T
        return np.concatenate([image[..., :2] / view[..., 2:], view[..., 2:]], axis=-1)


@dataclass(frozen=True)
class CameraPath:
    """A moving pinhole camera, one pose a frame.

    world_to_camera: (F, 4, 4) float64, OpenCV axes (x right, y down, z forward), metres.
    intrinsics:      (F, 3, 3) float64, pixels of `size`.
    size:            width, height in pixels.
    fps:             frames a second; frame i is the shutter-open instant i / fps.
    """

    world_to_camera: np.ndarray
    intrinsics: np.ndarray
    size: tuple[int, int]
    fps: Fraction

    @classmethod
    def still(cls, camera: Camera, frames: int, fps: Fraction) -> CameraPath:
        """The same camera for `frames` frames."""
        return cls(
            np.broadcast_to(camera.world_to_camera, (frames, 4, 4)),
            np.broadcast_to(camera.intrinsics, (frames, 3, 3)),
            camera.size,
            fps,
        )

    def __len__(self) -> int:
        return len(self.world_to_camera)

    def resized(self, size: tuple[int, int]) -> CameraPath:
        """The same view in pictures of another size: width, height in pixels."""
        scale = np.diag([size[0] / self.size[0], size[1] / self.size[1], 1.0])
        return replace(self, intrinsics=scale @ self.intrinsics, size=size)

    def at(self, frame: int) -> Camera:
        """The camera of one frame."""
        return Camera(self.intrinsics[frame], self.world_to_camera[frame], self.size)
