"""The person without the arms that the photo shows, so that arms can be drawn in their place.

What an arm hid of the torso is cloth continued from around; beside the torso it hid the background.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from garrick.bodies.hand import Side
from garrick.core.easing import smoothstep
from garrick.perception.own_arms import SIDES, OwnArms
from garrick.rendering.canvas import margin_of
from garrick.rendering.layers import fill_along
from garrick.rendering.room_fill import without_steps
from garrick.rendering.sleeve_cloth import find_patch, quilt

_CLEAR = 0.02  # of the picture's height around an arm: its shadow on the cloth
_SOFT = 0.8  # pixels: the torso's new edge
# widths of the shoulders: how far out of its joint a drawn arm's sleeve reaches at the shoulder and farther down, where
# the one goes over into the other, how far down what the photo shows farther out narrows to it, and how far down and out
# such a wide sleeve is looked for
_SLEEVE, _BELOW, _SLOPE, _WIDE = (0.165, 0.12), (0.10, 0.25), 0.16, (0.5, 0.6)
_FLANK = 0.3, 0.45  # of that width below the shoulders, from which on the torso's edge is evened, and wholly
_NARROWEST = 0.25  # of that width, from the middle: no torso ends before it
_SLOPES = 0.15, 0.4  # columns a row, by which its edge goes out at most, upwards and downwards
_EVEN = 0.006  # of the picture's height over which it is evened
_TOUCHED = 0.02  # of a pixel, from which an arm is there
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
    outline, beside = _outlined(own, covered)
    torso = outline > 0.5
    known = torso & clear & (foreground[..., 3] > 0.95)
    below = np.arange(height)[:, None] > min(joints[0, 1] for joints in own.joints.values())
    shown = torso & (covered < 0.02) & (foreground[..., 3] > 0.95)
    cloth = _carried_on(np.ascontiguousarray(foreground[..., :3]), known, torso, known & below, shown)
    bare = np.concatenate([np.clip(cloth, 0, 1) * outline[..., None], outline[..., None]], axis=2)
    patches = []
    for side in SIDES:
        mask = own.masks.get(side)
        if mask is None or not (mask > 0).any():
            patches.append(None)
            continue
        # where both meet, an arm's soft edge would leave a part of it beside the torso
        mask = np.maximum(mask, np.where(mask > _TOUCHED, beside, 0))
        mask = np.maximum(mask, _wide_sleeve(own, side, foreground[..., 3]))
        # an arm that the edge of the picture cuts through does not go on past it either
        most = _past_edges(mask, margin)[..., None]
        under = _past_edges(bare, margin)
        rows, columns = (_extent((most[..., 0] > 0).any(axis=axis)) for axis in (1, 0))
        patches.append((rows, columns, under[rows, columns].copy(), most[rows, columns].copy()))
    return BareBody(tuple(patches), _overlap(own) > _TIED)


def _outlined(own: OwnArms, covered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 0..1 each: the torso without arms, and what is beside it in rows where one of them hides its edge.

    It is as wide there as fits the rows around, so it neither ends in a step where an arm does, nor goes on beyond a gap
    between both.    covered: (H, W) 0..1.
    """
    soft = cv2.GaussianBlur(own.torso.astype(np.float32), (0, 0), _SOFT)
    beside = np.zeros_like(soft)
    shoulders = [own.joints[side][0] for side in SIDES]
    middle, width = (
        float(np.mean([x for x, _ in shoulders])),
        max(float(np.linalg.norm(shoulders[0] - shoulders[1])), 1.0),
    )
    rows, columns = np.arange(len(soft)), np.arange(soft.shape[1])
    down = (rows - max(y for _, y in shoulders)) / width
    low, share = down > _FLANK[0], smoothstep((down - _FLANK[0]) / (_FLANK[1] - _FLANK[0]))
    upwards, downwards = (slope * rows for slope in _SLOPES)
    for side in (columns - middle, middle - columns):
        outside = ~own.torso & (side > _NARROWEST * width)
        first = np.where(outside, side, np.inf).argmin(axis=1)
        ends = outside.any(axis=1) & low
        edge = np.where(ends, side[first], np.inf) - 0.5
        above = np.minimum.accumulate((edge + upwards)[::-1])[::-1] - upwards
        below = np.minimum.accumulate(edge - downwards) + downwards
        own_edge, fitting = (np.where(ends, values, 0) for values in (edge, np.minimum(above, below)))
        narrow, there = (own_edge + share * (fitting - own_edge))[:, None], ends.astype(np.float64)[:, None]
        even, weight = (cv2.GaussianBlur(part, (0, 0), _EVEN * len(soft)) for part in (narrow, there))
        inside = np.clip(even / np.maximum(weight, 1e-6) - side + 0.5, 0, 1)
        hidden = (ends & (covered[rows, first] > _TOUCHED))[:, None] & (side > 0)
        soft, beside = np.where(hidden, inside, soft), np.where(hidden, 1 - inside, beside)
    return soft.astype(np.float32), beside.astype(np.float32)


def _wide_sleeve(own: OwnArms, side: Side, alpha: np.ndarray) -> np.ndarray:
    """(H, W) float32 0..1: what of a loose sleeve sticks out at the shoulder, beyond the drawn arm that hangs there."""
    x, y = own.joints[side][0]
    across = x - own.joints["right" if side == "left" else "left"][0][0]
    width = max(abs(float(across)), 1.0)
    height, columns = alpha.shape
    out = (np.arange(columns) - x) * np.sign(across) / width
    down = (np.arange(height) - y) / width
    row = int(np.clip(round(float(y)), 0, height - 1))
    gaps = out[(out > 0) & (alpha[row] < 0.5)]
    wider = max(float(gaps.min(initial=_WIDE[1])) - _SLEEVE[0], 0.0)
    narrower = smoothstep((down - _BELOW[0]) / (_BELOW[1] - _BELOW[0]))
    edge = _SLEEVE[0] + (_SLEEVE[1] - _SLEEVE[0]) * narrower + wider * (1 - smoothstep(down / _SLOPE))
    beyond = np.clip((out - edge[:, None]) * width + 0.5, 0, 1)
    there = ((down > 0) & (down < _WIDE[0]))[:, None] & (out < _WIDE[1]) & ~own.torso
    return cv2.GaussianBlur(np.where(there, beyond, 0).astype(np.float32), (0, 0), _SOFT)


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
