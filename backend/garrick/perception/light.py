"""First-order light of the photo, from the shading of the fitted face."""

from __future__ import annotations

import numpy as np

from garrick.bodies.head import Head
from garrick.core.camera import Camera

_FALLBACK = np.array([[0.8], [0.0], [0.1], [0.2]], np.float32)


def estimate_light(
    head: Head, vertices: np.ndarray, normals: np.ndarray, image: np.ndarray, camera: Camera
) -> np.ndarray:
    """(4, 3) float32: constant, x, y, z of first-order spherical harmonics of the shading, linear RGB, world axes.

    vertices, normals: (V, 3) of the posed head.    image: (H, W, 3) uint8.
    Skin is taken to be of one colour; hair, lips and shadows fall out as outliers of three reweighted rounds. The shading
    is scaled to a mean of one over the face, the skin's colour stays in the picture.
    """
    eye = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    towards = eye - vertices
    facing = (normals * towards).sum(axis=1) / np.linalg.norm(towards, axis=1)
    pixels = camera.project(vertices)[:, :2]
    inside = ((pixels >= 0) & (pixels < np.array(camera.size) - 1)).all(axis=1)
    front = np.linalg.norm(vertices - head.landmarks(vertices).mean(axis=0), axis=1) < 0.085
    chosen = (facing > 0.3) & inside & front & (head.vertex_parts == 0)
    if chosen.sum() < 50:
        return np.repeat(_FALLBACK, 3, axis=1)
    x, y = pixels[chosen].astype(int).T
    linear = (image[y, x].astype(np.float64) / 255) ** 2.2
    terms = np.column_stack([np.ones(chosen.sum()), normals[chosen]])
    weights = np.ones(len(terms))
    light = np.zeros((4, 3))
    for _ in range(3):
        ridge = np.diag([1e-6, 1.0, 1.0, 1.0]) * 0.05 * weights.sum()
        light = np.linalg.solve(terms.T @ (weights[:, None] * terms) + ridge, terms.T @ (weights[:, None] * linear))
        error = np.abs(linear - terms @ light).mean(axis=1)
        weights = 1 / (1 + (error / (np.median(error) + 1e-6)) ** 2)
    return (light / (terms @ light).mean()).astype(np.float32)
