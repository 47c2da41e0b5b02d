"""Moves the irises that the net found onto the edge between iris and white that the picture shows."""

from __future__ import annotations

import cv2
import numpy as np

from garrick.bodies.blink import LIDS
from garrick.perception.crop import Square

IRISES = (slice(473, 478), slice(468, 473))
"""Rows of the left and right iris in the 478 landmarks."""

_SIZE = 128  # pixels of the eye's square
_MARGIN = 1.3  # its side over the distance of the eye's corners
_REACH = 0.35  # iris radii, farthest move
_COARSE, _FINE = 9, 7  # places along each axis that are tried, first over the whole reach, then around the best
_RADII = (0.92, 0.96, 1.0, 1.04, 1.08)  # of the net's, tried against the edge
_EDGE = 0.14  # radii on either side of the edge that are compared
_SIDES = np.radians(np.arange(-45, 46, 5))  # above and below them lids and lashes hide the edge
_STAY = 0.6  # cost of a move by one radius, in units of full contrast


def refine_irises(picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """(478, 2) landmarks with the ten iris points shifted; picture: (H, W, 3) uint8.

    Daugman's integro-differential search (1993), on the arcs left and right of the iris inside the lids: the step from
    iris to white is largest where the circle lies on it. Size stays the net's, and so does the place where no edge shows.
    """
    refined = landmarks.copy()
    for lids, rows in zip(LIDS, IRISES, strict=True):
        refined[rows] += _shift(picture, landmarks[list(lids)], landmarks[rows])
    return refined


def _shift(picture: np.ndarray, loop: np.ndarray, iris: np.ndarray) -> np.ndarray:
    """(2,) pixels by which the iris (5, 2) moves; loop: (16, 2) lids, corners first and ninth."""
    right, left = sorted((loop[0], loop[8]), key=lambda point: float(point[0]))
    along = left - right
    square = Square((right + left) / 2, float(np.linalg.norm(along)) * _MARGIN, float(np.arctan2(along[1], along[0])))
    grey = cv2.GaussianBlur(square.cut(picture, _SIZE), (0, 0), 1.0).mean(axis=2).astype(np.float32)
    opening = _opening(square.onto(loop, _SIZE))
    if not opening.any():
        return np.zeros(2)  # a closed eye
    dark, bright = np.percentile(grey[opening > 0], [10, 90])
    grey /= max(float(bright - dark), 8.0)
    found = square.onto(iris, _SIZE)
    radius = float(np.linalg.norm(found[1:] - found[0], axis=1).mean())
    best, reach = np.zeros(2), _REACH * radius
    for count, radii in ((_COARSE, (1.0,)), (_FINE, _RADII)):
        steps = np.linspace(-reach, reach, count)
        moves = best + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        contrast = np.max([_contrast(grey, opening, found[0] + moves, radius * share) for share in radii], axis=0)
        best = moves[np.argmax(contrast - _STAY * (moves**2).sum(axis=1) / radius**2)]
        reach *= 2 / (_COARSE - 1)
    return square.back(found[0] + best, _SIZE) - iris[0]


def _opening(loop: np.ndarray) -> np.ndarray:
    """(_SIZE, _SIZE) float32: 1 between the lids, clear of the lashes."""
    mask = np.zeros((_SIZE, _SIZE), np.uint8)
    cv2.fillPoly(mask, [np.round((loop - 0.5) * 16).astype(np.int32)], (1,), shift=4)
    return cv2.erode(mask, np.ones((7, 3), np.uint8)).astype(np.float32)


def _contrast(grey: np.ndarray, opening: np.ndarray, centres: np.ndarray, radius: float) -> np.ndarray:
    """(n,) how much brighter it is right outside than right inside circles around (n, 2) centres, both sides alike."""
    total = np.zeros(len(centres))
    for side in (1, -1):
        rays = np.stack([side * np.cos(_SIDES), np.sin(_SIDES)], axis=1) * radius
        outer, inner = centres[:, None] + rays * (1 + _EDGE), centres[:, None] + rays * (1 - _EDGE)
        weight = _sample(opening, outer) * _sample(opening, inner)
        step = np.clip(_sample(grey, outer) - _sample(grey, inner), -1, 1)
        total += (weight * step).sum(axis=1) / (weight.sum(axis=1) + 2) / 2
    return total


def _sample(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(...,) bilinear values at (..., 2) pixels."""
    x, y = np.moveaxis(points.astype(np.float32) - 0.5, -1, 0)
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
