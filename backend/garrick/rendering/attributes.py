"""What each vertex of the head shows in one frame: the photo or a fill colour, how much of it, and in what light."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from garrick.bodies.head import PARTS, Head
from garrick.bodies.surface import quad_normals
from garrick.core.camera import Camera
from garrick.perception.portrait import Portrait
from garrick.rendering import shade
from garrick.rendering.far_view import FarView, make_far_view
from garrick.rendering.hair import Wear
from garrick.rendering.lip_rims import with_lip_rims
from garrick.rendering.texture import ProjectedTexture

# columns of the traits, one row a vertex; the first three are the normal in the photo
SEEN, FACING, HIDDEN, VEILED, LID, INSIDE, TOOTH, LIP, REACH, OWN, TONGUE = range(3, 14)
_RIM = 0.5  # `INSIDE` of skin that the photo hides behind teeth
_LIP_SHADOW = 0.006  # metres below the upper lip's edge over which its shadow fades
_UNDER_LIP = 0.22  # of the light that it takes at the edge
_PARTED, _BEHIND_SHUT = (
    0.002,
    0.6,
)  # metres between lips that let light fall on teeth, and what is left of it if there are none
_PUT_OUT, _TIP = 0.006, 1.2  # metres behind the upper teeth from which on a tongue is lit, and its light before them
_ALL_BUT_SHUT = 0.6  # of a blink
_MOUTH_PARTS = ("mouth", "teeth", "gums", "tongue")


@dataclass(frozen=True)
class Attributes:
    """What is known of every vertex before anything moves.

    table:  (V, shade.ATTRIBUTES) float32 with the columns that never change filled in.
    traits: (V, 14) float32: the photo's normal, then `SEEN` .. `TONGUE`.
    source: (V, 3) float32 world metres in the pose of the photo.
    light:  (4,) float32, constant and three directions, averaged over the colours.
    quads:  (Q, 4) int32 of the head.
    far:    what shows from far beside the photo's view.
    """

    table: np.ndarray
    traits: np.ndarray
    source: np.ndarray
    light: np.ndarray
    quads: np.ndarray
    far: FarView

    @property
    def reached(self) -> np.ndarray:
        """(V,) bool: the vertices that show at all; shoulders are left to the sheet."""
        return self.traits[:, REACH] > 0

    def at(
        self, posed: np.ndarray, screen: np.ndarray, motion: tuple[np.ndarray, np.ndarray], camera: Camera
    ) -> np.ndarray:
        """(V, shade.ATTRIBUTES) of one frame.

        posed: (V, 3) float32 world metres.    screen: (V, 3) float32 pixels and depth.
        motion: rotation (3, 3) and shift (3,) of a point that is fixed to the head in the photo.

        A vertex keeps the photo while it looks as it did there: what was hidden or grazing changes to its fill colour
        only as it comes into view, so a head that has not moved shows the photo and nothing else.
        """
        table = self.table.copy()
        turn, shift = (np.ascontiguousarray(value, np.float32) for value in motion)
        eye = (-camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]).astype(np.float32)
        normals = quad_normals(posed, self.quads)
        moved = np.hypot(*(screen[:, :2] - table[:, [shade.PHOTO_X, shade.PHOTO_Y]]).T)
        typical = np.median(moved)
        _fill(table, self.traits, self.source, posed, normals, moved, typical, turn, shift, eye, self.light)
        lost = self.far.share(turn, shift, eye)
        if lost > 0:
            self.far.apply(table, lost, posed, normals, eye)
        return table


def make_attributes(
    head: Head,
    source: np.ndarray,
    portrait: Portrait,
    texture: ProjectedTexture,
    wear: Wear,
    shut: np.ndarray,
) -> Attributes:
    """Gather them. source: (V, 3) world metres in the pose of the photo.    shut: (V, 2) pixels when the eyes are shut."""
    texture = with_lip_rims(head, source, portrait, texture)
    table = np.zeros((len(source), shade.ATTRIBUTES), np.float32)
    table[:, shade.PHOTO_X : shade.PHOTO_Y + 1] = texture.photo
    table[:, shade.FILL_R : shade.FILL_B + 1] = texture.fill
    table[:, shade.U : shade.V + 1] = _vertex_uvs(head)
    table[:, shade.SHUT_X : shade.SHUT_Y + 1], table[:, shade.SHUT] = shut, texture.lids
    parts = head.vertex_parts
    traits = np.zeros((len(source), TONGUE + 1), np.float32)
    traits[:, :3] = head.normals(source)
    traits[:, SEEN], traits[:, FACING], traits[:, HIDDEN] = texture.seen, texture.facing, texture.hidden
    traits[:, VEILED] = wear.hair * np.where(texture.hidden, wear.repeats, 1)  # hair looks alike from all sides
    traits[:, LIP] = head.lips
    metres = portrait.camera.project(source)[:, 2] / portrait.camera.intrinsics[0, 0]
    fall = np.hypot(*(shut - texture.photo).T) * metres
    for way in (1, -1):  # the left eye's lids and the right one's, by how far they fall in a blink
        lid = texture.lids & (way * head.template[:, 0] > 0)
        traits[lid, LID] = way * max(1e-3, fall[lid].max(initial=0))
    traits[:, INSIDE] = np.isin(parts, [PARTS.index(part) for part in _MOUTH_PARTS])
    traits[texture.behind_lips, INSIDE] = _RIM
    traits[:, TOOTH] = parts == PARTS.index("teeth")
    traits[:, REACH] = np.clip((1 - head.weights[:, 0] - 0.3) / 0.3, 0, 1)
    traits[:, OWN] = 1 - wear.left
    traits[:, TONGUE] = parts == PARTS.index("tongue")
    kept = texture.lids | (traits[:, INSIDE] > 0)
    behind = traits[:, REACH] * wear.left * wear.hair
    far = make_far_view(portrait, texture.photo, texture.facing, kept, behind)
    return Attributes(table, traits, source, portrait.light.mean(axis=1).astype(np.float32), head.quads, far)


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _fill(table, traits, source, posed, normals, moved, typical, turn, shift, eye, light):
    """Fill the columns `FROM_PHOTO`, `COVER`, `SOLID` and `LIGHT` of the table.

    moved: (V,) pixels from the place in the photo, and typical: what many of them have moved by.
    """
    count = len(table)
    own = np.empty(count, np.float32)  # metres from where a rigid head would be
    left = right = np.float32(0)  # how much the eyes are shut
    talk, upper, lower = np.float32(0), np.float32(np.inf), np.float32(-np.inf)
    front = np.float32(-np.inf)  # where the front teeth are
    for v in range(count):
        square = np.float32(0)
        for k in range(3):
            rigid = turn[k, 0] * source[v, 0] + turn[k, 1] * source[v, 1] + turn[k, 2] * source[v, 2] + shift[k]
            square += (posed[v, k] - rigid) ** 2
        own[v] = np.sqrt(square)
        if traits[v, LIP] > 0:
            talk = max(talk, own[v])
            height = _along(posed[v], turn, 1)
            if traits[v, LIP] == 1:
                upper = min(upper, height)
            else:
                lower = max(lower, height)
        if traits[v, TOOTH] > 0:
            front = max(front, _along(posed[v], turn, 2))
        if traits[v, LID] > 0:
            left = max(left, own[v] / traits[v, LID])
        elif traits[v, LID] < 0:
            right = max(right, own[v] / -traits[v, LID])
    still = np.exp(-((talk / 0.0012) ** 2))
    opened = min(max((upper - lower) / 0.018, 0), 1)
    parted = min(max((upper - lower) / _PARTED, 0), 1)
    for v in range(count):
        row = traits[v]
        seen, bare = row[SEEN], 1 - row[VEILED]
        stir = 1 - np.exp(-(((typical + moved[v]) / 3) ** 2))
        if row[LID] != 0:
            # what unfolds, and once the eye is all but shut what the photo shows of it beside the lid that has fallen
            closed = (left if row[LID] > 0 else right) - _ALL_BUT_SHUT
            unfold = min(max((own[v] - 0.0006) / 0.004, closed / (1 - _ALL_BUT_SHUT) * 1.5, 0), 1)
            keep = 1 - unfold * unfold * (3 - 2 * unfold)
        elif row[INSIDE] == np.float32(_RIM):
            keep = still
        elif row[INSIDE] > 0:
            # the photo's while the lips rest, and where the head turns, only its visible teeth are
            keep = still * max(seen, 1 - stir)
        elif row[HIDDEN] > 0:
            keep = 1 - stir * bare
        else:
            gain = _cosine(normals[v], posed[v], eye) - row[FACING]
            keep = 1 - (1 - seen) * min(max((gain - 0.02) / 0.15, 0), 1) * bare
        table[v, shade.FROM_PHOTO] = keep
        table[v, shade.COVER] = row[REACH] * row[OWN]
        table[v, shade.SOLID] = stir
        before, after, frontal = _lit(row, turn, light)
        if row[INSIDE] == 1:
            # not the photo: lit from the front and dimmed as the lips close over it
            dim = _BEHIND_SHUT + (1 - _BEHIND_SHUT) * parted if row[TOOTH] > 0 else 0.72 + 0.28 * opened
            matte = 0.82 if row[TOOTH] > 0 else 0.72
            bright = min(max((upper - _along(posed[v], turn, 1)) / _LIP_SHADOW, 0), 1)
            dim *= 1 - _UNDER_LIP * (1 - bright) ** 2
            lit = dim * (matte + (1 - matte) * max(frontal, 0))
            if row[TONGUE] > 0:
                out = min(max((_along(posed[v], turn, 2) - front) / _PUT_OUT + 1, 0), 1)
                lit += (_TIP - lit) * out
            table[v, shade.LIGHT] = keep + (1 - keep) * lit
        else:
            # the picture is gamma-encoded: half the stops
            ratio = np.sqrt(min(max(max(after, 1e-3) / max(before, 1e-3), 0.8), 1.25))
            table[v, shade.LIGHT] = ratio


@numba.njit(cache=True, inline="always")
def _along(point, turn, axis):
    """Along an axis of the head's own, metres."""
    return point[0] * turn[0, axis] + point[1] * turn[1, axis] + point[2] * turn[2, axis]


@numba.njit(cache=True, inline="always")
def _cosine(normal, point, eye):
    """Between a normal and the direction to the eye."""
    x, y, z = eye[0] - point[0], eye[1] - point[1], eye[2] - point[2]
    return (normal[0] * x + normal[1] * y + normal[2] * z) / np.sqrt(x * x + y * y + z * z)


@numba.njit(cache=True, inline="always")
def _lit(normal, turn, light):
    """The light on a normal in the photo and after the turn, and the turned normal's z."""
    before = after = light[0]
    z = np.float32(0)
    for k in range(3):
        z = turn[k, 0] * normal[0] + turn[k, 1] * normal[1] + turn[k, 2] * normal[2]
        before += light[k + 1] * normal[k]
        after += light[k + 1] * z
    return before, after, z


def _vertex_uvs(head: Head) -> np.ndarray:
    """(V, 2) one uv a vertex (exact on the eyeballs, which have no seams inside a texture)."""
    uvs = np.zeros((len(head.template), 2), np.float32)
    uvs[head.quads.ravel()] = head.uvs[head.quad_uvs.ravel()]
    return uvs
