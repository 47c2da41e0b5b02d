"""Continues a room behind what is taken out of a picture: each row mirrored at the edges of what is missing of it.

Rooms go on sideways: shelves, sills, desks, skirting boards. What stands upright in them stays upright, as neighbouring
rows are mirrored about one line.
"""

from __future__ import annotations

import cv2
import numpy as np

from garrick.core.easing import smoothstep
from garrick.rendering.layers import Layers, fill_holes, halo_radius

_CLEAR = 0.013  # of the height, beside the person: what is nearer has their light
_RUN = 0.06  # of the width, a known run of a row that is as good as any longer one
_ALIKE = 0.10  # of the height, over which rows are mirrored about one line,
_GIVEN_UP = 0.10  # and of the width, what they may leave out for it
_RING = 3  # pixels across: what lies so near to a border is compared with what is on its other side
_ANOTHER = 0.2  # full scale: sides that differ by more show two things, not one in two lights
_SEEN, _EVENED = 2.0, 0.04  # pixels of blur; of the width, over which a step at a gap's edge fades
_BLURS, _TALLEST, _UNSEEN = (4.0, 2.8, 2.0, 1.4), 25, 0.006  # pixels; full scale
_STREAK = 0.04  # of the width
_FAINT = 1e-9  # weight of what is only smooth


def with_room(layers: Layers, photo: np.ndarray, alpha: np.ndarray, arms: np.ndarray) -> Layers:
    """The layers with arms that can be taken away: solid, with a room continued behind them; together still the photo.

    photo: (H, W, 3) float32, 0..1.    alpha: (H, W) float32 the person's matte.    arms: (H, W) bool, with all that is
    to go with them.
    """
    away = cv2.distanceTransform((alpha < 0.02).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    room = without_steps(fill_room(photo, (away >= _CLEAR * len(alpha)) & ~arms), photo, (alpha < 0.02) & ~arms)
    solid = np.concatenate([photo, np.ones_like(photo[..., :1])], axis=2)
    whole = arms[..., None]
    # right beside them the room is the photo's own, so that no outline of theirs is left when they are gone
    clear = ((beside_arms(arms, alpha) > 0.5) & (alpha < 0.02) & ~arms)[..., None]
    foreground = np.where(clear, 0, np.where(whole, solid, layers.foreground))
    return Layers(foreground, np.where(whole | clear, room, layers.background))


def beside_arms(arms: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """(H, W) float32, 0..1: what goes with arms: they, and what is near and nearer to them than to the rest of the person.

    arms: (H, W) bool.    alpha: (H, W) the person's matte.
    """
    rest = (alpha > 0.5) & ~arms
    away = [
        cv2.distanceTransform((~part).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for part in (arms, rest)
    ]
    radius = halo_radius(len(alpha))
    near = smoothstep((away[1] - away[0]) / radius + 0.5) * smoothstep(3 - away[0] / radius)
    return np.where(arms, 1, near).astype(np.float32)


def without_steps(filled: np.ndarray, picture: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """(H, W, 3) the filled picture where the picture is not shown, (H, W) bool, without a step in colour at the border.

    What both differ by at the border, grain aside, is spread into the hole as smoothly as can be: a seam in the gradients
    (Farbman et al., Coordinates for Instant Image Cloning, 2009), the smoothest spread by push-pull.
    """
    outside, inside = shown.astype(np.float32), (~shown).astype(np.float32)
    means = [
        cv2.GaussianBlur(colours * there[..., None], (0, 0), _SEEN)
        / np.maximum(cv2.GaussianBlur(there, (0, 0), _SEEN), 1e-3)[..., None]
        for colours, there in ((picture, outside), (filled, inside))
    ]
    wide = np.ones((_RING, _RING), np.uint8)
    border = cv2.dilate(outside, wide) * cv2.dilate(inside, wide)
    off = means[0] - means[1]
    step = fill_holes(off, border * (np.abs(off).max(axis=2) < _ANOTHER))
    return np.where(shown[..., None], picture, np.clip(filled + step, 0, 1))


def fill_room(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32 the picture where it is known, (H, W) bool, and elsewhere its rows continued.

    What would be seen there again and again is drawn out into streaks.
    """
    total = fill_holes(picture, known.astype(np.float32)) * np.float32(_FAINT)
    weight = np.full(known.shape, _FAINT, np.float32)
    for way in (1, -1):
        taken, share = _from_left(picture[:, ::way], known[:, ::way])
        total, weight = total + (share[..., None] * taken)[:, ::way], weight + share[:, ::way]
    filled = np.where(known[..., None], picture, total / weight[..., None])
    soft = _softness(picture, known)
    if soft:
        filled = np.where(known[..., None], picture, cv2.GaussianBlur(filled, (1, 0), sigmaX=0.1, sigmaY=soft))
    return filled


def _softness(picture: np.ndarray, known: np.ndarray) -> float:
    """Pixels by which a picture may be blurred down and nobody sees it: as soft a room has no line between two rows."""
    inner = cv2.erode(known.astype(np.uint8), np.ones((_TALLEST, 1), np.uint8)) > 0
    for soft in _BLURS:
        change = np.abs(cv2.GaussianBlur(picture, (1, 0), sigmaX=0.1, sigmaY=soft) - picture)[inner]
        if len(change) and change.mean() < _UNSEEN:
            return soft
    return 0.0


def _from_left(picture: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) what lies left of each gap mirrored into it, and (H, W) float32 how much that counts."""
    height, width = known.shape
    columns = np.arange(width)
    before = np.zeros_like(known)
    before[:, 1:] = known[:, :-1]
    last = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    first = np.maximum.accumulate(np.where(known & ~before, columns, -1), axis=1)
    gap = ~known & (last >= 0)
    tall = np.ones((2 * round(_ALIKE * height / 2) + 1, 1), np.uint8)
    line = cv2.erode(np.where(gap, last, width).astype(np.float32), tall)
    line = np.maximum(np.minimum(line, last), last - _GIVEN_UP * width)
    line = np.maximum(line, (first + last) // 2).astype(int)  # not a sliver of a short run, over and over
    count, away = np.maximum(line - first + 1, 1), np.maximum(columns - line, 1)
    turn = (away - 1) % (2 * count)
    place = np.maximum(line - np.where(turn < count, turn, 2 * count - 1 - turn), 0)
    worn = np.clip(away / count - 0.6, 0, 1).astype(np.float32)[..., None]
    taken = np.take_along_axis(picture, place[..., None], axis=1)
    share = gap * np.minimum(1, (last - first + 1) / (_RUN * width)) / np.maximum(columns - last, 1) ** 3
    streaks = cv2.GaussianBlur(taken, (0, 1), sigmaX=_STREAK * width, sigmaY=0.1)
    taken = taken + worn * (streaks - taken)
    # what lies between a gap and its line is left out: the step there fades away
    seen = cv2.GaussianBlur(picture, (0, 0), _SEEN)
    edge = np.maximum(last, 0)[..., None]
    first_in = np.clip(2 * line - last, 0, width - 1)[..., None]
    step = np.take_along_axis(seen, edge, axis=1) - np.take_along_axis(seen, first_in, axis=1)
    taken += step * np.exp(-(columns - last) / (_EVENED * width), dtype=np.float32)[..., None]
    return np.clip(taken, 0, 1), share.astype(np.float32)
