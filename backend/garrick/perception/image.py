"""Reads a photo safely: checked before it is decoded, turned upright, flattened to 8-bit sRGB."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from garrick.errors import InputError

MAX_PIXELS = 50_000_000
MAX_SIDE = 12_000
MAX_BYTES = 200_000_000
MIN_SIDE = 96
_FOCAL_35MM = 0xA405  # EXIF FocalLengthIn35mmFilm
_EXIF_IFD = 0x8769
_ASSUMED_FOCAL = 50.0  # millimetres on a 36 mm wide film: an ordinary portrait lens


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    pixels:       (H, W, 3) uint8, sRGB, upright.
    focal_pixels: focal length in pixels, from EXIF or for a 50 mm lens on 36 mm film along the longer side.
    """

    pixels: np.ndarray
    focal_pixels: float


def load_photo(path: Path) -> Photo:
    """Read a photo of any common kind. Raises InputError for what is missing, no image, broken, too small or too large."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.", "Give the path of a photo.")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB.", "Save the photo smaller.")
    try:
        image = Image.open(path)
    except Image.DecompressionBombError:
        raise InputError(f"{path.name} has far too many pixels.", f"Scale it to at most {MAX_SIDE} a side.") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise InputError(f"{path.name} is not an image that can be read.", "Use PNG, JPEG, WebP or TIFF.") from None
    with image:
        width, height = image.size
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            raise InputError(
                f"{path.name} is {width} x {height} pixels; the limit is {MAX_SIDE} a side and {MAX_PIXELS // 10**6} million.",
                "Scale the photo down.",
            )
        if min(width, height) < MIN_SIDE:
            raise InputError(f"{path.name} is only {width} x {height} pixels.", "Use a photo with a face of at least 96 pixels.")
        try:
            focal = image.getexif().get_ifd(_EXIF_IFD).get(_FOCAL_35MM) or _ASSUMED_FOCAL
            upright = ImageOps.exif_transpose(image)
            pixels = _to_rgb(upright)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            raise InputError(f"{path.name} is damaged or cut short.", "Save the photo again and retry.") from None
    return Photo(pixels, float(focal) / 36 * max(width, height))


@dataclass(frozen=True)
class Framing:
    """A crop and scale of the photo: canvas = scale * (photo - origin)."""

    scale: float
    origin: tuple[float, float]

    def to_canvas(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) photo pixels -> canvas pixels."""
        return (points - np.array(self.origin)) * self.scale


def frame_face(photo: np.ndarray, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, Framing]:
    """Crop and scale a photo so that the face is well framed; the crop never leaves the photo.

    photo: (H, W, 3) uint8.    points: (n, 2) landmarks in photo pixels.    size: width, height of the canvas.
    The face takes about 0.42 of the canvas height, its middle a little above the centre, where the photo allows it.
    """
    height, width = photo.shape[:2]
    low, high = points.min(axis=0), points.max(axis=0)
    middle, aspect = (low + high) / 2, size[0] / size[1]
    tall = max((high[1] - low[1]) / 0.42, (high[0] - low[0]) / 0.5 / aspect)
    tall = min(tall, height, width / aspect)
    wide = tall * aspect
    left = float(np.clip(middle[0] - wide / 2, 0, width - wide))
    top = float(np.clip(middle[1] - tall * 0.46, 0, height - tall))
    scale = size[1] / tall
    if scale < 1:
        # area averaging needs whole source pixels around each canvas pixel: resize the crop, then place it exactly
        matrix = np.array([[1, 0, left], [0, 1, top]])
        whole = (max(size[0], round(wide)), max(size[1], round(tall)))
        crop = cv2.warpAffine(photo, matrix, whole, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
        return cv2.resize(crop, size, interpolation=cv2.INTER_AREA), Framing(scale, (left, top))
    # pixel centres lie at + 0.5 on both sides
    matrix = np.array([[1 / scale, 0, left + 0.5 / scale - 0.5], [0, 1 / scale, top + 0.5 / scale - 0.5]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(photo, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), Framing(scale, (left, top))


def _to_rgb(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8; transparency is laid over mid grey, 16 bits are scaled down."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = np.asarray(image, np.float64)
        top = 65535.0 if grey.max() > 255 else 255.0
        return np.repeat((np.clip(grey / top, 0, 1) * 255 + 0.5).astype(np.uint8)[..., None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (128, 128, 128, 255))
        image = Image.alpha_composite(ground, layered)
    return np.asarray(image.convert("RGB"))
