"""What live motion is made of: frames of a stream, and the head that they move where there is no portrait."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.bodies.head import load_head
from garrick.core.camera import Camera
from garrick.perception.portrait import FitReport, Portrait

SPINE = ("spine1", "spine2", "spine3")
"""The joints of `core.performance.BODY_JOINTS` that a live voice moves: arms are left where they are."""

_CAMERA = 0.6  # metres before the average head


@dataclass(frozen=True)
class Motion:
    """Frames first, first + 1, ... of a stream; the arrays are a Performance's.

    spine: (n, 3, 3) axis-angle of `SPINE`; None where nobody knows how the trunk moves.
    """

    first: int
    face: np.ndarray
    head_rotation: np.ndarray
    head_translation: np.ndarray
    gaze: np.ndarray
    spine: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.face)


def somebody() -> Portrait:
    """Nobody's portrait: the average head at rest, looking into a camera before it; there is no picture of it."""
    size = 256
    view = np.diag([1.0, -1.0, -1.0, 1.0])
    view[2, 3] = _CAMERA
    lens = np.array([[2.0 * size, 0, size / 2], [0, 2.0 * size, size / 2], [0, 0, 1]])
    return Portrait(
        image=np.zeros((size, size, 3), np.uint8),
        alpha=np.zeros((size, size), np.float32),
        landmarks=np.zeros((478, 2), np.float32),
        identity=np.zeros(len(load_head().identity_basis), np.float32),
        face=np.zeros(52, np.float32),
        head_rotation=np.zeros(3, np.float32),
        gaze=np.zeros((2, 2), np.float32),
        camera=Camera(lens, view, (size, size)),
        light=np.zeros((4, 3), np.float32),
        report=FitReport(0, 0, 0, 0, 0, 0, 0, 0),
    )
