"""Whose lip the photo shows: fitted lips that overlap, or lie a little beside the photo's, take each other's colours.

The line between the photo's lips parts them. What of a lip lies beyond it, and the shadow along it, is the photo's only
while the lips rest; as they part it goes on in the lip's own colour.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import KDTree

from garrick.bodies.head import PARTS, Head
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception.fit import INNER_LIPS
from garrick.perception.portrait import Portrait
from garrick.rendering.texture import ProjectedTexture

_MOUTH = 0.04  # metres from the middle of the lips, all of the mouth
_NEAR = 0.011  # metres from the line between the lips: farther off skin is what it shows
_SHADOW, _BLEND = 0.0011, 1.5  # metres from it that the other lip darkens, and pixels in which its colour is mixed in
_JAW = (0.3, 0.6)  # of the lower lip's way, that an upper one goes at most and a lower one at least
_NEIGHBOURS, _SPREAD = 6, 0.001  # vertices and metres over which a lip's colour is carried on
_KNOWN = 0.6  # of how well the photo shows a colour, that is carried on
_WITHIN, _INWARD = 0.85, 0.005  # of its light that is left so many metres on, where it faces the other lip or the teeth


def with_lip_rims(head: Head, source: np.ndarray, portrait: Portrait, texture: ProjectedTexture) -> ProjectedTexture:
    """The texture whose lips have colours of their own.    source: (V, 3) world metres in the pose of the photo."""
    below, metre, beyond = _beside_line(portrait, texture.photo)
    upper, lower = _lips(head)
    mouth = np.linalg.norm(source - source[head.lips > 0].mean(axis=0), axis=1) < _MOUTH
    near = (np.abs(below).min(axis=0) * metre < _NEAR) & ~beyond & mouth
    beside = max(_SHADOW, _BLEND * metre)
    rim = near & ((upper & (below[0] * metre > -beside)) | (lower & (below[1] * metre < beside)))
    fill, seen = texture.fill.copy(), texture.seen.copy()
    seen[rim] = 0
    for lip in (upper, lower):
        own = lip & near & (seen > _KNOWN) & ~texture.behind_lips
        mine = np.flatnonzero(lip & near & ((seen <= _KNOWN) | texture.behind_lips))
        if own.sum() < _NEIGHBOURS or not len(mine):
            continue
        away, which = KDTree(source[own]).query(source[mine], k=_NEIGHBOURS)
        weight = np.exp(-(((away - away[:, :1]) / _SPREAD) ** 2))[..., None]
        inward = np.clip(away[:, :1] / _INWARD, 0, 1)
        fill[mine] = (weight * fill[own][which]).sum(axis=1) / weight.sum(axis=1) * (1 - (1 - _WITHIN) * inward)
    return replace(texture, fill=fill.astype(np.float32), seen=seen, behind_lips=texture.behind_lips | rim)


def _beside_line(portrait: Portrait, photo: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """(2, V) pixels below the edges of upper and lower lip, metres a pixel, and (V,) bool: beyond the mouth's corners."""
    loop = portrait.landmarks[list(INNER_LIPS)].astype(np.float64)
    half = len(loop) // 2
    along = (loop[half] - loop[0]) / np.linalg.norm(loop[half] - loop[0])
    axes = np.column_stack([along, (-along[1], along[0])])  # to the photo's right, and down
    at, edges = (photo - loop[0]) @ axes, (loop - loop[0]) @ axes
    below = []
    for edge in (edges[: half + 1], np.concatenate([edges[:1], edges[: half - 1 : -1]])):
        order = np.argsort(edge[:, 0])
        below.append(at[:, 1] - np.interp(at[:, 0], edge[order, 0], edge[order, 1]))
    metre = float(portrait.camera.world_to_camera[2, 3] / portrait.camera.intrinsics[0, 0])
    return np.array(below), metre, (at[:, 0] < edges[:, 0].min()) | (at[:, 0] > edges[:, 0].max())


def _lips(head: Head) -> tuple[np.ndarray, np.ndarray]:
    """(V,) bool twice: skin that stays with the upper jaw, and skin that goes with the lower one."""
    falls = -head.face_basis[ARKIT_INDEX["jawOpen"], :, 1]
    share = falls / np.median(falls[head.lips == 2])
    skin = head.vertex_parts == PARTS.index("skin")
    return skin & (share < _JAW[0]), skin & (share > _JAW[1])
