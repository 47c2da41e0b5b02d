"""What is behind the person: the photo's own clean plate or a picture of the user's, as a camera sees it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from garrick.core.camera import Camera
from garrick.errors import InputError
from garrick.perception.image import load_photo

_BEHIND = 0.6  # metres behind the head at which it hangs
_COARSEST = 4  # times that a picture may be enlarged: beyond, its pixels would show


def read_background(path: Path, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8, sRGB: a picture that covers a frame of that width and height; what sticks out is cut off evenly.

    Raises InputError for what `load_photo` refuses, and for a picture that would be enlarged too much.
    """
    pixels = load_photo(path).pixels
    height, width = pixels.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    if scale > _COARSEST:
        least = [-(-side // _COARSEST) for side in size]
        raise InputError(
            f"The background {path.name} is {width} x {height} pixels, too small for frames of {size[0]} x {size[1]}.",
            f"Use a picture of {size[0]} x {size[1]} pixels; {least[0]} x {least[1]} are the least.",
        )
    wide, tall = min(width, size[0] / scale), min(height, size[1] / scale)
    left, top = (width - wide) / 2, (height - tall) / 2
    box = (left, top, min(left + wide, width), min(top + tall, height))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box))


def seen_behind(background: np.ndarray, own: Camera, camera: Camera) -> np.ndarray:
    """(H, W, 3) float32, 0..1: the background as a camera sees it.

    background: (H, W, 3) float32, 0..1, of the size of the photo's `own` camera.
    """
    motion = background_motion(own, camera)
    if motion is None:
        return background
    return cv2.warpPerspective(
        background, motion, camera.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def background_motion(own: Camera, camera: Camera) -> np.ndarray | None:
    """(3, 3) pixels of the background, their centres at whole numbers, to those of the camera; None where nothing moves.

    It is a picture hung behind the head, which goes on in mirror images.    own: the photo's camera.
    """
    same_lens = camera.size == own.size and np.array_equal(camera.intrinsics, own.intrinsics)
    if same_lens and np.array_equal(camera.world_to_camera, own.world_to_camera):
        return None
    width, height = own.size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    far = own.world_to_camera[2, 3] + _BEHIND
    rays = np.column_stack([(corners - own.intrinsics[:2, 2]) / np.diag(own.intrinsics)[:2], np.ones(4)])
    world = (rays * far - own.world_to_camera[:3, 3]) @ own.world_to_camera[:3, :3]
    there = camera.project(world)[:, :2]
    return cv2.getPerspectiveTransform((corners - 0.5).astype(np.float32), (there - 0.5).astype(np.float32))
