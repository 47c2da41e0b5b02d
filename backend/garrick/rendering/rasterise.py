"""The CPU rasteriser: triangles to visibility buffers, in numba; `rasterise_reference` is its readable twin.

Deterministic: two threads take alternate bands of rows, each walks all triangles in order, so no result depends on timing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

NOTHING = -1
_BANDS = 4  # row bands that run side by side
_EDGE = 1e-7  # a sample on a shared edge belongs to both triangles; the depth test picks one


@dataclass(frozen=True)
class Visibility:
    """What each sample sees.

    triangle: (H, W) int32, `NOTHING` where no triangle covers the sample.
    weights:  (H, W, 2) float32, perspective-correct barycentric weights of the triangle's first and second corner.
    depth:    (H, W) float32, planar depth in metres, inf where nothing is.
    """

    triangle: np.ndarray
    weights: np.ndarray
    depth: np.ndarray


def rasterise(screen: np.ndarray, triangles: np.ndarray, size: tuple[int, int], scale: int = 1) -> Visibility:
    """Find the nearest triangle under each sample; both sides of a triangle are seen.

    screen:    (V, 3) float32: x and y in pixels, planar depth z in metres; a triangle with a corner at z <= 0 is skipped.
    triangles: (T, 3) int32.      size: width, height in pixels.
    scale:     samples along one side of a pixel; sample (i, j) lies at ((i + 0.5) / scale, (j + 0.5) / scale).
    """
    width, height = size[0] * scale, size[1] * scale
    triangle = np.full((height, width), NOTHING, np.int32)
    weights = np.zeros((height, width, 2), np.float32)
    depth = np.full((height, width), np.inf, np.float32)
    points = np.ascontiguousarray(screen, np.float32)
    _fill(points, np.ascontiguousarray(triangles, np.int32), np.float32(scale), triangle, weights, depth)
    return Visibility(triangle, weights, depth)


@numba.njit(cache=True, parallel=True, fastmath=False, boundscheck=False)
def _fill(points, triangles, scale, triangle, weights, depth):
    height, width = triangle.shape
    rows = (height + _BANDS - 1) // _BANDS
    for band in numba.prange(_BANDS):
        _fill_rows(points, triangles, scale, band * rows, min(height, (band + 1) * rows), width, triangle, weights, depth)


@numba.njit(cache=True, fastmath=False, boundscheck=False)
def _fill_rows(points, triangles, scale, first, last, width, triangle, weights, depth):
    for index in range(len(triangles)):
        a, b, c = triangles[index, 0], triangles[index, 1], triangles[index, 2]
        az, bz, cz = points[a, 2], points[b, 2], points[c, 2]
        if az <= 0 or bz <= 0 or cz <= 0:
            continue
        # sample centres sit at whole numbers after this shift
        ax, ay = points[a, 0] * scale - 0.5, points[a, 1] * scale - 0.5
        bx, by = points[b, 0] * scale - 0.5, points[b, 1] * scale - 0.5
        cx, cy = points[c, 0] * scale - 0.5, points[c, 1] * scale - 0.5
        top, bottom = max(first, int(np.ceil(min(ay, by, cy)))), min(last - 1, int(np.floor(max(ay, by, cy))))
        if top > bottom:
            continue
        left, right = max(0, int(np.ceil(min(ax, bx, cx)))), min(width - 1, int(np.floor(max(ax, bx, cx))))
        if left > right:
            continue
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area == 0:
            continue
        inverse = 1.0 / area
        step_a, step_b = (by - cy) * inverse, (cy - ay) * inverse
        for y in range(top, bottom + 1):
            wa = ((bx - left) * (cy - y) - (cx - left) * (by - y)) * inverse
            wb = ((cx - left) * (ay - y) - (ax - left) * (cy - y)) * inverse
            for x in range(left, right + 1):
                wc = 1.0 - wa - wb
                if wa >= -_EDGE and wb >= -_EDGE and wc >= -_EDGE:
                    pa, pb, pc = wa / az, wb / bz, wc / cz
                    z = 1.0 / (pa + pb + pc)
                    if z < depth[y, x]:
                        depth[y, x] = z
                        triangle[y, x] = index
                        weights[y, x, 0] = pa * z
                        weights[y, x, 1] = pb * z
                wa += step_a
                wb += step_b
