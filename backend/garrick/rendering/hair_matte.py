"""Hair on the head's mesh, and bare skin beside the neck: the id pass tells them apart by the photo's colours."""

from __future__ import annotations

import cv2
import numba
import numpy as np

from garrick.perception.fit import OVAL
from garrick.perception.portrait import Portrait
from garrick.rendering.take import ID_NAMES

_HAIR, _SKIN = ID_NAMES.index("hair"), ID_NAMES.index("skin")
_CHEEKS = (50, 280, 117, 346, 205, 425)  # landmarks amid plain skin
_PATCH = 0.04  # of the face's width: the skin around each that its colour is taken from
_BROW_TOPS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_OVER_BROWS = 0.06  # of the face's height above them: below that, brows are not hair
_MOUTH = 13  # landmark between the lips: below it dark skin lies in the jaw's shadow, and hair beside the head
_UNLIKE = 0.55  # natural logarithm by which hair is darker or lighter than skin in one of the colours
_SPECK = 0.002  # of the face's area: smaller spots are neither hair nor gaps in it


def hair_and_skin(portrait: Portrait) -> np.ndarray:
    """(H, W) uint8 into `ID_NAMES`, of the photo: "hair" and "skin" where its colour tells, else 0.

    Hair is told above the mouth, brows left out, where it is unlike the skin; skin below the mouth, where it is like the
    cheeks: there hair and neck are one sheet.
    """
    points = portrait.landmarks[list(OVAL)]
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = high - low
    picture = cv2.GaussianBlur(portrait.image, (0, 0), max(0.6, width / 250)).astype(np.float32) / 255
    skin = _skin_colour(picture, portrait.landmarks, _PATCH * width)
    apart = np.abs(np.log((picture + 0.05) / (skin + 0.05))).max(axis=2)
    above = np.arange(len(picture))[:, None] < int(portrait.landmarks[_MOUTH, 1])
    hair = (apart > _UNLIKE) & (portrait.alpha > 0.5) & above
    hair &= _face_below_brows(portrait.landmarks, hair.shape, _OVER_BROWS * height) == 0
    speck = _SPECK * float(width * height)
    told = np.zeros(hair.shape, np.uint8)
    told[_without_specks((apart < _UNLIKE) & ~above, speck)] = _SKIN
    told[~_without_specks(~_without_specks(hair, speck), speck)] = _HAIR
    return told


@numba.njit(cache=True, nogil=True, boundscheck=False)
def tell_apart(ids, uv, told):
    """Correct the ids of hair and skin where the photo tells.

    ids: (H, W) uint8, changed.    uv: (H, W, 2) float32, 0..1 of the photo, -1 where it is not seen.
    told: what `hair_and_skin` gives.
    """
    height, width = told.shape
    for y in range(ids.shape[0]):
        for x in range(ids.shape[1]):
            if (ids[y, x] != _SKIN and ids[y, x] != _HAIR) or uv[y, x, 0] < 0:
                continue
            column = min(int(uv[y, x, 0] * width), width - 1)
            row = min(max(int(uv[y, x, 1] * height), 0), height - 1)
            if told[row, column] > 0:
                ids[y, x] = told[row, column]


def _skin_colour(picture: np.ndarray, landmarks: np.ndarray, radius: float) -> np.ndarray:
    """(3,) median of patches amid the cheeks."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    for x, y in landmarks[list(_CHEEKS)]:
        cv2.circle(mask, (round(float(x)), round(float(y))), max(1, round(radius)), (1,), -1)
    return np.median(picture[mask > 0], axis=0)


def _face_below_brows(landmarks: np.ndarray, shape: tuple[int, ...], above: float) -> np.ndarray:
    """(H, W) uint8: 1 in the face's oval from a little above the brows on downwards."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(landmarks[list(OVAL)]).astype(np.int32)], (1,))
    tops = landmarks[list(_BROW_TOPS)] - (0, above)
    columns = np.arange(shape[1])
    order = np.argsort(tops[:, 0])
    line = np.interp(columns, tops[order, 0], tops[order, 1])
    mask[np.arange(shape[0])[:, None] < line] = 0
    return mask


def _without_specks(mask: np.ndarray, least: float) -> np.ndarray:
    """(H, W) bool without connected spots of fewer pixels."""
    _, spots, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    kept = facts[:, cv2.CC_STAT_AREA] >= least
    kept[0] = False
    return kept[spots.astype(np.intp)]
