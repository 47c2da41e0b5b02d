"""The drawing passes in numba: screen triangles and attributes become a composited frame with its passes."""

from __future__ import annotations

import numba
import numpy as np

from garrick.rendering.rasterise import BAND, NOTHING, bin_triangles, fill_rows

# columns of the attribute table, one row a vertex
PHOTO_X, PHOTO_Y, FROM_PHOTO, FILL_R, FILL_G, FILL_B, LIGHT, COVER, SOLID, U, V, SHUT_X, SHUT_Y, SHUT = range(14)
ATTRIBUTES = 14
SAMPLES = 2  # along one side of a pixel
_ONE = np.float32(1)  # a plain 1 would make float64 of what it meets


@numba.njit(cache=True, inline="always")
def _fetch(image, x, y):
    """Bilinear sample of (H, W, 4) at pixel position x, y (centres at + 0.5), clamped at the edges."""
    height, width = image.shape[:2]
    half = np.float32(0.5)
    x = min(max(x - half, np.float32(0)), np.float32(width - 1))
    y = min(max(y - half, np.float32(0)), np.float32(height - 1))
    left, top = int(x), int(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    fx, fy = x - np.float32(left), y - np.float32(top)
    gx, gy = _ONE - fx, _ONE - fy
    return (
        (image[top, left, 0] * gx + image[top, right, 0] * fx) * gy
        + (image[bottom, left, 0] * gx + image[bottom, right, 0] * fx) * fy,
        (image[top, left, 1] * gx + image[top, right, 1] * fx) * gy
        + (image[bottom, left, 1] * gx + image[bottom, right, 1] * fx) * fy,
        (image[top, left, 2] * gx + image[top, right, 2] * fx) * gy
        + (image[bottom, left, 2] * gx + image[bottom, right, 2] * fx) * fy,
        (image[top, left, 3] * gx + image[top, right, 3] * fx) * gy
        + (image[bottom, left, 3] * gx + image[bottom, right, 3] * fx) * fy,
    )


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def draw_head(points, triangles, kinds, names, attributes, photo, shut, eyes, eye_still, layer, uv, depth, ids):
    """Draw the head at SAMPLES x SAMPLES samples a pixel; each surface in a pixel is shaded once.

    points: (V, 3) float32 screen.     kinds: (T,) int32: 0 skin and mouth, 1 left eye, 2 right eye.
    names:  (T,) uint8 id of each triangle.     attributes: (V, ATTRIBUTES) float32.
    photo, shut:  (H, W, 4) float32 colour and matte, as it is and with the eyes shut.     eyes: (2, N, N, 4) float32.
    eye_still: 0..1: how much an eye may keep the photo outside its mask (1 when eye and lids have not moved).
    Out: layer (H, W, 4) premultiplied, uv (H, W, 2) photo pixels, depth, ids.
    """
    height, width = depth.shape
    west, east = _columns(points, width)
    starts, binned = bin_triangles(points, triangles, np.float32(SAMPLES), height)
    shape = (BAND * SAMPLES, (east - west) * SAMPLES)
    triangle = np.empty(shape, np.int32)
    weights = np.empty((*shape, 2), np.float32)
    near = np.empty(shape, np.float32)
    for band in range(len(starts) - 1):
        chosen = binned[starts[band] : starts[band + 1]]
        if len(chosen) == 0:
            continue
        first, last = band * BAND, min(height, (band + 1) * BAND)
        triangle[:] = NOTHING
        near[:] = np.inf
        corner = first * SAMPLES, west * SAMPLES
        fill_rows(points, triangles, chosen, np.float32(SAMPLES), corner, triangle, weights, near)
        box, samples = (first, last, west, east), (triangle, weights, near)
        head, pictures = (triangles, kinds, names, attributes), (photo, shut, eyes, eye_still)
        _shade_band(box, samples, head, pictures, (layer, uv, depth, ids))


@numba.njit(cache=True, inline="always")
def _shade_band(box, samples, head, pictures, canvas):
    """Shade the pixels of a box (first and past the last row and column), of whose samples each knows its triangle.

    The others are what `draw_head` is given and makes.
    """
    triangle, weights, near = samples
    triangles, kinds, names, attributes = head
    photo, shut, eyes, eye_still = pictures
    layer, uv, depth, ids = canvas
    first, last, west, east = box
    found = np.zeros(SAMPLES * SAMPLES, np.int32)  # the triangles in a pixel,
    share = np.zeros(SAMPLES * SAMPLES, np.float32)  # how many of its samples each has,
    place = np.zeros((SAMPLES * SAMPLES, 2), np.float32)  # and the sum of their weights
    values = np.zeros((SAMPLES * SAMPLES, ATTRIBUTES), np.float32)
    whole = np.float32(SAMPLES * SAMPLES)
    for y in range(first, last):
        for x in range(west, east):
            top, left = (y - first) * SAMPLES, (x - west) * SAMPLES
            count, hits, best, z = 0, 0, -1, np.float32(np.inf)
            for sub in range(SAMPLES * SAMPLES):
                sy, sx = top + sub // SAMPLES, left + sub % SAMPLES
                t = triangle[sy, sx]
                if t < 0:
                    continue
                hits += 1
                if near[sy, sx] < z:
                    best, z = t, near[sy, sx]
                group = 0
                while group < count and found[group] != t:
                    group += 1
                if group == count:
                    found[group], share[group], place[group, 0], place[group, 1] = t, 0, 0, 0
                    count += 1
                share[group] += 1
                place[group, 0] += weights[sy, sx, 0]
                place[group, 1] += weights[sy, sx, 1]
            if count == 0:
                continue
            for group in range(count):
                wa, wb = place[group, 0] / share[group], place[group, 1] / share[group]
                _interpolate(attributes, triangles, found[group], wa, wb, values, group)
            if hits == SAMPLES * SAMPLES and _one_surface(values, found, kinds, count):
                # sample once in the middle, so that a still photo stays as sharp as it is
                if count > 1:
                    _mean(values, share, count)
                count, share[0] = 1, whole
            red = green = blue = alpha = np.float32(0)
            for group in range(count):
                r, g, b, a = _shade(values, group, kinds[found[group]], photo, shut, eyes, eye_still)
                red += r * share[group] / whole
                green += g * share[group] / whole
                blue += b * share[group] / whole
                alpha += a * share[group] / whole
            layer[y, x, 0], layer[y, x, 1], layer[y, x, 2], layer[y, x, 3] = red, green, blue, alpha
            if hits * 2 >= SAMPLES * SAMPLES and alpha > 0.25:
                depth[y, x], ids[y, x] = z, names[best]
                uv[y, x, 0], uv[y, x, 1] = values[0, PHOTO_X], values[0, PHOTO_Y]


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def draw_sheet(points, triangles, photo_xy, names, canvas, margin, layer, uv, depth, ids):
    """Draw the sheet under what is there, one sample a pixel, textured with the premultiplied canvas.

    points: (G, 3) float32 screen.    photo_xy: (G, 2) float32.    names: (T,) uint8 id of each triangle.
    canvas: (h, w, 4) float32, the photo's person with `margin` pixels around.
    In and out: layer (H, W, 4) premultiplied, uv (H, W, 2) photo pixels, depth, ids.
    """
    height, width = depth.shape
    starts, binned = bin_triangles(points, triangles, _ONE, height)
    west, east = _columns(points, width)
    triangle = np.empty((BAND, east - west), np.int32)
    weights = np.empty((BAND, east - west, 2), np.float32)
    near = np.empty((BAND, east - west), np.float32)
    for band in range(len(starts) - 1):
        chosen = binned[starts[band] : starts[band + 1]]
        if len(chosen) == 0:
            continue
        first, last = band * BAND, min(height, (band + 1) * BAND)
        triangle[:] = NOTHING
        near[:] = np.inf
        fill_rows(points, triangles, chosen, _ONE, (first, west), triangle, weights, near)
        box = first, last, west, east
        _wear(box, triangle, weights, near, triangles, photo_xy, names, canvas, margin, layer, uv, depth, ids)


@numba.njit(cache=True, inline="always")
def _wear(box, triangle, weights, near, triangles, photo_xy, names, canvas, margin, layer, uv, depth, ids):
    """Texture the pixels of a box under what is there; box and samples as for `_shade_band`."""
    first, last, west, east = box
    for y in range(first, last):
        for x in range(west, east):
            row, column = y - first, x - west
            t, under = triangle[row, column], _ONE - layer[y, x, 3]
            if t < 0 or under < 1e-4:
                continue
            wa, wb = weights[row, column, 0], weights[row, column, 1]
            wc = _ONE - wa - wb
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            px = photo_xy[a, 0] * wa + photo_xy[b, 0] * wb + photo_xy[c, 0] * wc
            py = photo_xy[a, 1] * wa + photo_xy[b, 1] * wb + photo_xy[c, 1] * wc
            red, green, blue, alpha = _fetch(canvas, px + margin, py + margin)
            layer[y, x, 0] += red * under
            layer[y, x, 1] += green * under
            layer[y, x, 2] += blue * under
            layer[y, x, 3] += alpha * under
            if ids[y, x] == 0 and layer[y, x, 3] > np.float32(0.25):
                uv[y, x, 0], uv[y, x, 1] = px, py
                depth[y, x], ids[y, x] = near[row, column], names[t]


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def lay_over(over, over_depth, over_ids, light, behind, layer, uv, depth, ids):
    """Lay a layer of something with a surface of its own over what is there, where it is nearer.

    over: (H, W, 4) float32 premultiplied.    light, behind: (H, W) float32 factors of it and of what is there.
    In and out: layer (H, W, 4), uv (H, W, 2), which becomes nan where the photo is covered, depth, ids.
    """
    height, width = over_depth.shape
    for y in range(height):
        for x in range(width):
            dim = behind[y, x]
            for k in range(3):
                layer[y, x, k] *= dim
            if over[y, x, 3] <= 0:
                continue
            near = over_depth[y, x]
            if near == np.inf:  # a pixel of its edge: as deep as its neighbours
                for row in range(max(0, y - 1), min(height, y + 2)):
                    for column in range(max(0, x - 1), min(width, x + 2)):
                        near = min(near, over_depth[row, column])
            if depth[y, x] < near:
                continue
            under = _ONE - over[y, x, 3]
            for k in range(3):
                layer[y, x, k] = over[y, x, k] * light[y, x] + layer[y, x, k] * under
            layer[y, x, 3] = over[y, x, 3] + layer[y, x, 3] * under
            if over_ids[y, x] > 0 and (over[y, x, 3] > 0.5 or ids[y, x] == 0):
                depth[y, x], ids[y, x] = over_depth[y, x], over_ids[y, x]
                uv[y, x, 0] = uv[y, x, 1] = np.nan


@numba.njit(cache=True, inline="always")
def _columns(points, width):
    """The first column of the picture that the points reach, and the one past the last; both the same where none."""
    west = min(max(0, int(points[:, 0].min())), width)
    return west, max(west, min(width, int(points[:, 0].max()) + 1))


@numba.njit(cache=True, inline="always")
def _interpolate(attributes, triangles, triangle, wa, wb, values, group):
    """The attributes at a place of a triangle, into the row `group` of the values."""
    wc = _ONE - wa - wb
    a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
    for k in range(ATTRIBUTES):
        values[group, k] = attributes[a, k] * wa + attributes[b, k] * wb + attributes[c, k] * wc


@numba.njit(cache=True, inline="always")
def _one_surface(values, found, kinds, count):
    """Whether the triangles found in a pixel lie side by side in the photo."""
    for group in range(1, count):
        if kinds[found[group]] != kinds[found[0]]:
            return False
        across, down = values[group, PHOTO_X] - values[0, PHOTO_X], values[group, PHOTO_Y] - values[0, PHOTO_Y]
        if abs(across) > 1.5 or abs(down) > 1.5:
            return False
    return True


@numba.njit(cache=True, inline="always")
def _mean(values, share, count):
    """The mean of the first `count` rows by share, in the first row."""
    for k in range(ATTRIBUTES):
        total = np.float32(0)
        for group in range(count):
            total += values[group, k] * share[group]
        values[0, k] = total / np.float32(SAMPLES * SAMPLES)


@numba.njit(cache=True, inline="always")
def _shade(values, group, kind, photo, shut, eyes, eye_still):
    """One sample of the head, whose attributes are the row `group` of the values, premultiplied."""
    photo_r, photo_g, photo_b, matte = _fetch(photo, values[group, PHOTO_X], values[group, PHOTO_Y])
    keep = values[group, FROM_PHOTO]
    red, green, blue = values[group, FILL_R], values[group, FILL_G], values[group, FILL_B]
    if kind > 0:
        eye = eyes[kind - 1]
        red, green, blue, mask = _fetch(eye, values[group, U] * eye.shape[1], values[group, V] * eye.shape[0])
        keep = eye_still + (_ONE - eye_still) * mask
    elif values[group, SHUT] > 0 and keep < 1:
        shut_r, shut_g, shut_b, _ = _fetch(shut, values[group, SHUT_X], values[group, SHUT_Y])
        share = values[group, SHUT]
        red, green, blue = (
            red + (shut_r - red) * share,
            green + (shut_g - green) * share,
            blue + (shut_b - blue) * share,
        )
    # what has moved is not see-through where the photo's outline was
    keep *= _ONE - values[group, SOLID] * (_ONE - matte)
    cover = values[group, COVER] * (_ONE - keep + keep * matte)
    light, fill = values[group, LIGHT] * cover, _ONE - keep
    return (
        (photo_r * keep + red * fill) * light,
        (photo_g * keep + green * fill) * light,
        (photo_b * keep + blue * fill) * light,
        cover,
    )


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def compose(layer, background, size, plate, rgba, uv, depth, ids):
    """Put the premultiplied layer over the background; finish the passes.

    Out: plate (H, W, 3) and rgba (H, W, 4) uint8. Where the person is absent the straight frame keeps the background's
    colour, so that filtering has no dark fringe. uv becomes 0..1 of the portrait's `size` (width, height), -1 where
    nobody is and where it is nan; depth becomes inf and ids 0 there.
    """
    height, width = depth.shape
    for y in range(height):
        for x in range(width):
            alpha = layer[y, x, 3]
            soft = alpha > np.float32(1e-3) and alpha < _ONE
            for k in range(3):
                value = _byte(layer[y, x, k] + (_ONE - alpha) * background[y, x, k])
                plate[y, x, k] = value
                rgba[y, x, k] = _byte(layer[y, x, k] / alpha) if soft else value
            rgba[y, x, 3] = _byte(alpha)
            if alpha > 0.5:
                known = uv[y, x, 0] == uv[y, x, 0]
                uv[y, x, 0] = uv[y, x, 0] / size[0] if known else -_ONE
                uv[y, x, 1] = uv[y, x, 1] / size[1] if known else -_ONE
            else:
                uv[y, x, 0] = uv[y, x, 1] = -1
                depth[y, x], ids[y, x] = np.inf, 0


@numba.njit(cache=True, inline="always")
def _byte(value):
    return np.uint8(min(max(value, np.float32(0)), _ONE) * np.float32(255) + np.float32(0.5))
