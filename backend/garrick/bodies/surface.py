"""Surfaces of meshes: normals, closest points, and what these carry from one mesh to another."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from scipy.spatial import KDTree

_NEAR = 24  # triangles tried for each point, by the distance of their middles


@numba.njit(cache=True, nogil=True, boundscheck=False)
def quad_normals(vertices, quads):
    """(V, 3) unit normals of vertices (V, 3): area-weighted means of the quads (Q, 4) around; zero where there is none."""
    normals = np.zeros_like(vertices)
    for q in range(len(quads)):
        a, b, c, d = vertices[quads[q, 0]], vertices[quads[q, 1]], vertices[quads[q, 2]], vertices[quads[q, 3]]
        ex, ey, ez = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        fx, fy, fz = d[0] - b[0], d[1] - b[1], d[2] - b[2]
        for corner in range(4):
            normal = normals[quads[q, corner]]
            normal[0] += ey * fz - ez * fy
            normal[1] += ez * fx - ex * fz
            normal[2] += ex * fy - ey * fx
    for v in range(len(vertices)):
        x, y, z = normals[v, 0], normals[v, 1], normals[v, 2]
        normals[v] /= max(np.sqrt(x * x + y * y + z * z), 1e-12)
    return normals


@dataclass(frozen=True)
class Footprint:
    """Where points come to lie on a mesh: corners (n, 3) vertex ids, weights (n, 3) barycentric, distance (n,) metres."""

    corners: np.ndarray
    weights: np.ndarray
    distance: np.ndarray

    def carry(self, values: np.ndarray) -> np.ndarray:
        """(..., V, C) values at the vertices -> (..., n, C) at the points."""
        return (values[..., self.corners, :] * self.weights[..., None]).sum(axis=-2)


def closest_points(points: np.ndarray, vertices: np.ndarray, triangles: np.ndarray) -> Footprint:
    """The nearest point of the mesh for each of (n, 3) points; vertices (V, 3), triangles (T, 3)."""
    middles = vertices[triangles].mean(axis=1)
    tried = np.asarray(KDTree(middles).query(points, k=min(_NEAR, len(triangles)))[1]).reshape(len(points), -1)
    corners = vertices[triangles[tried]]  # (n, k, 3, 3)
    weights = _barycentric(points[:, None], corners)
    distance = np.linalg.norm((corners * weights[..., None]).sum(axis=2) - points[:, None], axis=2)
    best = distance.argmin(axis=1)
    row = np.arange(len(points))
    return Footprint(triangles[tried[row, best]], weights[row, best], distance[row, best])


def nearest(points: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    """(n,) int32: the nearest of (m, 3) cloud points for each of (n, 3) points."""
    return np.asarray(KDTree(cloud).query(points)[1], np.int32)


def _barycentric(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Weights of the closest point of each triangle (Ericson, Real-Time Collision Detection, 5.1.5)."""
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    ab, ac, ap = b - a, c - a, points - a
    d1, d2 = (ab * ap).sum(-1), (ac * ap).sum(-1)
    aa, bb, cc = (ab * ab).sum(-1), (ab * ac).sum(-1), (ac * ac).sum(-1)
    area = np.maximum(aa * cc - bb * bb, 1e-18)
    v, w = (cc * d1 - bb * d2) / area, (aa * d2 - bb * d1) / area
    inside = np.stack([1 - v - w, v, w], axis=-1)
    # outside the triangle the closest point lies on an edge: try all three
    best = np.where((inside >= 0).all(-1, keepdims=True), inside, np.nan)
    error = np.where(np.isnan(best[..., 0]), np.inf, 0.0)
    for first, second in ((0, 1), (1, 2), (2, 0)):
        start, along = corners[..., first, :], corners[..., second, :] - corners[..., first, :]
        t = np.clip(((points - start) * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-18), 0, 1)
        miss = np.linalg.norm(start + t[..., None] * along - points, axis=-1)
        edge = np.zeros(inside.shape)
        edge[..., first], edge[..., second] = 1 - t, t
        better = miss < error
        best = np.where(better[..., None], edge, best)
        error = np.where(better, miss, error)
    return best
