"""Runs the warping generator on the frames of one portrait: the whole frame first, then the face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garrick.core.camera import Camera
from garrick.rendering.limb_mesh import Limbs
from garrick.rendering.limbs import ArmPose
from garrick.rendering.puppet import Pose
from garrick.rendering.refine.crop import Crop
from garrick.rendering.refine.cues import Traits
from garrick.rendering.refine.net import session
from garrick.rendering.refine.refiner import with_added
from garrick.rendering.render import Stage
from garrick.rendering.take import Frame
from garrick.training.render.warp_view import WarpView, body_view, face_view


@dataclass(frozen=True)
class WarpRefiner:
    """What lasts over a stage's frames. body, face: what `export.export_warp` wrote; without a face one pass is made."""

    stage: Stage
    traits: Traits
    body: Path
    face: Path | None = None

    def refine(self, pose: Pose, camera: Camera, frame: Frame, arms: tuple[Limbs, ArmPose] | None = None) -> Frame:
        """The frame, drawn with its normals, with what the generator adds. pose, camera, arms: those it was drawn with.

        A frame that shows what the photo shows comes back as it is. The face is refined as the portrait's camera sees it.
        """
        view = body_view(frame, self.stage.portrait.image, camera, arms)
        frame = _mended(frame, view, self.body, camera.size)
        if self.face is None:
            return frame
        return _mended(frame, face_view(self.stage, self.traits, pose, frame), self.face, camera.size)


def warp_change(view: WarpView, net: Path) -> np.ndarray:
    """(SIDE, SIDE, 3) float32 to add to a square's colours, in 0..1 of their range."""
    colour, photo = (picture.astype(np.float32).transpose(2, 0, 1)[None] / 255 for picture in (view.colour, view.photo))
    told = {"flow": view.flow[None], "told": view.told[None], "injected": view.injected[None]}
    found = np.asarray(session(net).run(None, {"colour": colour, "photo": photo} | told)[0])
    return found[0].transpose(1, 2, 0) * view.weight[..., None]


def laid(plate: np.ndarray, crop: Crop, change: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8: a picture with the change of a square of it."""
    box = crop.box((plate.shape[1], plate.shape[0]))
    top, bottom, left, right = box
    found = plate.copy()
    found[top:bottom, left:right] = np.clip(
        plate[top:bottom, left:right] + crop.paste(change, box) * 255 + 0.5, 0, 255
    ).astype(np.uint8)
    return found


def _mended(frame: Frame, view: WarpView, net: Path, size: tuple[int, int]) -> Frame:
    if not view.weight.any():
        return frame
    box = view.crop.box(size)
    return with_added(frame, view.crop.paste(warp_change(view, net), box), box)
