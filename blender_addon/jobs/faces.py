"""What the service sees in a portrait: read from its answer, put into words, drawn over the picture. No bpy."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np

_LARGEST = 1024  # pixels of a preview's side
_MOST = 100  # faces

_CHOSEN, _FAULTY, _OTHER = (0.25, 0.9, 0.4), (1.0, 0.45, 0.1), (0.85, 0.85, 0.85)
"""Colours of a frame, sRGB: the face that is used, the same when it cannot be, and any other."""


@dataclass(frozen=True)
class Face:
    """One face.

    index:  what the job calls it; None for one that is too small.
    box:    left, top, right, bottom, 0..1 of the picture's width and height, from the top left.
    height: pixels of the photo.
    fault:  why it cannot be used, None when it can. notes: what could be better.
    """

    index: int | None
    box: tuple[float, float, float, float]
    height: float
    fault: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What a portrait shows: its faces from left to right, why none of them can be used, and the picture, small.

    picture: (h, w, 3) uint8 sRGB, from the top left.
    """

    faces: tuple[Face, ...]
    fault: str | None
    picture: np.ndarray

    @property
    def usable(self) -> tuple[Face, ...]:
        """Those that a job may ask for; the place in it is the face's `index`."""
        return tuple(face for face in self.faces if face.index is not None)


def read_look(answer: Any) -> Look:
    """A look from the service's JSON. Raises ValueError when that is not what /v1/inspect answers."""
    try:
        width, height = (float(side) for side in answer["size"])
        faces = tuple(_face(entry, width, height) for entry in answer["faces"][:_MOST])
        fault = _fault(answer["fault"])
        columns, rows = (int(side) for side in answer["preview"]["size"])
        data = np.frombuffer(base64.b64decode(answer["preview"]["rgb"], validate=True), np.uint8)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, binascii.Error) as error:
        raise ValueError(f"The service's answer about the portrait is not understood: {error!r}.") from error
    if not (0 < columns <= _LARGEST and 0 < rows <= _LARGEST and data.size == columns * rows * 3):
        raise ValueError("The service's answer about the portrait holds no picture.")
    return Look(faces, fault, data.reshape(rows, columns, 3))


def chosen(look: Look, index: int | None) -> Face | None:
    """The face that a job with that `face_index` uses; None when it would be refused."""
    usable = look.usable
    if index is None:
        return usable[0] if len(usable) == 1 else None
    return usable[index] if 0 <= index < len(usable) else None


def framed(look: Look, index: int | None) -> np.ndarray:
    """The picture with a frame round each face: (h, w, 4) float32 sRGB, 0..1, from the bottom left as Blender has it."""
    picture = look.picture.astype(np.float32) / 255
    used = chosen(look, index)
    for face in sorted(look.faces, key=lambda face: face is used):  # the used one on top
        colour = _OTHER if face is not used else _FAULTY if face.fault else _CHOSEN
        side = max(picture.shape[:2])
        _frame(picture, face.box, colour, max(2, side // (45 if face is used else 85)))
    opaque = np.ones((*picture.shape[:2], 1), np.float32)
    return np.concatenate([picture, opaque], axis=2)[::-1]


def _frame(picture: np.ndarray, box: tuple[float, float, float, float], colour: tuple[float, ...], line: int) -> None:
    """Draw a rectangle into the picture, `line` pixels wide, inwards from the box."""
    rows, columns = picture.shape[:2]
    left, right = (int(np.clip(round(x * columns), 0, columns)) for x in (box[0], box[2]))
    top, bottom = (int(np.clip(round(y * rows), 0, rows)) for y in (box[1], box[3]))
    inside = picture[top + line : bottom - line, left + line : right - line].copy()
    picture[top:bottom, left:right] = colour
    picture[top + line : bottom - line, left + line : right - line] = inside


def _face(entry: Any, width: float, height: float) -> Face:
    index = entry["index"]
    left, top, right, bottom = (float(edge) for edge in entry["box"])
    box = (left / width, top / height, right / width, bottom / height)
    if not np.isfinite(box).all():
        raise ValueError("a face is nowhere")
    notes = tuple(str(note) for note in entry["notes"])
    return Face(None if index is None else int(index), box, float(entry["height"]), _fault(entry["fault"]), notes)


def _fault(entry: Any) -> str | None:
    return None if entry is None else str(entry["message"])
