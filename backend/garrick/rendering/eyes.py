"""Eye textures: the photo's own eye pixels where it shows them, a continued iris and sclera where lids hide them."""

from __future__ import annotations

import cv2
import numpy as np

from garrick.bodies.blink import LIDS
from garrick.bodies.head import Head
from garrick.core.rotation import eye_rotations, rotation_matrices
from garrick.perception.iris import IRISES
from garrick.perception.portrait import Portrait
from garrick.rendering.puppet import Puppet

TEXELS = 128
_IRIS_RADIUS = 0.00585  # metres; the visible iris of adults measures 11.7 mm across (Google MediaPipe Iris, 2020)


def eye_textures(head: Head, puppet: Puppet, portrait: Portrait) -> np.ndarray:
    """(2, TEXELS, TEXELS, 4) float32 for left and right: sRGB colour 0..1, and where the photo itself can be used.

    Texels are azimuthal about the pupil, as the eyeballs' uv: the distance from the middle is angle / (2 pi).
    """
    photo = portrait.image.astype(np.float32) / 255
    rotations = rotation_matrices(eye_rotations(portrait.gaze))
    neck = rotation_matrices(portrait.head_rotation)
    pivot = puppet.head.joint_template[1]
    textures = []
    for side in (0, 1):
        joint = puppet.head.joint_template[3 + side]
        ball = puppet.head.template[head.weights[:, 3 + side] > 0]
        radius = float(np.linalg.norm(ball - joint, axis=1).mean())
        directions, angle = _directions()
        points = pivot + (joint - pivot) @ neck.T + radius * directions @ (neck @ rotations[side]).T
        screen = portrait.camera.project(points).astype(np.float32)
        hole = _opening(portrait.landmarks[list(LIDS[side])], photo.shape[:2])
        at = (screen[..., 0] - 0.5, screen[..., 1] - 0.5)
        mask = cv2.remap(hole, *at, cv2.INTER_LINEAR) * (angle < 1.3)
        colour = cv2.remap(photo, *at, cv2.INTER_LINEAR)
        # rings go around the iris, which lies beside the ball's pole where one line of sight is both eyes'
        away = np.linalg.norm(screen[..., :2] - portrait.landmarks[IRISES[side]][0], axis=-1)
        pupil = directions[np.unravel_index(np.argmin(np.where(angle < 1, away, np.inf)), away.shape)]
        around = np.arccos(np.clip(directions @ pupil, -1, 1))
        textures.append(np.concatenate([_continue(colour, mask, around, radius), mask[..., None]], axis=2))
    return np.stack(textures).astype(np.float32)


def _directions() -> tuple[np.ndarray, np.ndarray]:
    """(TEXELS, TEXELS, 3) unit directions of the texels, pupil at +Z, and their angles from it."""
    v, u = np.mgrid[:TEXELS, :TEXELS]
    x, y = (u + 0.5) / TEXELS - 0.5, (v + 0.5) / TEXELS - 0.5
    radius = np.hypot(x, y)
    angle = np.minimum(radius * 2 * np.pi, np.pi)
    unit = np.sin(angle) / np.maximum(radius, 1e-9)
    return np.stack([x * unit, y * unit, np.cos(angle)], axis=-1), angle


def _opening(loop: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(H, W) float32: 1 well inside the lids, feathered over the lash line."""
    scale = 8
    hole = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(hole, [np.round(loop * scale).astype(np.int32)], (255,), lineType=cv2.LINE_AA, shift=3)
    width = float(np.ptp(loop[:, 0]))
    inner = cv2.erode(hole, np.ones((max(1, round(width / 22)) * 2 + 1, 3), np.uint8))
    return cv2.GaussianBlur(inner.astype(np.float32) / 255, (0, 0), max(0.5, width / 60))


def _continue(colour: np.ndarray, mask: np.ndarray, angle: np.ndarray, radius: float) -> np.ndarray:
    """Continue iris rings and sclera under the lids: each ring takes the median of what the photo shows of it."""
    iris = float(np.arcsin(min(0.95, _IRIS_RADIUS / radius)))
    edges = np.concatenate([np.linspace(0, iris * 1.06, 9), np.linspace(iris * 1.25, 1.4, 6)])
    rings = np.full((len(edges) - 1, 3), np.nan, np.float32)
    for index in range(len(rings)):
        ring = (angle >= edges[index]) & (angle < edges[index + 1]) & (mask > 0.7)
        if ring.sum() >= 6:
            rings[index] = np.median(colour[ring], axis=0)
    known = np.flatnonzero(~np.isnan(rings[:, 0]))
    if len(known) == 0:
        return np.zeros_like(colour) + np.where(angle < iris, 0.25, 0.75)[..., None]
    middles = (edges[:-1] + edges[1:]) / 2
    profile = np.stack([np.interp(angle, middles[known], rings[known, channel]) for channel in range(3)], axis=-1)
    # deep in the socket the ball lies in shade
    shade = np.clip(1.12 - 0.45 * np.maximum(angle - iris, 0), 0.45, 1)[..., None]
    profile = np.where(angle[..., None] > iris, profile * shade, profile)
    return colour * mask[..., None] + profile * (1 - mask[..., None])
