"""The readable twin of `rasterise`: plain numpy, one triangle after another, for tests and for reading."""

from __future__ import annotations

import numpy as np

from garrick.rendering.rasterise import NOTHING, Visibility


def rasterise_reference(screen: np.ndarray, triangles: np.ndarray, size: tuple[int, int], scale: int = 1) -> Visibility:
    """The same promise as `rasterise.rasterise`."""
    width, height = size[0] * scale, size[1] * scale
    y, x = (np.mgrid[:height, :width] + 0.5) / scale
    triangle = np.full((height, width), NOTHING, np.int32)
    weights = np.zeros((height, width, 2), np.float32)
    depth = np.full((height, width), np.inf, np.float32)
    for index, corners in enumerate(screen[triangles].astype(np.float64)):
        if (corners[:, 2] <= 0).any():
            continue
        # screen-space barycentric weights solve  [corners; 1] w = [x, y, 1]
        matrix = np.vstack([corners[:, :2].T, np.ones(3)])
        if np.linalg.det(matrix) == 0:
            continue
        flat = np.linalg.inv(matrix) @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        inside = (flat >= -1e-7).all(axis=0).reshape(height, width)
        # attributes over depth are linear on the screen, so weights over depth are, too
        over_depth = flat / corners[:, 2:]
        inverse = over_depth.sum(axis=0)
        z = np.divide(1, inverse, out=np.full_like(inverse, np.inf), where=inverse > 0).reshape(height, width)
        nearer = inside & (z < depth)
        triangle[nearer] = index
        depth[nearer] = z[nearer]
        weights[nearer] = over_depth[:2].T.reshape(height, width, 2)[nearer] * z[nearer, None]
    return Visibility(triangle, weights, depth)
