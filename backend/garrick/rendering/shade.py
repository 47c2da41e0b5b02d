"""The shading pass in numba: visibility buffers and attributes become a composited frame."""

from __future__ import annotations

import numba
import numpy as np

# columns of the attribute table, one row a vertex
PHOTO_X, PHOTO_Y, FROM_PHOTO, FILL_R, FILL_G, FILL_B, LIGHT, COVER, U, V = range(10)
ATTRIBUTES = 10
SAMPLES = 2  # along one side of a pixel


@numba.njit(cache=True, inline="always")
def _fetch(image, x, y, out):
    """Bilinear sample of (H, W, C) at pixel position x, y (centres at + 0.5), clamped at the edges."""
    height, width, channels = image.shape
    x, y = min(max(x - 0.5, 0.0), width - 1.0), min(max(y - 0.5, 0.0), height - 1.0)
    left, top = int(x), int(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    fx, fy = x - left, y - top
    for c in range(channels):
        upper = image[top, left, c] * (1 - fx) + image[top, right, c] * fx
        lower = image[bottom, left, c] * (1 - fx) + image[bottom, right, c] * fx
        out[c] = upper * (1 - fy) + lower * fy


@numba.njit(cache=True, parallel=True, boundscheck=False)
def shade_sheet(triangle, weights, triangles, photo_xy, foreground, layer, uv):
    """Sample the premultiplied foreground through the sheet.

    triangle, weights: visibility at one sample a pixel.   photo_xy: (G, 2).   foreground: (H, W, 4) float32.
    layer: (H, W, 4) float32 out, premultiplied.            uv: (H, W, 2) float32 out, photo pixels.
    """
    height, width = triangle.shape
    for y in numba.prange(height):
        rgba = np.zeros(4, np.float32)
        for x in range(width):
            t = triangle[y, x]
            if t < 0:
                continue
            wa, wb = weights[y, x, 0], weights[y, x, 1]
            wc = 1.0 - wa - wb
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            px = photo_xy[a, 0] * wa + photo_xy[b, 0] * wb + photo_xy[c, 0] * wc
            py = photo_xy[a, 1] * wa + photo_xy[b, 1] * wb + photo_xy[c, 1] * wc
            _fetch(foreground, px, py, rgba)
            uv[y, x, 0], uv[y, x, 1] = px, py
            for k in range(4):
                layer[y, x, k] = rgba[k]


@numba.njit(cache=True, parallel=True, boundscheck=False)
def shade_head(triangle, weights, triangles, kinds, attributes, photo, eyes, eye_still, layer, uv, top):
    """Shade the head at SAMPLES x SAMPLES samples a pixel and put it over `layer`.

    kinds:      (T,) int32: 0 skin and mouth, 1 left eye, 2 right eye.     attributes: (V, ATTRIBUTES) float32.
    photo:      (H, W, 4) float32 colour and matte.     eyes: (2, N, N, 4) float32.
    eye_still:  0..1: how much an eye may keep the photo outside its mask (1 when eye and lids have not moved).
    layer:      (H, W, 4) float32 premultiplied, in and out.    uv: (H, W, 2) photo pixels, in and out.
    top:        (H, W) int32 out: a triangle of the head that covers at least half the pixel, or -1.
    """
    height, width = layer.shape[:2]
    count = SAMPLES * SAMPLES
    for y in numba.prange(height):
        colour = np.zeros(4, np.float32)
        total = np.zeros(4, np.float32)
        values = np.zeros((count, ATTRIBUTES), np.float32)
        kind = np.zeros(count, np.int32)
        for x in range(width):
            hits, best = 0, -1
            for sub in range(count):
                sy, sx = y * SAMPLES + sub // SAMPLES, x * SAMPLES + sub % SAMPLES
                t = triangle[sy, sx]
                if t < 0:
                    continue
                wa, wb = weights[sy, sx, 0], weights[sy, sx, 1]
                wc = 1.0 - wa - wb
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                for k in range(ATTRIBUTES):
                    values[hits, k] = attributes[a, k] * wa + attributes[b, k] * wb + attributes[c, k] * wc
                kind[hits] = kinds[t]
                hits += 1
                best = t
            if hits == 0:
                continue
            total[:] = 0
            if hits == count and _alike(values, kind):
                # one surface: sample once in the middle, so that a photo that has not moved stays as sharp as it is
                for k in range(ATTRIBUTES):
                    values[0, k] = (values[0, k] + values[1, k] + values[2, k] + values[3, k]) * 0.25
                _shade(values[0], kind[0], photo, eyes, eye_still, colour)
                for k in range(4):
                    total[k] = colour[k]
            else:
                for sub in range(hits):
                    _shade(values[sub], kind[sub], photo, eyes, eye_still, colour)
                    for k in range(4):
                        total[k] += colour[k] / count
            under = 1.0 - total[3]
            for k in range(4):
                layer[y, x, k] = total[k] + layer[y, x, k] * under
            if hits * 2 >= count and total[3] > 0.25:
                top[y, x] = best
                uv[y, x, 0], uv[y, x, 1] = values[0, PHOTO_X], values[0, PHOTO_Y]


@numba.njit(cache=True, inline="always")
def _alike(values, kind):
    for sub in range(1, len(kind)):
        if kind[sub] != kind[0]:
            return False
        if abs(values[sub, PHOTO_X] - values[0, PHOTO_X]) > 1.5 or abs(values[sub, PHOTO_Y] - values[0, PHOTO_Y]) > 1.5:
            return False
    return True


@numba.njit(cache=True, inline="always")
def _shade(values, kind, photo, eyes, eye_still, out):
    """One sample of the head, premultiplied."""
    _fetch(photo, values[PHOTO_X], values[PHOTO_Y], out)
    keep, matte = values[FROM_PHOTO], out[3]
    red, green, blue = values[FILL_R], values[FILL_G], values[FILL_B]
    if kind > 0:
        eye = eyes[kind - 1]
        photo_r, photo_g, photo_b = out[0], out[1], out[2]
        _fetch(eye, values[U] * eye.shape[1], values[V] * eye.shape[0], out)
        red, green, blue = out[0], out[1], out[2]
        keep = eye_still + (1 - eye_still) * out[3]
        out[0], out[1], out[2] = photo_r, photo_g, photo_b
    cover = values[COVER] * (1 - keep + keep * matte)
    light = values[LIGHT] * cover
    out[0] = (out[0] * keep + red * (1 - keep)) * light
    out[1] = (out[1] * keep + green * (1 - keep)) * light
    out[2] = (out[2] * keep + blue * (1 - keep)) * light
    out[3] = cover


@numba.njit(cache=True, parallel=True, boundscheck=False)
def compose(layer, background, plate, rgba):
    """Put the premultiplied layer over the background; write both the plate and the straight-alpha frame, 8 bits.

    Where the person is absent the straight frame keeps the background's colour, so that filtering has no dark fringe.
    """
    height, width = layer.shape[:2]
    for y in numba.prange(height):
        for x in range(width):
            alpha = layer[y, x, 3]
            for k in range(3):
                value = layer[y, x, k] + (1.0 - alpha) * background[y, x, k]
                plate[y, x, k] = np.uint8(min(max(value, 0.0), 1.0) * 255.0 + 0.5)
                if alpha > 1e-3:
                    value = layer[y, x, k] / alpha
                rgba[y, x, k] = np.uint8(min(max(value, 0.0), 1.0) * 255.0 + 0.5)
            rgba[y, x, 3] = np.uint8(min(max(alpha, 0.0), 1.0) * 255.0 + 0.5)
