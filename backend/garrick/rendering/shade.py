"""The drawing passes in numba: screen triangles and attributes become a composited frame with its passes."""

from __future__ import annotations

import numba
import numpy as np

from garrick.rendering.rasterise import BAND, NOTHING, bin_triangles, fair_turn, fill_rows

# columns of the attribute table, one row a vertex
PHOTO_X, PHOTO_Y, FROM_PHOTO, FILL_R, FILL_G, FILL_B, LIGHT, COVER, SOLID, U, V, SHUT_X, SHUT_Y, SHUT = range(14)
ATTRIBUTES = 14
SAMPLES = 2  # along one side of a pixel
_ONE = np.float32(1)  # a plain 1 would make float64 of what it meets


@numba.njit(cache=True, inline="always")
def _fetch(image, x, y, out):
    """Bilinear sample of (H, W, 4) at pixel position x, y (centres at + 0.5), clamped at the edges."""
    height, width = image.shape[:2]
    half = np.float32(0.5)
    x = min(max(x - half, np.float32(0)), np.float32(width - 1))
    y = min(max(y - half, np.float32(0)), np.float32(height - 1))
    left, top = int(x), int(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    fx, fy = x - np.float32(left), y - np.float32(top)
    nw, ne, sw, se = image[top, left], image[top, right], image[bottom, left], image[bottom, right]
    gx, gy = _ONE - fx, _ONE - fy
    for c in range(4):
        out[c] = (nw[c] * gx + ne[c] * fx) * gy + (sw[c] * gx + se[c] * fx) * fy


@numba.njit(cache=True, parallel=True, boundscheck=False)
def draw_head(points, triangles, kinds, names, attributes, photo, shut, eyes, eye_still, layer, uv, depth, ids):
    """Draw the head at SAMPLES x SAMPLES samples a pixel; each surface in a pixel is shaded once.

    points: (V, 3) float32 screen.     kinds: (T,) int32: 0 skin and mouth, 1 left eye, 2 right eye.
    names:  (T,) uint8 id of each triangle.     attributes: (V, ATTRIBUTES) float32.
    photo, shut:  (H, W, 4) float32 colour and matte, as it is and with the eyes shut.     eyes: (2, N, N, 4) float32.
    eye_still: 0..1: how much an eye may keep the photo outside its mask (1 when eye and lids have not moved).
    Out: layer (H, W, 4) premultiplied, uv (H, W, 2) photo pixels, depth, ids.
    """
    height, width = depth.shape
    bands = (height + BAND - 1) // BAND
    starts, binned = bin_triangles(points, triangles, np.float32(SAMPLES), BAND * SAMPLES, bands)
    west, east = max(0, int(points[:, 0].min())), min(width, int(points[:, 0].max()) + 1)
    for turn in numba.prange(bands):
        band = fair_turn(turn, bands)
        chosen = binned[starts[band] : starts[band + 1]]
        if len(chosen) > 0 and west < east:
            box = band * BAND, min(height, (band + 1) * BAND), west, east
            _draw_head_band(
                box,
                chosen,
                points,
                triangles,
                kinds,
                names,
                attributes,
                photo,
                shut,
                eyes,
                eye_still,
                layer,
                uv,
                depth,
                ids,
            )


# the bands are functions of their own: inside a parallel loop numba takes much longer to compile them
@numba.njit(cache=True, boundscheck=False)
def _draw_head_band(
    box, chosen, points, triangles, kinds, names, attributes, photo, shut, eyes, eye_still, layer, uv, depth, ids
):
    first, last, west, east = box
    shape = ((last - first) * SAMPLES, (east - west) * SAMPLES)
    triangle = np.full(shape, NOTHING, np.int32)
    weights = np.empty((*shape, 2), np.float32)
    near = np.full(shape, np.inf, np.float32)
    fill_rows(points, triangles, chosen, np.float32(SAMPLES), first * SAMPLES, west * SAMPLES, triangle, weights, near)
    colour = np.zeros(4, np.float32)
    total = np.zeros(4, np.float32)
    found = np.zeros(SAMPLES * SAMPLES, np.int32)  # the triangles in a pixel,
    share = np.zeros(SAMPLES * SAMPLES, np.float32)  # how many of its samples each has,
    place = np.zeros((SAMPLES * SAMPLES, 2), np.float32)  # and the sum of their weights
    values = np.zeros((SAMPLES * SAMPLES, ATTRIBUTES), np.float32)
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
                _interpolate(attributes, triangles[found[group]], wa, wb, values[group])
            kind = kinds[found[0]]
            if hits == SAMPLES * SAMPLES and _one_surface(values, found, kinds, count):
                # sample once in the middle, so that a still photo stays as sharp as it is
                if count > 1:
                    _mean(values, share, count)
                _shade(values[0], kind, photo, shut, eyes, eye_still, total)
            else:
                total[:] = 0
                for group in range(count):
                    _shade(values[group], kinds[found[group]], photo, shut, eyes, eye_still, colour)
                    for k in range(4):
                        total[k] += colour[k] * share[group] / np.float32(SAMPLES * SAMPLES)
            for k in range(4):
                layer[y, x, k] = total[k]
            if hits * 2 >= SAMPLES * SAMPLES and total[3] > 0.25:
                depth[y, x], ids[y, x] = z, names[best]
                uv[y, x, 0], uv[y, x, 1] = values[0, PHOTO_X], values[0, PHOTO_Y]


@numba.njit(cache=True, parallel=True, boundscheck=False)
def draw_sheet(points, triangles, photo_xy, names, canvas, margin, layer, uv, depth, ids):
    """Draw the sheet under what is there, one sample a pixel, textured with the premultiplied canvas.

    points: (G, 3) float32 screen.    photo_xy: (G, 2) float32.    names: (T,) uint8 id of each triangle.
    canvas: (h, w, 4) float32, the photo's person with `margin` pixels around.
    In and out: layer (H, W, 4) premultiplied, uv (H, W, 2) photo pixels, depth, ids.
    """
    height = depth.shape[0]
    bands = (height + BAND - 1) // BAND
    starts, binned = bin_triangles(points, triangles, np.float32(1), BAND, bands)
    for turn in numba.prange(bands):
        band = fair_turn(turn, bands)
        rows = band * BAND, min(height, (band + 1) * BAND)
        chosen = binned[starts[band] : starts[band + 1]]
        if len(chosen) > 0:
            _draw_sheet_band(rows, chosen, points, triangles, photo_xy, names, canvas, margin, layer, uv, depth, ids)


@numba.njit(cache=True, boundscheck=False)
def _draw_sheet_band(rows, chosen, points, triangles, photo_xy, names, canvas, margin, layer, uv, depth, ids):
    first, last = rows
    width = depth.shape[1]
    triangle = np.full((last - first, width), NOTHING, np.int32)
    weights = np.empty((last - first, width, 2), np.float32)
    near = np.full((last - first, width), np.inf, np.float32)
    fill_rows(points, triangles, chosen, np.float32(1), first, 0, triangle, weights, near)
    rgba = np.zeros(4, np.float32)
    for y in range(first, last):
        for x in range(width):
            t, under = triangle[y - first, x], _ONE - layer[y, x, 3]
            if t < 0 or under < 1e-4:
                continue
            wa, wb = weights[y - first, x, 0], weights[y - first, x, 1]
            wc = _ONE - wa - wb
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            px = photo_xy[a, 0] * wa + photo_xy[b, 0] * wb + photo_xy[c, 0] * wc
            py = photo_xy[a, 1] * wa + photo_xy[b, 1] * wb + photo_xy[c, 1] * wc
            _fetch(canvas, px + margin, py + margin, rgba)
            for k in range(4):
                layer[y, x, k] += rgba[k] * under
            if ids[y, x] == 0 and layer[y, x, 3] > np.float32(0.25):
                uv[y, x, 0], uv[y, x, 1] = px, py
                depth[y, x], ids[y, x] = near[y - first, x], names[t]


@numba.njit(cache=True, boundscheck=False)
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
            if over_ids[y, x] > 0 and over[y, x, 3] > 0.5:
                depth[y, x], ids[y, x] = over_depth[y, x], over_ids[y, x]
                uv[y, x, 0] = uv[y, x, 1] = np.nan


@numba.njit(cache=True, inline="always")
def _interpolate(attributes, corners, wa, wb, out):
    wc = _ONE - wa - wb
    a, b, c = attributes[corners[0]], attributes[corners[1]], attributes[corners[2]]
    for k in range(ATTRIBUTES):
        out[k] = a[k] * wa + b[k] * wb + c[k] * wc


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
def _shade(values, kind, photo, shut, eyes, eye_still, out):
    """One sample of the head, premultiplied."""
    _fetch(photo, values[PHOTO_X], values[PHOTO_Y], out)
    keep, matte = values[FROM_PHOTO], out[3]
    red, green, blue = values[FILL_R], values[FILL_G], values[FILL_B]
    if kind > 0:
        eye = eyes[kind - 1]
        photo_r, photo_g, photo_b = out[0], out[1], out[2]
        _fetch(eye, values[U] * eye.shape[1], values[V] * eye.shape[0], out)
        red, green, blue = out[0], out[1], out[2]
        keep = eye_still + (_ONE - eye_still) * out[3]
        out[0], out[1], out[2] = photo_r, photo_g, photo_b
    elif values[SHUT] > 0 and keep < 1:
        photo_r, photo_g, photo_b = out[0], out[1], out[2]
        _fetch(shut, values[SHUT_X], values[SHUT_Y], out)
        share = values[SHUT]
        red, green, blue = (
            red + (out[0] - red) * share,
            green + (out[1] - green) * share,
            blue + (out[2] - blue) * share,
        )
        out[0], out[1], out[2] = photo_r, photo_g, photo_b
    keep *= _ONE - values[SOLID] * (_ONE - matte)  # what has moved is not see-through where the photo's outline was
    cover = values[COVER] * (_ONE - keep + keep * matte)
    light = values[LIGHT] * cover
    out[0] = (out[0] * keep + red * (_ONE - keep)) * light
    out[1] = (out[1] * keep + green * (_ONE - keep)) * light
    out[2] = (out[2] * keep + blue * (_ONE - keep)) * light
    out[3] = cover


@numba.njit(cache=True, parallel=True, boundscheck=False)
def compose(layer, background, size, plate, rgba, uv, depth, ids):
    """Put the premultiplied layer over the background; finish the passes.

    Out: plate (H, W, 3) and rgba (H, W, 4) uint8. Where the person is absent the straight frame keeps the background's
    colour, so that filtering has no dark fringe. uv becomes 0..1 of the portrait's `size` (width, height), -1 where
    nobody is and where it is nan; depth becomes inf and ids 0 there.
    """
    height, width = depth.shape
    for y in numba.prange(height):
        for x in range(width):
            alpha = layer[y, x, 3]
            for k in range(3):
                value = layer[y, x, k] + (_ONE - alpha) * background[y, x, k]
                plate[y, x, k] = _byte(value)
                rgba[y, x, k] = _byte(layer[y, x, k] / alpha) if alpha > 1e-3 else plate[y, x, k]
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
