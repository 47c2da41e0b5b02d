"""Take: the frames of a performance and their passes, made one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from garrick.core.camera import CameraPath

ID_NAMES: tuple[str, ...] = ("background", "body", "hair", "skin", "eyes", "teeth", "mouth", "hands")
"""What the id pass counts, in order."""


@dataclass(frozen=True)
class Frame:
    """One rendered frame with its passes.

    rgba:  (H, W, 4) uint8, sRGB, straight alpha (the person; the background keeps its colour under alpha 0).
    depth: (H, W) float32, planar distance along the optical axis in metres; inf where there is nothing.
    uv:    (H, W, 2) float32, 0..1: where in the portrait picture the pixel was taken from (v down); -1 where nowhere,
           as on hands and arms that the photo does not show.
    ids:   (H, W) uint8, index into ID_NAMES.
    plate: (H, W, 3) uint8, sRGB: the person over the background, what a viewer sees. Before the photo's own, that is also
           what of it clings to their outline, which `rgba` lacks.
    normals: (H, W, 3) float32, world, unit length, out of the surface; zero where there is nothing, and at pixels that
           are seen but have none, as at an outline. None where no passes were asked for.
    """

    rgba: np.ndarray
    depth: np.ndarray
    uv: np.ndarray
    ids: np.ndarray
    plate: np.ndarray
    normals: np.ndarray | None = None


@dataclass(frozen=True)
class Take:
    """The frames of one performance from one camera path, rendered when asked for; memory stays flat.

    render:     render(i) -> Frame of frame i, 0 <= i < len(camera); pure, so any order, thread and process gives the same,
                and several threads may call it at once.
    background: (H, W, 3) uint8, sRGB, of the camera's size: what is behind the person, the portrait's own filled in or the
                user's.
    """

    camera: CameraPath
    render: Callable[[int], Frame]
    background: np.ndarray

    def __len__(self) -> int:
        return len(self.camera)
