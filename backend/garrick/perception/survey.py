"""A quick look at a photo before any job: which faces it shows, and what a job would say about each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from garrick.bodies.head import load_head
from garrick.errors import InputError
from garrick.perception.advice import advice
from garrick.perception.analyse import (
    MIN_FACE,
    angles,
    check_edges,
    check_heights,
    check_turn,
    faces_in,
    framed,
    height_of,
)
from garrick.perception.fit import fit_head
from garrick.perception.image import Photo, load_photo

_CANVAS = (512, 512)  # pixels: the usual size of frames
_CLOSELY = 6  # faces whose turn is measured, a second each
_PREVIEW = 256  # pixels of the longer side


@dataclass(frozen=True)
class Fault:
    """Why a job would refuse. message: one sentence; fix: what to do about it."""

    message: str
    fix: str | None


@dataclass(frozen=True)
class SeenFace:
    """One face.

    index:  what a job's `face_index` calls it; None for one too small to be chosen beside others that are not.
    box:    left, top, right, bottom, in pixels of the upright photo; from brow to chin, within the photo.
    height: pixels, brow to chin.
    yaw, pitch, roll: degrees against the camera; None where that was not measured.
    fault:  why a job would refuse this face. notes: sentences on what could be better.
    """

    index: int | None
    box: tuple[float, float, float, float]
    height: float
    yaw: float | None
    pitch: float | None
    roll: float | None
    fault: Fault | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Survey:
    """What a photo shows.

    size:    width and height of the upright photo, pixels.
    faces:   from left to right.
    fault:   why a job would refuse the photo, whichever face it asks for.
    preview: (h, w, 3) uint8 sRGB, the upright photo with 256 pixels at most a side.
    """

    size: tuple[int, int]
    faces: tuple[SeenFace, ...]
    fault: Fault | None
    preview: np.ndarray


def survey(picture: Path) -> Survey:
    """Look at a photo. Raises InputError for what is no photo that can be read, MissingError without the weights."""
    photo = load_photo(picture)
    found = faces_in(photo)
    faces: list[SeenFace] = []
    index = 0
    for points in found:
        usable = height_of(points) >= MIN_FACE
        faces.append(_seen(photo, points, index if usable else None, closely=index < _CLOSELY))
        index += usable
    fault = _fault(lambda: check_heights([height_of(points) for points in found]))
    height, width = photo.pixels.shape[:2]
    return Survey((width, height), tuple(faces), fault, _preview(photo.pixels))


def _seen(photo: Photo, points: np.ndarray, index: int | None, closely: bool) -> SeenFace:
    height, width = photo.pixels.shape[:2]
    low, high = points[:468].min(axis=0), points[:468].max(axis=0)
    left, right = np.clip([low[0], high[0]], 0, width)
    top, bottom = np.clip([low[1], high[1]], 0, height)
    box = (float(left), float(top), float(right), float(bottom))
    tall = height_of(points)
    if index is None:
        return SeenFace(None, box, tall, None, None, None, None, ())
    fault = _fault(lambda: check_edges(photo, points))
    if fault is not None or not closely:
        return SeenFace(index, box, tall, None, None, None, fault, ())
    image, landmarks, intrinsics = framed(photo, points, _CANVAS)
    turn = angles(fit_head(load_head(), landmarks, intrinsics).rotation)
    fault = _fault(lambda: check_turn(turn[0]))
    notes = () if fault is not None else advice(image, landmarks, turn, tall)
    return SeenFace(index, box, tall, *turn, fault, notes)


def _fault(check) -> Fault | None:
    """What a check of the job's would refuse."""
    try:
        check()
    except InputError as error:
        return Fault(error.user_message, error.fix)
    return None


def _preview(pixels: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(pixels)
    picture.thumbnail((_PREVIEW, _PREVIEW), Image.Resampling.LANCZOS)
    return np.asarray(picture)
