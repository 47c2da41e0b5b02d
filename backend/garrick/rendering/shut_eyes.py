"""What a photo of open eyes does not show: the same eyes shut. Lids that close take their picture from here.

Skin is continued over the eye from around it, rounded by the light on the ball beneath, with the photo's grain; where the
lids meet, lashes lie as dark as the photo's own, and a crease is left where the lid's edge was.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve

from garrick.bodies.blink import BLINKS, LIDS, upper_lid
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception.portrait import Portrait
from garrick.rendering.puppet import Puppet

_COVERED = 0.13  # of the eye's width around its opening: lashes, liner and their shadow
_SOFT = 0.05  # of the eye's width over which the continued skin meets the photo's
_BULGE = 0.8  # sine of the ball's slope at the corners of the eye
_LIT = (0.88, 1.08)  # factors by which the ball's light may change the skin
_GRAIN = 0.03  # of full scale, the most that grain may be
_LINE, _FRINGE = 0.035, 0.11  # of the eye's width: thickness of the lash line, length of lashes
_LASHES = 26  # of one eye
_CREASE, _CREASED = 0.025, 0.10  # thickness over the eye's width, and how much darker
_FINE = 4  # strokes are drawn so much larger, then scaled down


def shut_eyes(puppet: Puppet, portrait: Portrait) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 4) float32, the photo and its matte with both eyes shut, and (V, 2) float32 pixels of it, one row a vertex."""
    face = portrait.face.copy()
    for name in ("eyeBlink", "eyeWide", "eyeSquint"):
        face[[ARKIT_INDEX[f"{name}Left"], ARKIT_INDEX[f"{name}Right"]]] = float(name == "eyeBlink")
    points = portrait.camera.project(puppet.pose(replace(puppet.source, face=face)))[:, :2]
    picture = portrait.image.astype(np.float32) / 255
    for row, loop in zip(BLINKS, LIDS, strict=True):
        opened = portrait.landmarks[list(loop)].astype(np.float64)
        _shut(picture, opened, _seam(opened, points[upper_lid(puppet.head, row)]), portrait)
    photo = np.concatenate([np.clip(picture, 0, 1), portrait.alpha[..., None]], axis=2)
    return photo.astype(np.float32), points.astype(np.float32)


def _seam(opened: np.ndarray, lid: np.ndarray) -> np.ndarray:
    """(N, 2) pixels from corner to corner: the edge of a lid that has fallen; lid: (n, 2) pixels of its vertices."""
    first, last = opened[0], opened[8]
    along = (last - first) / np.linalg.norm(last - first)
    down = np.array([-along[1], along[0]]) * (1 if along[0] > 0 else -1)
    width = float(np.linalg.norm(last - first))
    place, fall = (lid - first) @ along / width, (lid - first) @ down
    edges = np.linspace(0.06, 0.94, 12)
    found = [(0.0, 0.0), (1.0, 0.0)]
    for low, high in pairwise(edges):
        here = (place >= low) & (place < high)
        if here.any():
            lowest = np.flatnonzero(here)[np.argmax(fall[here])]
            found.append((float(place[lowest]), float(fall[lowest])))
    curve = np.polynomial.Polynomial.fit(*np.transpose(found), deg=min(3, len(found) - 1))
    at = np.linspace(0, 1, 25)
    return first + at[:, None] * (last - first) + curve(at)[:, None] * down


def _shut(picture: np.ndarray, opened: np.ndarray, seam: np.ndarray, portrait: Portrait) -> None:
    """Shut one eye in the (H, W, 3) picture. opened: (16, 2) pixels, its contour in the photo.    seam: where lids meet."""
    width = float(np.linalg.norm(opened[8] - opened[0]))
    points = np.concatenate([opened, seam])
    low = np.maximum(np.floor(points.min(axis=0) - 0.5 * width), 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + 0.5 * width), portrait.camera.size).astype(int)
    if (high - low < 4).any():
        return
    part = picture[low[1] : high[1], low[0] : high[0]]
    opened, seam = opened - low, seam - low
    hole = _grown([opened, seam], part.shape[:2], _COVERED * width)
    dark = _lash_colour(part, opened, width)
    skin = _continued(part, hole)
    skin *= _ball_light(part.shape[:2], opened, width, portrait)[..., None]
    skin += _grain(part, hole)
    skin *= 1 - _CREASED * _stroke(part.shape[:2], opened[[*range(8, 16), 0]], _CREASE * width)[..., None]
    lashes = np.maximum(
        _stroke(part.shape[:2], seam, _LINE * width), 0.45 * _fringe(part.shape[:2], seam, _FRINGE * width)
    )
    skin += 0.85 * lashes[..., None] * (dark - skin)
    share = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), max(0.5, _SOFT * width))[..., None]
    part += share * (skin - part)


def _grown(loops: list[np.ndarray], shape: tuple[int, ...], by: float) -> np.ndarray:
    """(H, W) uint8: 1 inside any of the contours, grown by so many pixels."""
    mask = np.zeros(shape, np.uint8)
    for loop in loops:
        cv2.fillPoly(mask, [np.round(loop * 8).astype(np.int32)], (1,), shift=3)
    size = 2 * max(1, round(by)) + 1
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def _continued(part: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The picture with the hole filled by the smoothest continuation of what is around it (Laplace's equation)."""
    filled = cv2.GaussianBlur(part, (0, 0), 1.0)  # a single dark pixel of the edge must not become a streak
    height, width = hole.shape
    inside = np.flatnonzero(hole)
    number = np.full(hole.size, -1)
    number[inside] = np.arange(len(inside))
    rows, columns, known = [], [], np.zeros((len(inside), 3))
    count = np.zeros(len(inside))
    for step, edge in (
        (1, inside % width < width - 1),
        (-1, inside % width > 0),
        (width, inside < (height - 1) * width),
        (-width, inside >= width),
    ):
        here, there = np.flatnonzero(edge), inside[edge] + step
        count[here] += 1
        free = number[there] >= 0
        rows.append(here[free])
        columns.append(number[there[free]])
        np.add.at(known, here[~free], filled.reshape(-1, 3)[there[~free]])
    links = csr_matrix(
        (np.ones(sum(map(len, rows))), (np.concatenate(rows), np.concatenate(columns))), (len(inside),) * 2
    )
    laplacian = csr_matrix((count, (range(len(inside)), range(len(inside)))), links.shape) - links
    filled.reshape(-1, 3)[inside] = spsolve(laplacian.tocsc(), known)
    return filled


def _ball_light(shape: tuple[int, ...], opened: np.ndarray, width: float, portrait: Portrait) -> np.ndarray:
    """(H, W) factors: the photo's light on a ball under the lids over that on a flat cheek."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    middle = (opened[0] + opened[8]) / 2
    away = np.stack([columns - middle[0], middle[1] - rows], axis=-1) * (2 * _BULGE / width)
    round_off = np.exp(-((np.linalg.norm(away, axis=-1) / _BULGE) ** 4))[..., None]  # the ball ends at the corners
    normal = np.concatenate([away * round_off, np.ones((*shape, 1))], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    light = portrait.light.mean(axis=1)
    lit = light[0] + normal @ light[1:]
    return np.clip(np.sqrt(np.maximum(lit, 1e-3) / max(float(light[0] + light[3]), 1e-3)), *_LIT).astype(np.float32)


def _grain(part: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """(H, W, 3) fine detail of the skin below the eye, for the hole."""
    fine = np.clip(part - cv2.GaussianBlur(part, (0, 0), 2.0), -_GRAIN, _GRAIN)
    rows = np.flatnonzero(hole.any(axis=1))
    below = min(int(rows[-1]) + 1, len(part) - 1)
    taken = below + np.abs((np.arange(len(part)) % max(2 * (len(part) - below) - 2, 1)) - (len(part) - below - 1))
    return fine[np.clip(taken, 0, len(part) - 1)]


def _lash_colour(part: np.ndarray, opened: np.ndarray, width: float) -> np.ndarray:
    """(3,) the darkest of the upper rim: lashes, as the photo has them."""
    rim = _stroke(part.shape[:2], opened[[*range(8, 16), 0]], 0.08 * width) > 0.5
    colours = part[rim] if rim.any() else part.reshape(-1, 3)
    level = colours.mean(axis=1)
    return colours[level <= np.percentile(level, 15)].mean(axis=0)


def _stroke(shape: tuple[int, ...], line: np.ndarray, thickness: float) -> np.ndarray:
    """(H, W) float32, 0..1: a line along (N, 2) pixels that thins out towards its ends."""
    large = np.zeros((shape[0] * _FINE, shape[1] * _FINE), np.uint8)
    dense = _dense(line, 48)
    for index, point in enumerate(dense):
        taper = 0.35 + 0.65 * np.sin(np.pi * index / (len(dense) - 1))
        radius = max(1, round(thickness * taper * _FINE / 2))
        cv2.circle(large, tuple(np.round(point * _FINE).astype(int).tolist()), radius, (255,), -1, cv2.LINE_AA)
    return _scaled_down(large, shape)


def _fringe(shape: tuple[int, ...], seam: np.ndarray, length: float) -> np.ndarray:
    """(H, W) float32, 0..1: lashes that hang from the seam and fan out towards its ends."""
    large = np.zeros((shape[0] * _FINE, shape[1] * _FINE), np.uint8)
    roots = _dense(seam, _LASHES + 2)[1:-1]
    along = (seam[-1] - seam[0]) / max(float(np.linalg.norm(seam[-1] - seam[0])), 1e-6)
    down = np.array([-along[1], along[0]])
    down *= np.sign(down[1]) or 1
    for index, root in enumerate(roots):
        place = 2 * index / (len(roots) - 1) - 1
        way = down + 0.7 * place * along
        reach = length * (0.55 + 0.45 * np.cos(place)) * (0.8 + 0.2 * ((index * 7) % 5) / 4)
        ends = [np.round((root + share * reach * way) * _FINE).astype(int).tolist() for share in (0, 0.6, 1)]
        ends[1][1] -= round(0.06 * length * _FINE)
        cv2.polylines(large, [np.array(ends, np.int32)], False, (255,), max(1, round(length * _FINE / 14)), cv2.LINE_AA)
    return _scaled_down(large, shape)


def _dense(line: np.ndarray, count: int) -> np.ndarray:
    """(count, 2) points at even distances along (N, 2)."""
    far = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, far[-1], count)
    return np.stack([np.interp(at, far, line[:, axis]) for axis in (0, 1)], axis=1)


def _scaled_down(large: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return cv2.resize(large, shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
