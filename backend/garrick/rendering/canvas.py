"""What the sheet around the head wears: the person of the photo, what their head hid of it, and what lies past its edges."""

from __future__ import annotations

import numpy as np

from garrick.rendering.layers import Layers, fill_holes

MARGIN = 0.25  # of the longer side, beyond each edge: what a moving head or camera pulls into view
_SOLID = 0.95  # matte from which a colour is the person's own
_HAIR = (0.3, 0.7)  # what is continued behind the head is there from the second share on, and not below the first
_PIECE = 0.09  # of the side: what is repeated past an edge, so little that no collar appears twice
_NEAR_EDGE = 0.08  # of the side: along it an outline's slope is read
_STEEPEST = 1.5  # slope with which an outline may leave the picture
_FALL = 0.25  # of the width: how far past the edge a shoulder takes to fall by twice that
_ROUND = 0.5  # of what an edge cuts through, an elbow or the crown, how far it goes on


def margin_of(size: tuple[int, int]) -> int:
    """Pixels of `MARGIN` for a picture of that width and height."""
    return int(np.ceil(MARGIN * max(size))) + 1


def make_canvas(layers: Layers, head: np.ndarray) -> np.ndarray:
    """(H + 2 m, W + 2 m, 4) float32 premultiplied, m = `margin_of`: the foreground, behind the head and past the edges too.

    head: (H, W) bool where the head is drawn over it in the photo's own pose; elsewhere the photo's pixels stay.
    """
    foreground = _behind_head(layers.foreground, head)
    alpha = foreground[..., 3]
    height, width = alpha.shape
    margin = margin_of((width, height))
    known = (alpha > _SOLID).astype(np.float32)
    colour = fill_holes(foreground[..., :3] / np.maximum(alpha, 1e-3)[..., None], known)
    rows, columns = (_back_and_forth(count, margin) for count in alpha.shape)
    past = colour[rows][:, columns]
    matte = _past_edges(alpha, margin)
    canvas = np.concatenate([past * matte[..., None], matte[..., None]], axis=2)
    canvas[margin:-margin, margin:-margin] = foreground
    return canvas


def _back_and_forth(count: int, margin: int) -> np.ndarray:
    """(count + 2 m,) what of a row stands for each place: past its ends a short piece of it, mirrored over and over."""
    piece = max(2, round(_PIECE * count))
    away = np.abs((np.arange(1, margin + 1) + piece) % (2 * piece) - piece)
    return np.concatenate([away[::-1], np.arange(count), count - 1 - away])


def _behind_head(foreground: np.ndarray, head: np.ndarray) -> np.ndarray:
    """(H, W, 4): what is around the head continued behind it, so that no second ear or cheek comes out from there."""
    around = fill_holes(foreground, (~head).astype(np.float32))
    low, high = _HAIR
    alpha = around[..., 3:]
    there = np.clip((alpha - low) / (high - low), 0, 1)
    hidden = np.concatenate([around[..., :3] / np.maximum(alpha, 1e-3) * there, there], axis=2)
    return np.where(head[..., None], hidden, foreground)


def _past_edges(alpha: np.ndarray, margin: int) -> np.ndarray:
    """(H + 2 m, W + 2 m) the matte, its outlines continued past all edges."""
    sides = _past_left(alpha, margin), _past_left(alpha[:, ::-1], margin)[:, ::-1]
    wide = np.concatenate([sides[0], alpha, sides[1]], axis=1)
    top = _caps(wide[0], margin)[::-1]
    return np.concatenate([top, wide, np.repeat(wide[-1:], margin, axis=0)], axis=0)


def _past_left(alpha: np.ndarray, margin: int) -> np.ndarray:
    """(H, m) what lies left of the picture: a shoulder falls away, an arm that is cut through ends."""
    height, width = alpha.shape
    found = _caps(alpha[:, 0], margin).T[:, ::-1]
    if alpha[-1, 0] <= 0.5:
        return found
    start = _top_of_last_run(alpha[:, 0])
    near = max(2, round(_NEAR_EDGE * width))
    outline = [_top_of_last_run(alpha[:, column]) for column in range(near) if alpha[-1, column] > 0.5]
    slope = float(np.clip((start - outline[-1]) / len(outline), 0, _STEEPEST))
    away = np.arange(margin, 0, -1)
    top = start + slope * away + 2 * away**2 / (_FALL * width)
    shoulder = np.clip(np.arange(height)[:, None] - top + 0.5, 0, 1)
    above = np.arange(height)[:, None] < start - 1
    return np.where(above, found, shoulder).astype(np.float32)


def _top_of_last_run(column: np.ndarray) -> int:
    """The first row from which the person reaches down to the last one."""
    gaps = np.flatnonzero(column <= 0.5)
    return int(gaps[-1]) + 1 if len(gaps) else 0


def _caps(edge: np.ndarray, margin: int) -> np.ndarray:
    """(m, n) past an edge (n,), nearest first: half an ellipse over each part of the person that it cuts through."""
    caps = np.zeros((margin, len(edge)), np.float32)
    solid = np.concatenate([[0], edge > 0.5, [0]]).astype(int)
    starts, ends = np.flatnonzero(np.diff(solid) == 1), np.flatnonzero(np.diff(solid) == -1)
    away, along = np.mgrid[:margin, : len(edge)] + 0.5
    for start, end in zip(starts, ends, strict=True):
        half = (end - start) / 2
        from_middle = np.hypot((along - start - half) / half, away / (2 * _ROUND * half))
        caps = np.maximum(caps, np.clip((1 - from_middle) * half + 0.5, 0, 1))
    return caps
