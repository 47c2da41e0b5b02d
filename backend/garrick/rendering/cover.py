"""Which pixels of the photo show what the head wears, hair or a hat or a hood, and which show its skin."""

from __future__ import annotations

import cv2
import numpy as np

from garrick.perception.fit import OVAL
from garrick.perception.portrait import Portrait

_SIDE = 256  # pixels to which the surroundings of the head are scaled
_AROUND = 0.7  # of the face's size beyond it on each side
_BESIDE = 0.02  # of the face's size: how far beside the fitted head something surely is not its skin
_UNLIKE = 0.45  # natural logarithm of a colour's ratio to the skin's, from which it may be told below the eyes
_ALIKE = 0.12  # and below which what sticks out is a bald head
_FEW = 30  # pixels that teach nothing
_CORE = 0.09  # of the face's size by which its oval is shrunk to what is surely no hair
_BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_EYES = (33, 133, 263, 362)
_CHEEKS = (50, 280, 117, 346, 205, 425)  # landmarks amid plain skin
_ROUNDS = 4


def cover_mask(portrait: Portrait, head: np.ndarray) -> np.ndarray:
    """(H, W) bool; head: (H, W) bool where the fitted head without its wear would be.

    What sticks out over the fitted head is worn, what lies between the brows and the chin is skin; the rest goes to the
    one whose colours it has, with borders along the picture's own edges (GrabCut, Rother et al. 2004).
    """
    height, width = head.shape
    points = portrait.landmarks[:468]
    low, high = points.min(axis=0), points.max(axis=0)
    size = float((high - low).max())
    left, top = np.maximum(low - _AROUND * size, 0).astype(int)
    right, bottom = np.minimum(high + _AROUND * size, (width, height)).astype(int)
    scale = _SIDE / max(right - left, bottom - top)
    small = (round((right - left) * scale), round((bottom - top) * scale))
    image, inside, person = (
        cv2.resize(part[top:bottom, left:right], small, interpolation=cv2.INTER_AREA)
        for part in (portrait.image, head.astype(np.float32), portrait.alpha)
    )
    marks = (points - (left, top)) * scale
    core = np.zeros(inside.shape, np.uint8)
    cv2.fillPoly(core, [np.round(marks[list(OVAL)]).astype(np.int32)], (1,))
    radius = max(1, round(_CORE * size * scale))
    core = cv2.erode(core, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2))
    rows = np.arange(len(core))[:, None]
    core[: max(0, int(marks[list(_BROWS), 1].min()) - radius)] = 0
    skin = np.median(
        [
            image[np.clip(round(y), 0, small[1] - 1), np.clip(round(x), 0, small[0] - 1)]
            for x, y in marks[list(_CHEEKS)]
        ],
        axis=0,
    )
    apart = np.abs(np.log((image + 12.0) / (skin + 12.0))).max(axis=2)
    unlike = apart > _UNLIKE
    reach = 2 * max(1, round(_BESIDE * size * scale)) + 1
    outside = cv2.dilate((inside > 0.5).astype(np.uint8), np.ones((reach, reach), np.uint8)) == 0
    high_up = rows < marks[list(_BROWS), 1].min()
    strict = (core == 0) & (rows < marks[list(_EYES), 1].mean())
    solid = person > 0.95
    worn = outside & solid & (unlike | high_up) & (rows < marks[:, 1].max())
    if worn.sum() < _FEW or core.sum() < _FEW or np.median(apart[worn]) < _ALIKE:
        return np.zeros(head.shape, bool)
    # the background may have any colour: where it is, the picture repeats the skin's, so that it teaches nothing
    image = image.copy()
    known = image[core > 0]
    image[person < 0.5] = known[np.arange(int((person < 0.5).sum())) % len(known)]
    labels = np.where(unlike, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[(core > 0) | (person < 0.5)] = cv2.GC_BGD
    labels[worn] = cv2.GC_FGD
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image[..., ::-1].copy(), labels, (0, 0, 1, 1), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = (((labels & 1) == 1) | (unlike & strict)) & (person >= 0.5)
    _, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=4)
    found &= np.isin(parts, np.unique(parts[worn]))  # a shadow on a cheek hangs on nothing
    mask = np.zeros(head.shape, bool)
    large = cv2.resize(found.astype(np.float32), (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    mask[top:bottom, left:right] = large > 0.5
    return mask
