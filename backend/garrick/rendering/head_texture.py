"""The head's own texture: the photo where it shows the head, continued colours where it does not, eyes and teeth too.

For hosts that draw the published rig with one picture. It is made over the layout of `garrick.bodies.rig.layout`.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from garrick.bodies.head import PARTS, Head, load_head
from garrick.bodies.rig import ASPECT, Layout, layout
from garrick.core.easing import smoothstep
from garrick.perception.portrait import Portrait
from garrick.rendering.eyes import eye_textures
from garrick.rendering.hair import dressed
from garrick.rendering.lip_rims import with_lip_rims
from garrick.rendering.puppet import Puppet, make_puppet
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.texture import ProjectedTexture, project_texture

_SIDE, _LARGE_SIDE = 1024, 2048  # rows of the texture; the larger one for portraits with more to show
_LARGE_PORTRAIT = 768  # pixels of the longer side
_INSIDE = ("mouth", "tongue", "gums", "teeth")
_INSIDE_LIGHT = 0.82  # of the fill colours inside the mouth, as `attributes` lights them when the mouth is open
_SHADE_DEPTH = 0.040  # metres behind the front teeth over which the mouth gets dark


def head_texture(portrait: Portrait) -> np.ndarray:
    """(H, W, 3) uint8 sRGB for a fitted portrait, the first row at the top (v = 1)."""
    head = load_head()
    puppet = make_puppet(head, portrait)
    source = puppet.pose(puppet.source)
    wear = dressed(head, puppet, portrait)[1]
    # a host's figure has no hair that hangs: ears and neck are skin
    projected = project_texture(head, source, portrait, replace(wear, hair=wear.hair * (1 - wear.hung)))
    projected = with_lip_rims(head, source, portrait, projected)
    rows = _LARGE_SIDE if max(portrait.camera.size) > _LARGE_PORTRAIT else _SIDE
    place = layout(head)
    colour, covered = _bake(head, portrait, projected, _vertex_colours(head, puppet, projected), place, rows)
    for eye, (left, bottom, size) in zip(eye_textures(head, puppet, portrait), place.eyes, strict=True):
        x, y, side = round(left * rows), round((1 - bottom - size) * rows), round(size * rows)
        colour[y : y + side, x : x + side] = cv2.resize(eye[::-1, :, :3], (side, side), interpolation=cv2.INTER_LINEAR)
        covered[y : y + side, x : x + side] = True
    # what no polygon covers takes its neighbour's colour, so that no seam shows a gap
    row, column = np.asarray(distance_transform_edt(~covered, return_distances=False, return_indices=True))
    return (np.clip(colour[row, column], 0, 1) * 255 + 0.5).astype(np.uint8)


def _vertex_colours(head: Head, puppet: Puppet, projected: ProjectedTexture) -> np.ndarray:
    """(V, 3) colours where the photo shows nothing: those of the renderer, the mouth darker inside."""
    fill = projected.fill.copy()
    inside = np.isin(head.vertex_parts, [PARTS.index(part) for part in _INSIDE])
    depth = puppet.head.template[:, 2]
    front = depth[head.vertex_parts == PARTS.index("teeth")].max()
    near = np.clip(1 - (front - depth[inside]) / _SHADE_DEPTH, 0, 1)[:, None]
    fill[inside] *= _INSIDE_LIGHT * (0.25 + 0.75 * near)
    return fill


def _bake(
    head: Head, portrait: Portrait, projected: ProjectedTexture, fill: np.ndarray, place: Layout, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) float32 colours and (H, W) bool, which texels some polygon covers."""
    owner = np.zeros(len(place.uvs), np.int64)
    owner[place.quad_uvs.ravel()] = head.quads.ravel()
    flat = place.quad_uvs[head.quad_parts != PARTS.index("eye")]
    triangles = flat[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)
    size = (round(ASPECT * rows), rows)
    texels = np.column_stack([place.uvs[:, 0] * size[0], (1 - place.uvs[:, 1]) * rows, np.ones(len(owner))])
    seen = rasterise(texels.astype(np.float32), triangles, size)
    covered = seen.triangle != NOTHING
    corners = owner[triangles[seen.triangle[covered]]]
    weights = np.column_stack([seen.weights[covered], 1 - seen.weights[covered].sum(axis=1)])

    def across(values: np.ndarray) -> np.ndarray:
        return np.einsum("nk,nkc->nc", weights, values[corners])

    photo = np.zeros((rows, size[0], 2), np.float32)
    photo[covered] = across(projected.photo) - 0.5
    pixels = cv2.remap(portrait.image, photo[..., 0], photo[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = smoothstep(across(projected.seen[:, None]))
    colour = np.zeros((rows, size[0], 3), np.float32)
    colour[covered] = pixels[covered] / np.float32(255) * share + across(fill) * (1 - share)
    return colour, covered
