"""Refines the drawn hands of one person's frames: the hand net's change is laid into them, and nothing else is touched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garrick.core.camera import Camera
from garrick.rendering.limb_mesh import Limbs
from garrick.rendering.limbs import ArmPose
from garrick.rendering.refine.net import session
from garrick.rendering.refine.refiner import with_added
from garrick.rendering.take import ID_NAMES, Frame
from garrick.training.render.hand_view import HandView, hand_vertices, hand_view

_HANDS = ID_NAMES.index("hands")


@dataclass(frozen=True)
class HandRefiner:
    """What lasts over the frames.    tones: (9,) of the face, see `hand_view.skin_tones`."""

    limbs: Limbs
    tones: np.ndarray
    net: Path

    def refine(self, pose: ArmPose, camera: Camera, frame: Frame) -> Frame:
        """The frame with better hands, of those that are shown. pose, camera: those that it was drawn with.

        Alpha, depth, ids and the other passes stay.
        """
        drawn = frame.ids == _HANDS
        for side in np.flatnonzero(pose.shown > 0):
            hand = self.limbs.figure.hands[side]
            points = hand_vertices(self.limbs.figure, pose, side)
            view = hand_view(hand, points, camera, frame.plate, drawn, frame.depth)
            if view is not None:
                box = view.crop.box(camera.size)
                added = view.crop.paste(hand_change(view, self.tones, self.net), box) * np.float32(pose.shown[side])
                frame = with_added(frame, added, box)
        return frame


def hand_change(view: HandView, tones: np.ndarray, net: Path) -> np.ndarray:
    """(HAND_SIDE, HAND_SIDE, 3) float32 to add to the hand's colours, in 0..1 of their range, as its crop shows them.

    tones: (9,) of the face, see `hand_view.skin_tones`.    net: what `export.export_hand` wrote.
    """
    colour = view.colour.astype(np.float32).transpose(2, 0, 1)[None] / 255
    found = session(net).run(None, {"colour": colour, "injected": view.injected[None], "tones": tones[None]})[0]
    added = np.asarray(found)[0].transpose(1, 2, 0) * view.weight[..., None]
    return np.ascontiguousarray(added[:, ::-1]) if view.mirrored else added
