"""Seen from far beside the photo's own view: detail that is drawn out into streaks gives way to smooth colour, and the head
is whole where the sheet, which has wide hair, does not reach."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from garrick.core.easing import smoothstep
from garrick.perception.portrait import Portrait
from garrick.rendering import shade
from garrick.rendering.layers import fill_holes

_SHARP, _SMOOTH = 25.0, 40.0  # degrees beside the photo's view: up to the first all detail stays, from the second none
_STRETCHED = (3.0, 9.0)  # times that a pixel of the photo is drawn out, from where and until it gives way
_BLUR = 1 / 64  # of the picture's height: about as far as vertices of the scalp lie apart
_SOLID = 0.95  # matte from which a colour is the person's own
_FILL = np.s_[shade.FILL_R : shade.FILL_B + 1]


@dataclass(frozen=True)
class FarView:
    """What is needed of the photo.

    colour: (V, 3) float32, 0..1: the photo's at each vertex, without detail.
    facing: (V,) float32 cosine between normal and view in the photo.
    kept:   (V,) bool: what keeps its detail however far the head turns.
    behind: (V,) float32, 0..1: hair that is left to the sheet until the head turns so far that it would be missed.
    towards: (3,) metres from the joint on which the head turns to the photo's camera.
    """

    colour: np.ndarray
    facing: np.ndarray
    kept: np.ndarray
    behind: np.ndarray
    towards: np.ndarray

    def share(self, turn: np.ndarray, shift: np.ndarray, eye: np.ndarray) -> float:
        """0..1: how far the view is. turn (3, 3), shift (3,): of the head.    eye: (3,) the camera."""
        towards = (eye - shift) @ turn
        lengths = np.linalg.norm(towards) * np.linalg.norm(self.towards)
        angle = np.degrees(np.arccos(np.clip(towards @ self.towards / lengths, -1, 1)))
        return float(smoothstep((angle - _SHARP) / (_SMOOTH - _SHARP)))

    def apply(self, table: np.ndarray, share: float, posed: np.ndarray, normals: np.ndarray, eye: np.ndarray) -> None:
        """Change a table (V, shade.ATTRIBUTES) in place for a view of that share.

        posed, normals: (V, 3) of the frame.    eye: (3,) the camera, world metres.
        """
        towards = eye - posed
        facing = (normals * towards).sum(axis=1) / np.linalg.norm(towards, axis=1)
        stretch = facing / np.maximum(np.abs(self.facing), 1e-3)
        low, high = _STRETCHED
        lost = np.where(self.kept, 0, share * smoothstep((stretch - low) / (high - low)))
        keep = table[:, shade.FROM_PHOTO]
        smooth, fill = (keep * lost)[:, None], (1 - keep)[:, None]
        mixed = (self.colour * smooth + table[:, _FILL] * fill) / np.maximum(smooth + fill, 1e-6)
        changed = lost > 0
        table[changed, _FILL] = mixed[changed]
        table[:, shade.FROM_PHOTO] = keep * (1 - lost)
        table[:, shade.COVER] += share * self.behind


def make_far_view(
    portrait: Portrait, photo: np.ndarray, facing: np.ndarray, kept: np.ndarray, behind: np.ndarray
) -> FarView:
    """Blur the person of the photo, without what is behind them.

    photo: (V, 2) pixels of the vertices in the photo's pose.    facing, kept, behind: of `FarView`.
    """
    person = fill_holes(portrait.image.astype(np.float32) / 255, (portrait.alpha > _SOLID).astype(np.float32))
    x, y = np.clip(photo, 0, np.array(portrait.camera.size) - 1).astype(int).T
    colour = cv2.GaussianBlur(person, (0, 0), _BLUR * len(person))[y, x]
    view = portrait.camera.world_to_camera
    return FarView(colour, facing, kept, behind, -view[:3, :3].T @ view[:3, 3])
