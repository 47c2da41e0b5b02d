"""The passes of surfaces: which way what a pixel shows faces, and its depth in the middle; only where passes are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from garrick.bodies.surface import quad_normals
from garrick.core.camera import Camera
from garrick.rendering.rasterise import NOTHING, rasterise

_ANOTHER = 1e3  # metres by which a surface of another id is the worse choice


@dataclass(frozen=True)
class Surface:
    """Something that was drawn into a frame.

    points:    (V, 3) world metres.
    triangles: (T, 3) int32, those that the camera may see, counter-clockwise where they face it.
    names:     (T,) uint8 id of each triangle.
    normals:   (V, 3) unit normals, outwards; None takes them from the triangles.
    """

    points: np.ndarray
    triangles: np.ndarray
    names: np.ndarray
    normals: np.ndarray | None = None


def surface_passes(
    surfaces: Sequence[Surface], camera: Camera, depth: np.ndarray, ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) float32 world normals of unit length, zero where there is nothing, and (H, W) float32 depth in metres.

    depth: (H, W) and ids: (H, W) of the finished frame, whose depth is that of the nearest sample in a pixel. Where several
    surfaces lie behind a pixel, the one of its id counts, and of those the one nearest to its depth. A smooth normal that
    would face away at an outline is turned till it just does not. A pixel that no surface covers in its middle has no
    normal and keeps its depth.
    """
    middle = depth.copy()
    normals = np.zeros((*depth.shape, 3), np.float32)
    misses = np.full(depth.shape, np.inf, np.float32)
    for surface in surfaces:
        if len(surface.triangles) == 0:
            continue
        points = np.ascontiguousarray(surface.points, np.float32)
        own = surface.normals
        if own is None:
            # a triangle is a quad whose last two corners are one
            own = quad_normals(points, np.ascontiguousarray(surface.triangles[:, [0, 1, 2, 2]]))
        seen = rasterise(camera.project(points).astype(np.float32), surface.triangles, camera.size)
        _carry(
            seen.triangle,
            seen.weights,
            seen.depth,
            np.ascontiguousarray(surface.triangles, np.int32),
            surface.names,
            np.ascontiguousarray(own, np.float32),
            depth,
            ids,
            misses,
            normals,
            middle,
        )
    (fx, _, cx), (_, fy, cy), _ = camera.intrinsics
    # not by LAPACK, whose second thread then spins for as long as a frame takes
    lens = np.array([[1 / fx, 0, -cx / fx], [0, 1 / fy, -cy / fy]], np.float32)
    _face(normals, np.ascontiguousarray(camera.world_to_camera[:3, :3], np.float32), lens)
    return normals, middle


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _carry(triangle, weights, near, triangles, names, own, depth, ids, misses, normals, middle):
    """Give a surface's normals and depth to the pixels that it fits better than the surfaces before."""
    height, width = depth.shape
    for y in range(height):
        for x in range(width):
            t = triangle[y, x]
            if t == NOTHING or ids[y, x] == 0:
                continue
            miss = abs(near[y, x] - depth[y, x]) + (0 if names[t] == ids[y, x] else _ANOTHER)
            if miss >= misses[y, x]:
                continue
            misses[y, x] = miss
            middle[y, x] = near[y, x] if names[t] == ids[y, x] else depth[y, x]
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            wa, wb = weights[y, x, 0], weights[y, x, 1]
            wc = np.float32(1) - wa - wb
            for k in range(3):
                normals[y, x, k] = own[a, k] * wa + own[b, k] * wb + own[c, k] * wc


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _face(normals, turn, lens):
    """Make unit normals that do not face away. turn: (3, 3) world to camera. lens: (2, 3) pixels to rays of the camera."""
    height, width = normals.shape[:2]
    for y in range(height):
        for x in range(width):
            nx, ny, nz = normals[y, x, 0], normals[y, x, 1], normals[y, x, 2]
            if nx == 0 and ny == 0 and nz == 0:
                continue
            rx, ry = lens[0, 0] * (x + 0.5) + lens[0, 2], lens[1, 1] * (y + 0.5) + lens[1, 2]
            length = np.sqrt(rx * rx + ry * ry + 1)
            vx = (turn[0, 0] * rx + turn[1, 0] * ry + turn[2, 0]) / length
            vy = (turn[0, 1] * rx + turn[1, 1] * ry + turn[2, 1]) / length
            vz = (turn[0, 2] * rx + turn[1, 2] * ry + turn[2, 2]) / length
            away = max(nx * vx + ny * vy + nz * vz, 0)
            nx, ny, nz = nx - away * vx, ny - away * vy, nz - away * vz
            length = max(np.sqrt(nx * nx + ny * ny + nz * nz), 1e-12)
            normals[y, x, 0], normals[y, x, 1], normals[y, x, 2] = nx / length, ny / length, nz / length
