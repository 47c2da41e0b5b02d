"""First-order light of the photo, from the shading of the fitted face."""

from __future__ import annotations

import numpy as np

from garrick.bodies.head import PARTS, Head
from garrick.core.camera import Camera

_FACING = 0.3  # cosine to the view below which a pixel is as much silhouette as skin
_REACH = 0.085  # metres around the middle of the landmarks: the face without ears and neck
# holds the contrast back: a face shows few directions, and what looks like light from ahead is often hair's shade
_RIDGE = np.diag([1e-6, 0.01, 0.01, 0.01])
_ROUNDS = 3


def estimate_light(
    head: Head, vertices: np.ndarray, normals: np.ndarray, image: np.ndarray, camera: Camera
) -> np.ndarray:
    """(4, 3) float32: constant, x, y, z of first-order spherical harmonics of the shading, linear RGB, world axes.

    vertices, normals: (V, 3) of the posed head.    image: (H, W, 3) uint8.
    Skin is taken to be of one colour; hair, lips and shadows fall out as outliers of reweighted rounds. Each channel is
    scaled to a mean of one over the face: the skin's own colour stays in the picture.
    """
    pixels = camera.project(vertices)[:, :2]
    visible = _facing(vertices, normals, camera) > _FACING
    inside = ((pixels >= 0) & (pixels < np.array(camera.size))).all(axis=1)
    near = np.linalg.norm(vertices - head.landmarks(vertices).mean(axis=0), axis=1) < _REACH
    chosen = visible & inside & near & (head.vertex_parts == PARTS.index("skin"))
    x, y = pixels[chosen].astype(int).T
    colours = _linear(image[y, x])
    terms = np.column_stack([np.ones(len(colours)), normals[chosen]])
    weights, light = np.ones(len(terms)), np.zeros((4, 3))
    for _ in range(_ROUNDS):
        weighted = weights[:, None] * terms
        light = np.linalg.solve(terms.T @ weighted + _RIDGE * weights.sum(), weighted.T @ colours)
        error = np.abs(colours - terms @ light).mean(axis=1)
        weights = 1 / (1 + (error / (np.median(error) + 1e-6)) ** 2)
    return (light / np.maximum((terms @ light).mean(axis=0), 1e-6)).astype(np.float32)


def _facing(vertices: np.ndarray, normals: np.ndarray, camera: Camera) -> np.ndarray:
    """(V,) cosine between normal and the direction to the camera."""
    eye = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    towards = eye - vertices
    return (normals * towards).sum(axis=1) / np.linalg.norm(towards, axis=1)


def _linear(colours: np.ndarray) -> np.ndarray:
    """uint8 sRGB -> linear light 0..1 (IEC 61966-2-1)."""
    shown = colours / 255.0
    return np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
