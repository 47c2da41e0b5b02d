"""What live motion is made of: frames of a stream, how curves go on from them, and a head where there is no portrait."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from garrick.bodies.head import load_head
from garrick.core.camera import Camera
from garrick.core.easing import smoothstep
from garrick.perception.portrait import FitReport, Portrait

SPINE = ("spine1", "spine2", "spine3")
"""The joints of `core.performance.BODY_JOINTS` that a live voice always moves."""

ARM_JOINTS = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("collar", "shoulder", "elbow", "wrist")
)
"""Those that it moves when it gestures."""

_CAMERA = 0.6  # metres before the average head


@dataclass(frozen=True)
class Motion:
    """Frames first, first + 1, ... of a stream; the arrays are a Performance's.

    spine: (n, 3, 3) axis-angle of `SPINE`; None where nobody knows how the trunk moves.
    arms, left_hand, right_hand: (n, 8, 3) of `ARM_JOINTS` and (n, 15, 3); None where arms are left where they are.
    """

    first: int
    face: np.ndarray
    head_rotation: np.ndarray
    head_translation: np.ndarray
    gaze: np.ndarray
    spine: np.ndarray | None = None
    arms: np.ndarray | None = None
    left_hand: np.ndarray | None = None
    right_hand: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.face)


def continued(curve: np.ndarray, shown: np.ndarray, first: int, fps: Fraction, fade: float, stop: int) -> np.ndarray:
    """Make (F, C) `curve` go on from `shown` (C,), the frame before `first`, in place -> what frame stop - 1 now is.

    fade: seconds over which what differs there goes away.
    """
    if first > 0 and stop > first:
        away = np.arange(1, len(curve) - first + 1) / float(fps)
        curve[first:] += (shown - curve[first - 1]) * (1 - smoothstep(away / fade))[:, None]
    return curve[stop - 1].copy() if stop > first else shown


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
