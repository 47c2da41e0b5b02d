"""What of the photo's room clings to the person's outline: it goes along with them before that room, and before no other.

A matte is never perfect. What it leaves of the person's light and hair beside them, and all around arms that can be taken
away, is kept in a layer of its own between the person and the room: together the three are the photo.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numba
import numpy as np

from garrick.perception.own_arms import SIDES, OwnArms
from garrick.rendering.bare_body import BareBody
from garrick.rendering.canvas import margin_of
from garrick.rendering.layers import Layers, halo_radius
from garrick.rendering.rasterise import BAND, NOTHING, bin_triangles, fill_rows
from garrick.rendering.room_fill import beside_arms
from garrick.rendering.shade import _fetch as fetch
from garrick.rendering.sheet import Sheet

_SOLID = 0.98  # matte from which what is behind the person is not seen
_FAINT = 0.004  # full scale: less of it is not drawn
_ARM = 0.1  # of what goes with an arm, from which it is the arm's


@dataclass(frozen=True)
class Clinging:
    """The layer that the sheet carries under the person.

    picture:   (h, w, 4) float32 premultiplied, of the size of the canvas.
    margin:    pixels of it around the photo.
    points:    (P,) int32 those of the sheet's grid, and triangles: (T, 3) int32 of them, that show any of it.
    around:    how much of it goes with the left and the right arm, (h, w) float32, 0..1, or None; none where none goes.
    """

    picture: np.ndarray
    margin: int
    points: np.ndarray
    triangles: np.ndarray
    around: tuple[np.ndarray | None, ...] = ()
    _made: dict[tuple[float, ...], np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    def worn(self, gone: np.ndarray | None) -> np.ndarray:
        """The picture, always the same one, where the left and the right arm are `gone` (2,), 0..1."""
        if gone is None:
            return self.picture
        key = tuple(float(share) * (mask is not None) for share, mask in zip(gone, self.around, strict=False))
        if not any(key):
            return self.picture
        if key in self._made:
            return self._made[key]
        left = np.ones(self.picture.shape[:2], np.float32)
        for share, mask in zip(key, self.around, strict=True):
            if share > 0 and mask is not None:
                left *= 1 - np.float32(share) * mask
        made = self.picture * left[..., None]
        if set(key) <= {0.0, 1.0}:  # what most frames show
            self._made[key] = made
        return made

    def over(self, background: np.ndarray, grid: np.ndarray, sheet: Sheet, gone: np.ndarray | None) -> np.ndarray:
        """(H, W, 3) float32 the background with what clings before it.

        background: (H, W, 3) float32, as the camera sees it.    grid: (G, 3) float32 the sheet's points on the screen.
        gone: as for `worn`.
        """
        points = grid[self.points]
        seen, margin = np.array(background, np.float32), np.float32(self.margin)
        _lay_over(points, self.triangles, sheet.photo[self.points], self.worn(gone), margin, seen)
        return seen


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _lay_over(points, triangles, photo_xy, picture, margin, seen):
    """Lay the picture (h, w, 4), which may be darker than black, on triangles over what is seen (H, W, 3), in place.

    The rest is as for `shade.draw_sheet`.
    """
    height, width = seen.shape[:2]
    one = np.float32(1)
    starts, binned = bin_triangles(points, triangles, one, height)
    west = min(max(0, int(points[:, 0].min())), width)
    east = max(west, min(width, int(points[:, 0].max()) + 1))
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
        fill_rows(points, triangles, chosen, one, (first, west), triangle, weights, near)
        for row in range(last - first):
            for column in range(east - west):
                t = triangle[row, column]
                if t < 0:
                    continue
                wa, wb = weights[row, column, 0], weights[row, column, 1]
                wc = one - wa - wb
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                x = photo_xy[a, 0] * wa + photo_xy[b, 0] * wb + photo_xy[c, 0] * wc
                y = photo_xy[a, 1] * wa + photo_xy[b, 1] * wb + photo_xy[c, 1] * wc
                red, green, blue, alpha = fetch(picture, x + margin, y + margin)
                colour = seen[first + row, west + column]
                colour[0] = red + (one - alpha) * colour[0]
                colour[1] = green + (one - alpha) * colour[1]
                colour[2] = blue + (one - alpha) * colour[2]


def make_picture(layers: Layers, person: np.ndarray, head: np.ndarray) -> np.ndarray:
    """(H + 2 m, W + 2 m, 4) float32 premultiplied, m = `margin_of`: person, this and the background are the photo.

    layers: the photo's, of which the foreground holds all that clings.    person: (H, W, 4) float32 premultiplied the
    person alone.    head: (H, W) bool where the head is drawn over it.
    """
    left = np.maximum(1 - person[..., 3:], 1 - _SOLID)
    picture = (layers.foreground - person) / left
    picture[..., 3] = np.clip(picture[..., 3], 0, 1)
    picture[head] = 0
    height, width = person.shape[:2]
    margin = margin_of((width, height))
    return np.pad(picture, ((margin, margin), (margin, margin), (0, 0)))


def taken_away(own: OwnArms, bare: BareBody, alpha: np.ndarray) -> list[np.ndarray]:
    """(H, W) bool for the left and the right arm: what of the photo goes with it.

    Those are arm and shadow, and what of the person is not there any more when the arm has gone, as a wide sleeve.
    alpha: (H, W) the person's matte.
    """
    margin = margin_of((alpha.shape[1], alpha.shape[0]))
    side = 2 * halo_radius(len(alpha)) + 1
    person = cv2.dilate((alpha >= 0.02).astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    found = []
    for name, patch in zip(SIDES, bare.patches, strict=True):
        gone = np.zeros(np.add(alpha.shape, 2 * margin), bool)
        if patch is not None:
            rows, columns, _, most = patch
            gone[rows, columns] = most[..., 0] > _ARM
        gone = gone[margin:-margin, margin:-margin] & person
        found.append(gone | (own.masks[name] > _ARM) if name in own.masks else gone)
    return found


def make_clinging(picture: np.ndarray, sheet: Sheet, arms: list[np.ndarray], alpha: np.ndarray) -> Clinging:
    """Bind it to the sheet.

    picture: of `make_picture`.    arms: of `taken_away`, or none.    alpha: (H, W) the person's matte.
    """
    margin = (picture.shape[0] - len(alpha)) // 2
    corners = sheet.photo[sheet.triangles] + margin
    low, high = corners.min(axis=1) - 1, corners.max(axis=1) + 1
    last = np.array(picture.shape[1::-1])
    (left, top), (right, bottom) = (np.clip(at, 0, last).astype(int).T for at in (low, high))
    sums = cv2.integral((np.abs(picture).max(axis=2) > _FAINT).astype(np.uint8))
    any_of_it = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left] > 0
    points, triangles = np.unique(sheet.triangles[any_of_it], return_inverse=True)
    triangles = triangles.reshape(-1, 3).astype(np.int32)
    around = tuple(np.pad(beside_arms(arm, alpha), margin) if arm.any() else None for arm in arms)
    return Clinging(picture, margin, points, triangles, around)
