"""The person without the arms that the photo shows, so that arms can be drawn in their place.

What an arm hid of the torso is cloth continued from around; beside the torso it hid the background.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from garrick.perception.own_arms import SIDES, OwnArms
from garrick.rendering.canvas import margin_of
from garrick.rendering.layers import fill_holes

_CLEAR = 0.02  # of the picture's height around an arm: its shadow on the cloth
_SOFT = 0.8  # pixels: the torso's new edge
_TIED = 0.03  # share of an arm that the other one's covers: folded hands go together
_GRAIN, _FAINT = 2.0, 0.03  # pixels and full scale: what is finer and fainter is grain; buttons and seams are none


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
    cloth = fill_holes(np.ascontiguousarray(foreground[..., :3]), known.astype(np.float32))
    cloth = np.where(known[..., None], cloth, cloth + _grain(foreground[..., :3], known))
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


def _grain(colour: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(H, W, 3) what is fine in the known cloth, repeated as in mirrors where none is known, upwards in each column."""
    soft = cv2.GaussianBlur(colour * known[..., None], (0, 0), _GRAIN)
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), _GRAIN)[..., None]
    inner = cv2.erode(known.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    fine = np.clip(colour - soft / np.maximum(weight, 1e-3), -_FAINT, _FAINT) * inner[..., None]
    rows = np.arange(len(known))[:, None]
    last = np.maximum.accumulate(np.where(inner, rows, -1), axis=0)  # the known row above
    mirrored = np.maximum(2 * last - rows, 0)
    return np.where((last >= 0)[..., None], np.take_along_axis(fine, mirrored[..., None].repeat(3, axis=2), axis=0), 0)


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
