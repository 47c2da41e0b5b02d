"""The CPU rasteriser: triangles to visibility, in numba; `rasterise_reference` is its readable twin.

The kernels run in one thread and let go of Python's lock: threads draw a frame each, so nothing depends on which of them
was faster, and loops without numba's own threads compile in half the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

NOTHING = -1
BAND = 16  # pixel rows of a band: small enough for its buffers to stay in the cache
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
    chosen = np.arange(len(triangles), dtype=np.int32)
    corners = np.ascontiguousarray(triangles, np.int32)
    fill_rows(points, corners, chosen, np.float32(scale), (0, 0), triangle, weights, depth)
    return Visibility(triangle, weights, depth)


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def front_triangles(points, triangles, closed):
    """(n,) int32: the triangles that can be seen; backs cannot where the surface is `closed` (T,)."""
    chosen = np.empty(len(triangles), np.int32)
    count = 0
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        bx, by = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
        cx, cy = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1]
        if not closed[t] or bx * cy < cx * by:
            chosen[count] = t
            count += 1
    return chosen[:count]


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def bin_triangles(points, triangles, scale, height):
    """Which triangles touch which band of `BAND` pixel rows: band b owns binned[starts[b] : starts[b + 1]], in order."""
    rows, bands = BAND * int(scale), (height + BAND - 1) // BAND
    first = np.empty(len(triangles), np.int32)
    last = np.empty(len(triangles), np.int32)
    starts = np.zeros(bands + 1, np.int64)
    for index in range(len(triangles)):
        a, b, c = triangles[index, 0], triangles[index, 1], triangles[index, 2]
        ay, by, cy = points[a, 1] * scale - 0.5, points[b, 1] * scale - 0.5, points[c, 1] * scale - 0.5
        top, bottom = int(np.ceil(min(ay, by, cy))), int(np.floor(max(ay, by, cy)))
        if top > bottom or bottom < 0 or top >= rows * bands:
            first[index], last[index] = 1, 0
            continue
        first[index], last[index] = max(0, top) // rows, min(bands - 1, bottom // rows)
        for band in range(first[index], last[index] + 1):
            starts[band + 1] += 1
    for band in range(bands):
        starts[band + 1] += starts[band]
    place = starts[:-1].copy()
    binned = np.empty(starts[-1], np.int32)
    for index in range(len(triangles)):
        for band in range(first[index], last[index] + 1):
            binned[place[band]] = index
            place[band] += 1
    return starts, binned


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def fill_rows(points, triangles, chosen, scale, corner, triangle, weights, depth):
    """Rasterise the chosen triangles into buffers whose corner is at that sample row and column of the picture."""
    (first, start), (height, width) = corner, triangle.shape
    for index in chosen:
        a, b, c = triangles[index, 0], triangles[index, 1], triangles[index, 2]
        az, bz, cz = points[a, 2], points[b, 2], points[c, 2]
        if min(az, bz, cz) <= 0:
            continue
        # sample centres sit at whole numbers after this shift
        ax, ay = points[a, 0] * scale - 0.5, points[a, 1] * scale - 0.5
        bx, by = points[b, 0] * scale - 0.5, points[b, 1] * scale - 0.5
        cx, cy = points[c, 0] * scale - 0.5, points[c, 1] * scale - 0.5
        top, bottom = max(first, int(np.ceil(min(ay, by, cy)))), min(first + height - 1, int(np.floor(max(ay, by, cy))))
        left, right = max(start, int(np.ceil(min(ax, bx, cx)))), min(start + width - 1, int(np.floor(max(ax, bx, cx))))
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if top > bottom or left > right or area == 0:
            continue
        inverse = 1.0 / area
        right_a, right_b = (by - cy) * inverse, (cy - ay) * inverse  # change of the weights by one sample to the right
        down_a, down_b = (cx - bx) * inverse, (ax - cx) * inverse
        per_a, per_b, per_c = _reciprocal(right_a), _reciprocal(right_b), _reciprocal(-right_a - right_b)
        top_a = ((bx - left) * (cy - top) - (cx - left) * (by - top)) * inverse
        top_b = ((cx - left) * (ay - top) - (ax - left) * (cy - top)) * inverse
        # weights over depth are linear on the screen
        over_a, over_b, over_c = 1.0 / az, 1.0 / bz, 1.0 / cz
        right_pa, right_pb = right_a * over_a, right_b * over_b
        right_p = right_pa + right_pb - (right_a + right_b) * over_c
        for y in range(top, bottom + 1):
            wa, wb = top_a + (y - top) * down_a, top_b + (y - top) * down_b
            low, high = _narrow(0.0, float(right - left), wa, per_a)
            low, high = _narrow(low, high, wb, per_b)
            low, high = _narrow(low, high, 1.0 - wa - wb, per_c)
            if low > high:
                continue
            wa, wb = wa + low * right_a, wb + low * right_b
            pa, pb = wa * over_a, wb * over_b
            p = pa + pb + (1.0 - wa - wb) * over_c
            depths, indices, places = depth[y - first], triangle[y - first], weights[y - first]
            for x in range(left - start + int(low), left - start + int(high) + 1):
                z = 1.0 / p
                if z < depths[x]:
                    depths[x], indices[x] = z, index
                    places[x, 0], places[x, 1] = pa * z, pb * z
                pa += right_pa
                pb += right_pb
                p += right_p


@numba.njit(cache=True, inline="always")
def _reciprocal(step):
    return 1.0 / step if abs(step) > 1e-12 else 0.0


@numba.njit(cache=True, inline="always")
def _narrow(low, high, weight, per):
    """The columns of low..high at which a weight is not negative; it changes by one every `per` columns (0: never)."""
    if per > 0:
        low = max(low, np.ceil((-_EDGE - weight) * per))
    elif per < 0:
        high = min(high, np.floor((-_EDGE - weight) * per))
    elif weight < -_EDGE:
        high = -1.0
    return low, high
