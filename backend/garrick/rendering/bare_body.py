"""The person without the arms that the photo shows, so that arms can be drawn in their place.

What an arm hid of the torso is cloth continued from around; beside the torso it hid the background.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from garrick.perception.own_arms import SIDES, OwnArms
from garrick.rendering.canvas import margin_of
from garrick.rendering.layers import fill_along
from garrick.rendering.room_fill import without_steps
from garrick.rendering.sleeve_cloth import find_patch, quilt

_CLEAR = 0.02  # of the picture's height around an arm: its shadow on the cloth
_SOFT = 0.8  # pixels: the torso's new edge
_TIED = 0.03  # share of an arm that the other one's covers: folded hands go together
_DOWN = 4  # how much farther cloth goes on down than across
_STRAIGHT, _NARROW = (
    0.03,
    0.012,
)  # of the height, over which a seam runs straight; of the width, what is broader is light
_PATCHES = 0.12, 0.06, 0.03  # of the picture's height: sides of a patch whose weave goes on, the first that has room


@dataclass(frozen=True)
class BareBody:
    """What takes an arm's place on the canvas, on the left and the right.

    patches: rows and columns of the canvas, (h, w, 4) float32 premultiplied, (h, w, 1) float32 how much of it at most;
             None for a side whose arm the photo does not show.
    tied:    whether neither arm can go without the other.
    """

    patches: tuple[tuple[slice, slice, np.ndarray, np.ndarray] | None, ...]
    tied: bool
    _made: dict[tuple[float, ...], np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    def canvas(self, canvas: np.ndarray, gone: np.ndarray) -> np.ndarray:
        """The canvas, always the same one, where the left and the right arm are `gone` (2,), 0..1."""
        shares = [float(share) * (patch is not None) for share, patch in zip(gone, self.patches, strict=True)]
        if not any(shares):
            return canvas
        key = tuple(shares)
        if key in self._made:
            return self._made[key]
        made = canvas.copy()
        for share, patch in zip(shares, self.patches, strict=True):
            if share > 0 and patch is not None:
                rows, columns, bare, most = patch
                made[rows, columns] += np.float32(share) * most * (bare - made[rows, columns])
        if set(key) <= {0.0, 1.0}:  # what most frames show, three pictures at most
            self._made[key] = made
        return made


def make_bare_body(own: OwnArms, foreground: np.ndarray) -> BareBody:
    """Take the arms off. foreground: (H, W, 4) float32 premultiplied, as `Layers.foreground`."""
    height, width = own.torso.shape
    margin = margin_of((width, height))
    covered = np.max([np.zeros((height, width), np.float32), *own.masks.values()], axis=0)
    radius = 2 * max(1, round(_CLEAR * height)) + 1
    clear = cv2.dilate((covered > 0.02).astype(np.uint8), np.ones((radius, radius), np.uint8)) == 0
    known = own.torso & clear & (foreground[..., 3] > 0.95)
    below = np.arange(height)[:, None] > min(joints[0, 1] for joints in own.joints.values())
    shown = own.torso & (covered < 0.02) & (foreground[..., 3] > 0.95)
    cloth = _carried_on(np.ascontiguousarray(foreground[..., :3]), known, own.torso, known & below, shown)
    torso = cv2.GaussianBlur(own.torso.astype(np.float32), (0, 0), _SOFT)[..., None]
    bare = np.concatenate([np.clip(cloth, 0, 1) * torso, torso], axis=2)
    patches = []
    for side in SIDES:
        mask = own.masks.get(side)
        if mask is None or not (mask > 0).any():
            patches.append(None)
            continue
        # an arm that the edge of the picture cuts through does not go on past it either
        most = _past_edges(mask, margin)[..., None]
        under = _past_edges(bare, margin)
        rows, columns = (_extent((most[..., 0] > 0).any(axis=axis)) for axis in (1, 0))
        patches.append((rows, columns, under[rows, columns].copy(), most[rows, columns].copy()))
    return BareBody(tuple(patches), _overlap(own) > _TIED)


def _carried_on(
    colour: np.ndarray, known: np.ndarray, where: np.ndarray, cloth: np.ndarray, shown: np.ndarray
) -> np.ndarray:
    """(H, W, 3) the cloth where it is known, and elsewhere carried on: light and colour smoothly, most of all down.

    Weave and pattern are those of the plainest patch of it, as in sleeves.    where: (H, W) bool the torso.
    cloth: (H, W) bool where it is cloth alone.    shown: (H, W) bool where the photo stays, to which no step is seen.
    """
    filled = fill_along(colour, known.astype(np.float32), (1, _DOWN)) + _seams(colour, known, cloth)
    if cloth.any() and (~known & where).any():
        typical = np.median(colour[cloth], axis=0)
        sides = (round(share * len(known)) for share in _PATCHES)
        patch = next((found for side in sides if (found := find_patch(colour, typical, cloth, side)) is not None), None)
        if patch is not None:
            rows, columns = (_extent((~known & where).any(axis=axis)) for axis in (1, 0))
            filled[rows, columns] *= quilt(patch, rows.stop - rows.start, columns.stop - columns.start)
    return np.where(known[..., None], colour, without_steps(filled, colour, shown))


def _seams(colour: np.ndarray, known: np.ndarray, cloth: np.ndarray) -> np.ndarray:
    """(H, W, 3) what runs straight down the cloth, a placket or a crease, carried on between where it is known."""
    height, width = known.shape
    weight = cloth.astype(np.float32)

    def mean(values: np.ndarray, across: float, down: float) -> np.ndarray:
        total = cv2.GaussianBlur(weight, (0, 0), sigmaX=across, sigmaY=down)
        blurred = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigmaX=across, sigmaY=down)
        return blurred / np.maximum(total, 1e-3)[..., None]

    straight = mean(colour, 0.6, _STRAIGHT * height) - mean(colour, _NARROW * width, _STRAIGHT * height)
    rows = np.arange(height)[:, None]
    above = np.maximum.accumulate(np.where(cloth, rows, -1), axis=0)
    below = np.minimum.accumulate(np.where(cloth, rows, height)[::-1], axis=0)[::-1]
    total, shares = np.zeros((height, width, 3), np.float32), np.full((height, width, 1), 1e-6, np.float32)
    for place in (above, below):
        there = (place >= 0) & (place < height)
        share = (there / np.maximum(np.abs(rows - place), 1.0))[..., None].astype(np.float32)
        found = np.take_along_axis(straight, np.clip(place, 0, height - 1)[..., None], axis=0)
        total, shares = total + share * found, shares + share
    return np.where(known[..., None], 0, total / shares)


def _past_edges(picture: np.ndarray, margin: int) -> np.ndarray:
    return cv2.copyMakeBorder(picture, margin, margin, margin, margin, cv2.BORDER_REPLICATE)


def _extent(there: np.ndarray) -> slice:
    found = np.flatnonzero(there)
    return slice(int(found[0]), int(found[-1]) + 1)


def _overlap(own: OwnArms) -> float:
    """Share of the smaller arm that lies under the other, too."""
    if len(own.masks) < 2:
        return 0.0
    left, right = own.masks["left"], own.masks["right"]
    return float(np.minimum(left, right).sum() / max(min(left.sum(), right.sum()), 1e-6))
