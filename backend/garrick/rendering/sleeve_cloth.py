"""The cloth of sleeves: the photo's own weave and pattern carried on, with the folds that arms make in it.

The cloth is quilted (Efros and Freeman 2001): overlapping squares of one patch of the photo, cut where they differ least.
"""

from __future__ import annotations

import cv2
import numba
import numpy as np

from garrick.rendering.hand_skin import noise

_EVEN = 0.33  # of a patch's side: what is coarser is light and folds, not pattern
_WEAVE = 0.10  # and what is finer is weave; between both lie large patterns, and folds,
_FOLDED = (0.05, 0.10)  # which differ less: up to, and from which standard deviation it is the one and the other
_MOST = 0.45  # how far a pattern may differ from its surroundings
_OTHER = 0.3  # of full scale, the three colours' sum, by which a patch of the same cloth may differ from it at most
_LONE = 4.0  # how much what stands out of a patch counts against it
_BLOCK, _OVERLAP = 0.5, 0.17  # of a patch's side
_TRIED = 40  # places of a patch for each square
_STEP = 0.045  # of the way down an arm: between what a fold shades and what it lights
_FOLD, _BENT = 0.09, 0.24  # of the light
_DEEPEST = 0.72  # of the light, that is left in the deepest of them
_LIT = 0.35  # of a fold's shade, what its other side is lit more


def find_patch(photo: np.ndarray, cloth: np.ndarray, where: np.ndarray, side: int) -> np.ndarray | None:
    """(side, side, 3) float32 factors about 1: the pattern of a square of cloth, the plainest of those that are there.

    photo: (H, W, 3) float32.    cloth: (3,) its colour.    where: (H, W) bool the cloth.    None where no square has room.
    """
    side = max(side, 8)
    # integral means of squares: colour, its square, and how much of it is cloth
    there = cv2.boxFilter(where.astype(np.float32), -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    soft = cv2.GaussianBlur(photo, (0, 0), max(1.0, side / 10))
    mean = cv2.boxFilter(soft, -1, (side, side), anchor=(0, 0))
    spread = np.sqrt(np.maximum(cv2.boxFilter(soft**2, -1, (side, side), anchor=(0, 0)) - mean**2, 0)).sum(axis=2)
    away = np.abs(mean - cloth).sum(axis=2)
    cost = spread + 0.5 * away
    # a button or a buttonhole would come back on the sleeve again and again
    fine = cv2.GaussianBlur(np.abs(photo - soft).sum(axis=2), (0, 0), max(1.0, side / 16))
    most = cv2.dilate(fine, np.ones((side, side), np.uint8), anchor=(0, 0))
    cost += _LONE * (most - cv2.boxFilter(fine, -1, (side, side), anchor=(0, 0)))
    height, width = where.shape
    room = (there > 0.999) & (np.arange(height)[:, None] <= height - side) & (np.arange(width) <= width - side)
    if not room.any():
        return None
    room &= away <= max(_OTHER, float(away[room].min()))
    top, left = np.unravel_index(np.where(room, cost, np.inf).argmin(), cost.shape)
    piece = photo[top : top + side, left : left + side]
    even = cv2.GaussianBlur(piece, (0, 0), _EVEN * side, borderType=cv2.BORDER_REFLECT)
    pattern = piece / np.maximum(even, 0.02)
    coarse = cv2.GaussianBlur(pattern, (0, 0), _WEAVE * side, borderType=cv2.BORDER_REFLECT)
    low, high = _FOLDED
    printed = np.clip((float(coarse.std(axis=(0, 1)).max()) - low) / (high - low), 0, 1)
    pattern /= np.maximum(coarse, 0.02) ** (1 - printed)
    return np.clip(pattern, 1 - _MOST, 1 + _MOST).astype(np.float32)


def quilt(patch: np.ndarray, height: int, width: int) -> np.ndarray:
    """(height, width, 3) of the patch's pattern without a seam; always the same."""
    rng = np.random.default_rng(5)
    side = len(patch)
    block, lap = max(4, round(_BLOCK * side)), max(2, round(_OVERLAP * side))
    step = block - lap
    rows, columns = -(-(height - lap) // step), -(-(width - lap) // step)
    out = np.zeros((rows * step + lap, columns * step + lap, 3), np.float32)
    places = rng.integers(0, side - block + 1, (rows, columns, _TRIED, 2))
    _lay(out, np.ascontiguousarray(patch, np.float32), places, block, lap)
    return out[:height, :width]


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _lay(out, patch, places, block, lap):
    """Lay squares into (H, W, 3), each of those at places (rows, columns, tried, 2) that meets best what is there."""
    rows, columns, tried = places.shape[:3]
    step = block - lap
    top, left = np.empty((block, lap), np.float32), np.empty((block, lap), np.float32)
    for row in range(rows):
        for column in range(columns):
            under = out[row * step : row * step + block, column * step : column * step + block]
            chosen, least = 0, np.float32(np.inf)
            for index in range(tried):
                y, x = places[row, column, index, 0], places[row, column, index, 1]
                cost = np.float32(0)
                for a in range(lap):
                    for b in range(block):
                        for k in range(3):
                            if row > 0:
                                cost += (patch[y + a, x + b, k] - under[a, b, k]) ** 2
                            if column > 0:
                                cost += (patch[y + b, x + a, k] - under[b, a, k]) ** 2
                if cost < least:
                    chosen, least = index, cost
            y, x = places[row, column, chosen, 0], places[row, column, chosen, 1]
            mask = np.ones((block, block), np.float32)
            for a in range(lap):
                for b in range(block):
                    top[b, a], left[b, a] = 0, 0
                    for k in range(3):
                        top[b, a] += (patch[y + a, x + b, k] - under[a, b, k]) ** 2
                        left[b, a] += (patch[y + b, x + a, k] - under[b, a, k]) ** 2
            if row > 0:
                mask *= _seam(top, block).T
            if column > 0:
                mask *= _seam(left, block)
            for a in range(block):
                for b in range(block):
                    share = _soft(mask, a, b)
                    for k in range(3):
                        under[a, b, k] += share * (patch[y + a, x + b, k] - under[a, b, k])


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _soft(mask, row, column):
    """The mean of a pixel and those beside it, by 1 2 1 in both directions; beyond the edges they are mirrored."""
    size = len(mask)
    found = np.float32(0)
    for down in range(-1, 2):
        y = abs(row + down)
        y = y if y < size else 2 * size - 2 - y
        for right in range(-1, 2):
            x = abs(column + right)
            x = x if x < size else 2 * size - 2 - x
            found += mask[y, x] * np.float32((2 - abs(down)) * (2 - abs(right)) / 16)
    return found


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _seam(off, block):
    """(n, block) 1 right of the path down through (n, lap) on which two squares differ least."""
    rows, lap = off.shape
    best = off.copy()
    for row in range(1, rows):
        for column in range(lap):
            least = best[row - 1, column]
            if column > 0:
                least = min(least, best[row - 1, column - 1])
            if column < lap - 1:
                least = min(least, best[row - 1, column + 1])
            best[row, column] += least
    mask = np.ones((rows, block), np.float32)
    column = int(best[rows - 1].argmin())
    for row in range(rows - 1, -1, -1):
        if row < rows - 1:
            low = max(column - 1, 0)
            column = low + int(best[row, low : column + 2].argmin())
        mask[row, :column] = 0
    return mask


def fold(reach: np.ndarray, around: np.ndarray, cuff: float) -> tuple[np.ndarray, np.ndarray]:
    """(n,) factors of the light on a sleeve whose arm is straight, and on one that is bent.

    reach: (n,) 0 at the shoulder, 1 at the elbow, 2 at the wrist.    around: (n,) radians about the arm, 0 above
    in the T-pose, a quarter turn at its front.    cuff: where the sleeve ends.
    """
    inner = np.clip(np.sin(around), 0, 1)  # where a bent arm folds its sleeve
    long = np.clip((cuff - 0.6) / 0.6, 0, 1)  # a short sleeve hangs free
    spread = 0.30 + long * np.exp(-(((reach - 1) / 0.25) ** 2))
    spread += (0.15 + 0.55 * long) * np.exp(-(((reach - cuff + 0.15) / 0.13) ** 2))
    slope = spread * (_height(reach + _STEP, around) - _height(reach - _STEP, around))
    shade = np.maximum(1 + _FOLD * np.where(slope > 0, _LIT * slope, slope), _DEEPEST)
    near = np.exp(-(((reach - 1) / 0.20) ** 2))
    deep = _creases(reach + 0.5 * _STEP, around) - _creases(reach - 0.5 * _STEP, around)
    deep = np.where(deep > 0, _LIT * deep, deep)
    bent = shade * (1 + near * ((0.25 + 0.75 * inner) * _BENT * deep - 0.10 * inner))
    hem = np.exp(-(((reach - cuff + 0.07) / 0.008) ** 2)) + 0.5 * np.exp(-(((reach - cuff + 0.085) / 0.005) ** 2))
    return shade * (1 - 0.12 * hem), np.maximum(bent, _DEEPEST) * (1 - 0.12 * hem)


def _ring(around: np.ndarray) -> np.ndarray:
    return np.column_stack([np.cos(around), np.sin(around)])


def _height(reach: np.ndarray, around: np.ndarray) -> np.ndarray:
    """(n,) long soft folds, some round the arm and some down it askew."""
    ring = _ring(around)
    across = noise(np.column_stack([reach * 9 + 0.9 * ring[:, 0], ring * 1.1]), 11)
    askew = noise(np.column_stack([reach * 4.5 + 1.6 * ring[:, 1], ring * 2.2]), 12)
    return across + 0.8 * (1 - np.abs(askew)) ** 2


def _creases(reach: np.ndarray, around: np.ndarray) -> np.ndarray:
    """(n,) sharp ones that run towards the inside of the elbow."""
    ring = _ring(around)
    fan = (reach - 1) * (16 - 5 * ring[:, 1]) + 0.9 * noise(np.column_stack([reach * 5, ring * 1.6]), 14)
    return np.abs(np.sin(np.pi * fan)) ** 0.6
