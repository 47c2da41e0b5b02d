"""What the net is given of one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from garrick.core.camera import Camera
from garrick.rendering.puppet import Pose
from garrick.rendering.refine.crop import Crop, face_crop
from garrick.rendering.refine.cues import Traits, cues, make_traits

if TYPE_CHECKING:
    from garrick.rendering.render import Stage  # which draws the frame, and then asks for this


@dataclass(frozen=True)
class View:
    """The face of one frame.

    colour: (SIDE, SIDE, 3) uint8, sRGB.    cues: (len(CUES), CUE_SIDE, CUE_SIDE) float32, most of them 0..1, all -2..2.
    weight: (SIDE, SIDE) float32, 0..1: how much of what the net says is added.
    """

    crop: Crop
    colour: np.ndarray
    cues: np.ndarray
    weight: np.ndarray


def traits_of(stage: Stage) -> Traits:
    """What lasts over a stage's frames."""
    return make_traits(stage.head, stage.puppet, stage.attributes, stage.portrait.camera, stage.triangles)


def view_of(stage: Stage, traits: Traits, pose: Pose, camera: Camera, plate: np.ndarray) -> View:
    """The view of a frame that shows `pose` from `camera`; plate: (H, W, 3) uint8."""
    crop = face_crop(stage.puppet, pose, camera)
    posed = stage.puppet.pose(pose)
    screen = camera.project(posed).astype(np.float32)
    table = stage.attributes.at(posed, screen, stage.puppet.neck_motion(pose), camera)
    told, weight = cues(traits, stage.puppet, stage.attributes, table, posed, pose, camera, crop)
    return View(crop, crop.cut(plate), told, weight)
