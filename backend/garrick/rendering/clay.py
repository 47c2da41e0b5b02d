"""Plain clay pictures of a mesh: what a performance does, without anybody's photo."""

from __future__ import annotations

import cv2
import numpy as np

from garrick.bodies.surface import quad_normals
from garrick.core.camera import Camera
from garrick.rendering.rasterise import NOTHING, rasterise

_SAMPLES = 2  # along one side of a pixel
_KEY, _FILL = np.array([-0.45, 0.65, 0.60]), np.array([0.80, 0.10, 0.45])  # directions to the lights, world axes
_BACKDROP = 0.93


def clay(vertices: np.ndarray, quads: np.ndarray, colours: np.ndarray, camera: Camera) -> np.ndarray:
    """(H, W, 3) uint8 sRGB of a mesh under a key and a fill light, on a light ground.

    vertices: (V, 3) metres.    quads: (Q, 4) int32.    colours: (V, 3) 0..1 sRGB.
    """
    normals = quad_normals(np.ascontiguousarray(vertices), quads)
    eye = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    light = 0.36 + 0.50 * _lit(normals, _KEY) + 0.20 * _lit(normals, _FILL)
    view = eye.astype(np.float32) - vertices
    facing = np.abs((normals * view).sum(axis=1)) / np.linalg.norm(view, axis=1)
    shown = (colours * (light * (0.75 + 0.25 * facing))[:, None]).astype(np.float32)
    triangles = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    seen = rasterise(camera.project(vertices).astype(np.float32), triangles, camera.size, _SAMPLES)
    picture = np.full((*seen.depth.shape, 3), _BACKDROP, np.float32)
    hit = seen.triangle != NOTHING
    weights = seen.weights[hit]
    corners = shown[triangles[seen.triangle[hit]]]
    last = 1 - weights.sum(axis=1)
    picture[hit] = corners[:, 0] * weights[:, :1] + corners[:, 1] * weights[:, 1:] + corners[:, 2] * last[:, None]
    small = cv2.resize(picture, camera.size, interpolation=cv2.INTER_AREA)
    return np.clip(small * 255 + 0.5, 0, 255).astype(np.uint8)


def _lit(normals: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """(V,) 0..1: a soft light that wraps half around."""
    return np.clip((normals @ (towards / np.linalg.norm(towards)) + 0.4) / 1.4, 0, 1)
