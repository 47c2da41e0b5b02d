"""The sides of a head as a picture: a beard's grain, and the edge of hair around the ears, where the photo shows neither.

Vertices carry colours to where the photo shows nothing, but lie farther apart than hairs. So grain is quilted from a patch
of what the photo shows, in an unrolled picture of the sides, which is kept below that of the shut eyes and drawn alike.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from scipy.spatial import KDTree

from garrick.bodies.head import PARTS, Head
from garrick.core.easing import smoothstep
from garrick.perception.portrait import Portrait
from garrick.rendering import shade
from garrick.rendering.attributes import VEILED, Attributes
from garrick.rendering.hair import Wear, ears
from garrick.rendering.hair_matte import hair_and_skin
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.sleeve_cloth import find_patch, quilt
from garrick.rendering.take import ID_NAMES
from garrick.rendering.texture import ProjectedTexture

_AROUND, _SOFT = 0.045, 0.015  # metres about an ear, within and over which hair's edge is drawn anew
_RAGGED, _BEGINS, _EDGE = 0.08, 0.42, 0.30  # of the field of hair: what locks add, where hair begins, and over which
_STRANDS = 0.6  # of the grain of hair in the photo: beside an ear hairs are short
_LOCK = 0.005, 0.0006  # metres, standard deviations: of a lock's length and width
_GROWN, _SURE = 0.05, 0.4  # of the field: where its grain is drawn, and over which it comes in
_AXIS = 0.085  # metres behind the eyes, about which the jaw is unrolled
_NEARER = 0.01  # of the depth, by which what lies farther out hides what lies farther in
_PATCHES = 0.026, 0.018, 0.012  # metres: sides of a patch whose grain goes on, the first that has room
_TILE = 4  # patches on a side of what is mirrored over and over
_SEEN = 0.6  # from which the photo's grain is taken, of `ProjectedTexture.seen` and of the field


def with_sides(
    attributes: Attributes, shut: np.ndarray, head: Head, texture: ProjectedTexture, wear: Wear, portrait: Portrait
) -> tuple[Attributes, np.ndarray]:
    """The attributes that point to the sides' picture, and the picture of shut eyes with that below.

    Both as they are for whoever has neither hair nor beard.    shut: (H, W, 4) float32 of `shut_eyes`.
    head: in the person's shape.
    """
    temples = _temples(head, wear)
    skin = ~np.any(ears(head), axis=0) & ~texture.lids & (head.lips == 0) & (head.vertex_parts == PARTS.index("skin"))
    drawn = skin & ((texture.beard > _GROWN) | (temples > 0))
    quads = head.quads[drawn[head.quads].all(axis=1)]
    if len(quads) == 0:
        return attributes, shut
    camera = portrait.camera
    metre = float(camera.intrinsics[0, 0] / camera.world_to_camera[2, 3])  # pixels
    from_axis = head.template[:, 2] - (head.joint_template[3:, 2].mean() - _AXIS)
    angle, away = np.arctan2(head.template[:, 0], from_axis), np.hypot(head.template[:, 0], from_axis)
    texels = np.column_stack([angle * _AXIS * metre, -head.template[:, 1] * metre, 1 + _NEARER * (1 - away)])
    texels[:, :2] -= texels[drawn, :2].min(axis=0) - 1
    size = tuple(int(count) for count in np.ceil(texels[drawn, :2].max(axis=0)) + 2)
    sides = _unrolled(texels.astype(np.float32), quads, size, texture, wear.hair, temples, portrait, metre)
    inner = np.ones(len(drawn), bool)
    inner[head.quads[~drawn[head.quads].all(axis=1)].ravel()] = False
    share = (drawn & inner) * np.maximum(np.clip((texture.beard - _GROWN) / _SURE, 0, 1), temples)
    table, traits = attributes.table.copy(), attributes.traits.copy()
    table[drawn, shade.SHUT_X] = texels[drawn, 0]
    table[drawn, shade.SHUT_Y] = texels[drawn, 1] + len(shut)
    table[drawn, shade.SHUT] = share[drawn]
    traits[:, VEILED] *= 1 - share * (temples > 0)
    whole = np.zeros((len(shut) + size[1], max(shut.shape[1], size[0]), 4), np.float32)
    whole[: len(shut), : shut.shape[1]] = shut
    whole[len(shut) :, : size[0]] = sides
    return replace(attributes, table=table, traits=traits), whole


def _temples(head: Head, wear: Wear) -> np.ndarray:
    """(V,) 0..1: how near to an ear in sight, above and before it, where hair ends."""
    both = np.zeros(len(wear.hair))
    for ear in ears(head):
        if wear.hung[ear].max(initial=0) > 0 or not (wear.hair > 0.5).any():
            continue
        top = ear & (head.template[:, 1] > np.quantile(head.template[ear, 1], 0.5))
        away = KDTree(head.template[top]).query(head.template)[0]
        both = np.maximum(both, np.clip((_AROUND - away) / _SOFT, 0, 1))
    return both


def _unrolled(
    texels: np.ndarray, quads: np.ndarray, size: tuple[int, ...], texture: ProjectedTexture, hair: np.ndarray,
    temples: np.ndarray, portrait: Portrait, metre: float,
) -> np.ndarray:  # fmt: skip
    """(h, w, 4) float32, opaque: the vertices' colours with the grain of the photo's beard, and hair with a sharp edge.

    metre: pixels.
    """
    triangles = quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)
    found = rasterise(texels, triangles, (size[0], size[1]))
    corners = triangles[np.maximum(found.triangle, 0)]
    weights = np.concatenate([found.weights, 1 - found.weights.sum(axis=2, keepdims=True)], axis=2)

    def at(values: np.ndarray) -> np.ndarray:
        return np.einsum("hwk,hwkc->hwc", weights, values.reshape(len(values), -1)[corners]).astype(np.float32)

    colour = at(texture.fill)
    place = at(texture.photo) - np.float32(0.5)
    photo = cv2.remap(portrait.image, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    known = (found.triangle != NOTHING) & (at(np.minimum(texture.seen, texture.beard))[..., 0] > _SEEN)
    beard = _grain(photo, known, size, metre)
    if beard is not None:
        colour = colour * (1 + at(np.clip(texture.beard / _SURE, 0, 1)) * (beard - 1))
    if temples.any():
        told = (hair_and_skin(portrait) == ID_NAMES.index("hair")).astype(np.uint8)
        strands = _grain(portrait.image, cv2.erode(told, np.ones((3, 3), np.uint8)) > 0, size, metre)
        if strands is not None:
            there = smoothstep((at(hair) + _RAGGED * _locks(size, metre) - _BEGINS) / _EDGE + 0.5)
            sharp = at(texture.bare) * (1 - there) + at(texture.haired) * (1 + _STRANDS * (strands - 1)) * there
            colour += at(temples) * (sharp - colour)
    return np.concatenate([np.clip(colour, 0, 1), np.ones_like(colour[..., :1])], axis=2).astype(np.float32)


def _locks(size: tuple[int, ...], metre: float) -> np.ndarray:
    """(h, w, 1) about -2..2: noise drawn out downwards, as hairs are that end at different places; always the same."""
    noise = np.random.default_rng(7).normal(size=(size[1], size[0])).astype(np.float32)
    long, thin = _LOCK
    noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=max(thin * metre, 0.5), sigmaY=long * metre)
    return (np.clip(noise / noise.std(), -2, 2))[..., None]


def _grain(picture: np.ndarray, where: np.ndarray, size: tuple[int, ...], metre: float) -> np.ndarray | None:
    """(h, w, 3) factors about 1: the grain of a patch of a picture (H, W, 3) uint8, carried on; None where none has room."""
    if not where.any():
        return None
    seen = picture.astype(np.float32) / 255
    typical = np.median(seen[where], axis=0)
    for side in _PATCHES:
        patch = find_patch(seen, typical, where, round(side * metre))
        if patch is not None:
            tile = quilt(patch, *(min(count, _TILE * len(patch)) for count in size[::-1]))
            rows, columns = (np.abs((np.arange(count) + last) % (2 * last) - last) for count, last in (
                (size[1], len(tile) - 1), (size[0], tile.shape[1] - 1),
            ))  # fmt: skip
            return tile[rows][:, columns]
    return None
