"""Portrait: a photo with everything that was read out of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.core.camera import Camera


@dataclass(frozen=True)
class FitReport:
    """How well the 3D head explains the photo.

    reprojection_px:      mean distance of the 468 landmarks from the fitted head's, pixels of the canvas.
    reprojection_percent: the same in percent of the face width.
    inner_px:             the same for lips, eyes, brows and nose only.
    yaw, pitch, roll:     head pose against the camera, degrees.
    face_px:              face height in the *source* photo, pixels.
    faces:                how many faces were found.
    """

    reprojection_px: float
    reprojection_percent: float
    inner_px: float
    yaw: float
    pitch: float
    roll: float
    face_px: float
    faces: int


@dataclass(frozen=True)
class Portrait:
    """A person in a photo: picture, matte, landmarks, fitted head, camera, light.

    image:         (H, W, 3) uint8, sRGB: the photo cropped and scaled to the size of the frames.
    alpha:         (H, W) float32, 0..1: the person's matte.
    landmarks:     (478, 2) float32, pixels of `image`: 468 MediaPipe face points, then 5 + 5 iris points
                   (468-472 subject's right eye, 473-477 subject's left eye; centre first).
    identity:      (B,) float32, head model coefficients in standard deviations.
    face:          (52,) float32, 0..1: the expression that the photo shows (ARKit order).
    head_rotation: (3,) float32, axis-angle of the head in the photo (zero: looking along +Z).
    gaze:          (2, 2) float32, radians: per eye (left, right) yaw (+ to the subject's left) and pitch (+ up).
    camera:        Camera whose axes are the world's turned upside down (world +Y up, +Z towards the camera) and whose
                   world origin is the head model's; so head_translation is zero in the photo.
    light:         (4, 3) float32, first-order spherical harmonics (1, x, y, z) of the shading, linear RGB, world axes.
    report:        FitReport.
    """

    image: np.ndarray
    alpha: np.ndarray
    landmarks: np.ndarray
    identity: np.ndarray
    face: np.ndarray
    head_rotation: np.ndarray
    gaze: np.ndarray
    camera: Camera
    light: np.ndarray
    report: FitReport
