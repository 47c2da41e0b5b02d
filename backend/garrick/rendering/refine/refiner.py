"""Refines the frames of one portrait: the net's change is laid into the face, and nothing else is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numba
import numpy as np

from garrick.core.camera import Camera
from garrick.rendering.puppet import Pose
from garrick.rendering.refine.cues import Traits
from garrick.rendering.refine.net import FACE, change
from garrick.rendering.refine.view import traits_of, view_of
from garrick.rendering.take import ID_NAMES, Frame

if TYPE_CHECKING:
    from garrick.rendering.render import Stage  # which draws the frames

_BEFORE = np.array([ID_NAMES.index(name) for name in ("body", "hands")])
_SOFT = 1.5  # pixels, standard deviation of the edge of what is before the face


@dataclass(frozen=True)
class Refiner:
    """What lasts over the frames of a stage."""

    stage: Stage
    traits: Traits
    net: Path = FACE

    def refine(self, pose: Pose, camera: Camera, frame: Frame) -> Frame:
        """The frame with a better face. pose, camera: those that it was drawn with.

        A frame that shows what the photo shows comes back as it is; so do its depth, ids and other passes.
        """
        view = view_of(self.stage, self.traits, pose, camera, frame.plate)
        if not view.weight.any():
            return frame
        box = view.crop.box(camera.size)
        top, bottom, left, right = box
        added = view.crop.paste(change(view, self.net), box)
        covered = (frame.uv[top:bottom, left:right, 0] < 0) & np.isin(frame.ids[top:bottom, left:right], _BEFORE)
        if covered.any():  # by an arm or a hand
            added *= (
                1 - cv2.GaussianBlur(cv2.dilate(covered.astype(np.float32), np.ones((9, 9))), (0, 0), _SOFT)[..., None]
            )
        return with_added(frame, added, box)


def with_added(frame: Frame, added: np.ndarray, box: tuple[int, int, int, int]) -> Frame:
    """The frame with (h, w, 3) float32 of 0..1 added to the colours of a box: top, bottom, left, right."""
    top, bottom, left, right = box
    plate, rgba = frame.plate.copy(), frame.rgba.copy()
    _add(added, plate[top:bottom, left:right])
    _add(added, rgba[top:bottom, left:right])
    return replace(frame, plate=plate, rgba=rgba)


def make_refiner(stage: Stage, net: Path = FACE) -> Refiner:
    """Gather it, once a portrait."""
    return Refiner(stage, traits_of(stage), net)


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _add(added, picture):
    """Add (h, w, 3) float32 of 0..1 to the colours of (h, w, 3 or 4) uint8 in place."""
    height, width = added.shape[:2]
    for y in range(height):
        for x in range(width):
            for k in range(3):
                value = np.float32(picture[y, x, k]) + added[y, x, k] * np.float32(255)
                picture[y, x, k] = np.uint8(min(max(value, np.float32(0)), np.float32(255)) + np.float32(0.5))
