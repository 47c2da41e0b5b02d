"""Reads a photo safely: checked before it is decoded, turned upright, brought to 8-bit sRGB, framed on a face."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from garrick.errors import InputError

MAX_PIXELS = 50_000_000
MAX_SIDE = 12_000
MAX_BYTES = 200_000_000
MIN_SIDE = 96
# named, because Pillow would hand an EPS file to an interpreter of PostScript
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
# MemoryError: for a length in the file that no machine has room for; the picture's own size is checked before
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, MemoryError, struct.error, Image.DecompressionBombError)
_EXIF_IFD, _FOCAL_35MM = 0x8769, 0xA405  # EXIF FocalLengthIn35mmFilm
_FILM, _FILM_DIAGONAL = 36.0, 43.27  # millimetres
_ASSUMED_FOCAL = 50.0  # millimetres: an ordinary portrait lens
_FOCALS = (12.0, 600.0)  # what a camera may claim
_GREY = (128, 128, 128, 255)


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    pixels:       (H, W, 3) uint8, sRGB, upright.
    focal_pixels: focal length in pixels, from EXIF, or for a 50 mm lens on 36 mm film along the longer side.
    """

    pixels: np.ndarray
    focal_pixels: float


def load_photo(path: Path) -> Photo:
    """Read a photo of any common kind: greyscale, palette, CMYK, 16 bits, transparency, colour profile, EXIF turn.

    Raises InputError for what is missing, no image, broken, too small or too large; sizes are checked in the header.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.", "Give the path of a photo.")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB.", "Save the photo smaller.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about broken metadata, which is not needed, and sizes, which are checked here
        try:
            image = Image.open(path, formats=_FORMATS)
        except Image.DecompressionBombError:
            raise InputError(f"{path.name} has far too many pixels.", f"Use at most {MAX_SIDE} a side.") from None
        except (UnidentifiedImageError, *_DAMAGE):
            raise InputError(f"{path.name} is not an image that can be read.", "Use PNG, JPEG, WebP or TIFF.") from None
        with image:
            _check_size(path.name, *image.size)
            try:
                focal = _focal_pixels(image)
                pixels = _to_rgb(_managed(ImageOps.exif_transpose(image)))
            except _DAMAGE:
                raise InputError(f"{path.name} is damaged or cut short.", "Save the photo again and retry.") from None
    return Photo(pixels, focal)


@dataclass(frozen=True)
class Framing:
    """A crop and scale of the photo: canvas = scale * (photo - origin), pixel centres at whole + 0.5 on both sides."""

    scale: float
    origin: tuple[float, float]

    def to_canvas(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) photo pixels -> canvas pixels."""
        return (points - np.array(self.origin)) * self.scale


FRAMINGS: dict[str, tuple[float, float, float]] = {"head": (0.42, 0.5, 0.46), "upper-body": (0.2, 0.24, 0.3)}
"""How much a picture shows: the face's share of its height and of its width at most, and how far down its middle lies."""


def frame_face(
    photo: np.ndarray, points: np.ndarray, size: tuple[int, int], framing: str = "head"
) -> tuple[np.ndarray, Framing]:
    """Crop and scale a photo so that the face is well framed; the crop never leaves the photo.

    photo: (H, W, 3) uint8.    points: (n, 2) landmarks in photo pixels.    size: width, height of the canvas.
    framing: one of `FRAMINGS`, as far as the photo allows it.
    """
    share, across, down = FRAMINGS[framing]
    height, width = photo.shape[:2]
    low, high = points.min(axis=0), points.max(axis=0)
    middle, aspect = (low + high) / 2, size[0] / size[1]
    tall = max((high[1] - low[1]) / share, (high[0] - low[0]) / across / aspect)
    tall = min(tall, height, width / aspect)
    wide = tall * aspect
    left = float(np.clip(middle[0] - wide / 2, 0, width - wide))
    top = float(np.clip(middle[1] - tall * down, 0, height - tall))
    box = (left, top, min(left + wide, width), min(top + tall, height))
    canvas = Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS, box)
    return np.asarray(canvas), Framing(size[1] / tall, (left, top))


def assumed_focal(size: tuple[int, int]) -> float:
    """Focal length in pixels of a picture that does not say by which lens it was taken; size: pixels, both ways."""
    return _ASSUMED_FOCAL / _FILM * max(size)


def _check_size(name: str, width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise InputError(
            f"{name} is {width} x {height} pixels; the limit is {MAX_SIDE} a side and {MAX_PIXELS // 10**6} million.",
            "Scale the photo down.",
        )
    if min(width, height) < MIN_SIDE:
        raise InputError(
            f"{name} is only {width} x {height} pixels.", f"Use a larger picture: a face needs {MIN_SIDE} pixels."
        )


def _focal_pixels(image: Image.Image) -> float:
    """The 35 mm equivalent of EXIF is defined by the diagonal; the assumed lens by the longer side."""
    claimed = image.getexif().get_ifd(_EXIF_IFD).get(_FOCAL_35MM)
    if isinstance(claimed, int | float) and _FOCALS[0] <= claimed <= _FOCALS[1]:
        return float(claimed) / _FILM_DIAGONAL * float(np.hypot(*image.size))
    return assumed_focal(image.size)


def _managed(image: Image.Image) -> Image.Image:
    """Convert from the photo's own colour profile to sRGB; a profile that cannot be read is left out, as viewers do."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # the picture itself is decoded by now
        return image
    return converted or image


def _to_rgb(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8; transparency is laid over mid grey, deeper pixels are scaled down."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = np.asarray(image, np.float64)
        white = 1.0 if image.mode == "F" and grey.max() <= 1 else 255.0 if grey.max() <= 255 else 65535.0
        if image.mode.startswith("I;16"):
            white = 65535.0
        return np.repeat((np.clip(grey / white, 0, 1) * 255 + 0.5).astype(np.uint8)[..., None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layered.size, _GREY), layered)
    return np.asarray(image.convert("RGB"))
