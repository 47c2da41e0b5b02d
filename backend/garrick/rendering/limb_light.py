"""The light on arms and hands, vertex by vertex: key and sky, fingers in each other's way, and what skin does with it.

Light that goes into skin comes out a little farther off and redder: its shade begins softly, and is warm where it begins
and between fingers (after Jimenez et al., Separable Subsurface Scattering, 2015, by a fixed tint instead of a convolution).
"""

from __future__ import annotations

import numba
import numpy as np

from garrick.bodies.body import Figure
from garrick.bodies.hand import Side
from garrick.core.skeleton import HAND_JOINTS, PARENTS
from garrick.rendering import shade

_NAMES = tuple(PARENTS)
_DIRECTED = np.float32(0.75)  # of the directed light: what little a face shows of it is carried on to all directions
_SKY = np.float32(0.30)  # of the light: what comes from above beyond what comes from below, where a room has its lamps
_SKY_ON_SKIN = np.float32(0.18)  # and this besides on skin: hands, small and round, are in nobody's light but their own
_LEAST, _MOST = np.float32(0.16), np.float32(1.45)  # light, of what the face gets
_HELD = np.float32(0.92)  # of a face's light, what skin lower down gets
_GRAZED, _SKIN_GRAZED = (
    np.float32(0.86),
    np.float32(0.62),
)  # of the light that cloth, and skin, seen from the side keeps
_AWAY = np.float32(-0.25)  # cosine of what looks so far away from the camera that next to nothing of it is seen
_PALM, _ARM = 5, 6  # what a vertex is of, beside the five fingers
_TOUCHING = np.float32(0.55)  # of the light that a finger takes which lies against a surface
_DARK = np.float32(0.55)  # of the key light that its shadow takes
_RANGE = np.float32(3.2)  # radii of a finger beyond which it is in nobody's way
_FAR = np.float32(0.09)  # metres that a finger's shadow falls
_BLEED = np.array([0.72, 1.06, 1.16], np.float32)  # how much each colour loses of what is lost between fingers
_TERMINATOR = np.array([0.06, -0.02, -0.035], np.float32)  # what is added to each where the key light ends
_SHINE, _GLOSS = np.float32(0.07), np.float32(14)
_SHEEN, _ROUGH = (
    np.float32(0.09),
    np.float32(5),
)  # of the lit skin besides its shine: what fine hair gives back all over
_GLOW = np.array([0.34, 0.10, 0.06], np.float32)  # of each colour's light, that comes through a finger's tip
_FULL = np.float32(2)  # of the table's light: what is painted and what is added share it
_ONE = np.float32(1)
# metres: half as thick as fingers are at their three bones, thumbs a quarter more; and the back of a hand
_THICK, _THUMB, _BACK = (0.0088, 0.0080, 0.0072), 1.25, 0.012


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def light_up(normals, points, eye, light, owners, bones, radii, soft, bent, skin, table):
    """Fill the columns of the table that say how vertices are lit: gamma-encoded factors of what is painted on them.

    normals, points: (N, 3) float32.    eye: (3,) metres.    light: (4,) float32, constant and three directions, 1 for what
    the face typically gets.    owners: (N, 2) int32 of `owners_of`.    bones: (K, 2, 3), radii: (K,) of `hand_bones`.
    soft: (N,) float32 1 of skin, 0 of cloth.    bent: (N,) float32 0..1 how much the second picture is seen of cloth.
    skin: (3,) its colour.    table: (N, shade.ATTRIBUTES) float32.
    """
    kx, ky, kz = light[1] * _DIRECTED, light[2] * _DIRECTED + _SKY * light[0], light[3] * _DIRECTED
    strength = max(np.sqrt(kx * kx + ky * ky + kz * kz), np.float32(1e-6))
    lx, ly, lz = kx / strength, ky / strength, kz / strength
    sheen = _SHEEN * max(skin[0], skin[1], skin[2])
    for v in range(len(normals)):
        nx, ny, nz = normals[v, 0], normals[v, 1], normals[v, 2]
        ex, ey, ez = eye[0] - points[v, 0], eye[1] - points[v, 1], eye[2] - points[v, 2]
        away = max(np.sqrt(ex * ex + ey * ey + ez * ez), np.float32(1e-6))
        ex, ey, ez = ex / away, ey / away, ez / away
        facing = nx * ex + ny * ey + nz * ez
        open_, lit = _ONE, _ONE
        if owners[v, 0] < _ARM and facing > _AWAY:
            open_, lit = _between(v, normals, points, owners, bones, radii, lx, ly, lz)
        towards = nx * lx + ny * ly + nz * lz
        high = soft[v] * _SKY_ON_SKIN * light[0] * ny
        shadowed = (_ONE - lit) * (max(strength * towards, np.float32(0)) + np.float32(0.15) * light[0])
        key = strength * towards + high - shadowed
        grazed = _GRAZED + soft[v] * (_SKIN_GRAZED - _GRAZED)
        even = min(max(light[0] + key, _LEAST), _MOST) * (grazed + (_ONE - grazed) * max(facing, np.float32(0)))
        even *= _ONE - soft[v] * (_ONE - _HELD)
        end = (
            soft[v] * np.exp(-(((towards + np.float32(0.2)) / np.float32(0.35)) ** 2)) * min(strength / light[0], _ONE)
        )
        hx, hy, hz = lx + ex, ly + ey, lz + ez
        half = (nx * hx + ny * hy + nz * hz) / max(np.sqrt(hx * hx + hy * hy + hz * hz), np.float32(1e-6))
        half = max(half, np.float32(0))
        shine = soft[v] * (_SHINE * half**_GLOSS + sheen * half**_ROUGH) * lit * open_
        thin = np.float32(owners[v, 1]) / np.float32(3) if owners[v, 0] < _PALM else np.float32(0)
        through = soft[v] * thin * max(-towards, np.float32(0)) * min(strength / light[0], _ONE)
        least = np.float32(9)
        for k in range(3):
            lost = open_ ** (_ONE + soft[v] * (_BLEED[k] - _ONE)) if open_ < np.float32(0.995) else open_
            factor = (even * lost * (_ONE + end * _TERMINATOR[k] + through * _GLOW[k])) ** np.float32(1 / 2.2)
            table[v, shade.FILL_R + k] = factor
            least = min(least, factor)
        second = bent[v] * (_ONE - soft[v])
        rest = _FULL - least * (_ONE - second)
        for k in range(3):
            added = soft[v] * skin[k] * (table[v, shade.FILL_R + k] - least) + shine
            table[v, shade.FILL_R + k] = added / rest
        table[v, shade.FROM_PHOTO], table[v, shade.LIGHT] = least * (_ONE - second) / _FULL, _FULL
        table[v, shade.SHUT] = least * second / rest


@numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
def _between(v, normals, points, owners, bones, radii, lx, ly, lz):
    """How open a place of the hand is to light from all sides, and to the key light, 0..1 each."""
    lost, shadow = np.float32(0), np.float32(0)
    px, py, pz = points[v, 0], points[v, 1], points[v, 2]
    nx, ny, nz = normals[v, 0], normals[v, 1], normals[v, 2]
    for bone in range(len(bones)):
        owner = min(bone // 3, _PALM)
        if owner == owners[v, 0] or (owner == _PALM and owners[v, 1] < 2) or (owners[v, 0] == _PALM and bone % 3 == 0):
            continue  # one's own finger, and where it grows out of the hand
        radius = radii[bone]
        ax, ay, az = bones[bone, 0, 0], bones[bone, 0, 1], bones[bone, 0, 2]
        bx, by, bz = bones[bone, 1, 0] - ax, bones[bone, 1, 1] - ay, bones[bone, 1, 2] - az
        wx, wy, wz = px - ax, py - ay, pz - az
        length = bx * bx + by * by + bz * bz
        share = min(max((wx * bx + wy * by + wz * bz) / length, np.float32(0)), _ONE)
        dx, dy, dz = share * bx - wx, share * by - wy, share * bz - wz  # to the nearest place of the bone
        distance = np.sqrt(dx * dx + dy * dy + dz * dz)
        if distance < _RANGE * radius:
            above = (nx * dx + ny * dy + nz * dz) / max(distance, np.float32(1e-6))
            close = min(_ONE, (radius / max(distance, radius)) ** 2)
            lost += _TOUCHING * close * min(max(above + np.float32(0.25), np.float32(0)), _ONE)
        # the place of the bone that a ray to the light passes nearest to
        along, across = bx * lx + by * ly + bz * lz, wx * lx + wy * ly + wz * lz
        flat = length - along * along
        share = min(
            max((wx * bx + wy * by + wz * bz - along * across) / max(flat, np.float32(1e-9)), np.float32(0)), _ONE
        )
        cx, cy, cz = share * bx - wx, share * by - wy, share * bz - wz
        ahead = cx * lx + cy * ly + cz * lz
        if ahead > np.float32(0.5) * radius and ahead < _FAR:
            off = np.sqrt(max(cx * cx + cy * cy + cz * cz - ahead * ahead, np.float32(0)))
            soft = radius * (np.float32(0.35) + ahead / _FAR)
            hidden = min(max((radius + soft - off) / (np.float32(2) * soft), np.float32(0)), _ONE)
            shadow = max(shadow, hidden * (_ONE - ahead / _FAR))
    return np.exp(-lost), _ONE - _DARK * shadow


def hand_bones(places: np.ndarray, side: Side) -> tuple[np.ndarray, np.ndarray]:
    """What stands in the light of a hand: (19, 2, 3) float32 ends of its bones, the fingers' first, and (19,) radii, metres.

    places: (46, 3) where the joints are, in the order of `skeleton.PARENTS`.
    """
    wrist = places[_NAMES.index(f"{side}_wrist")]
    joints = places[[_NAMES.index(f"{side}_{name}") for name in HAND_JOINTS]].reshape(5, 3, 3)
    tips = joints[:, 2:] + 0.85 * (joints[:, 2:] - joints[:, 1:2])
    ends = np.concatenate([joints[:, 1:], tips], axis=1)
    fingers = np.stack([joints, ends], axis=2).reshape(15, 2, 3)
    knuckles = joints[:4, 0]
    backs = np.stack([wrist + 0.3 * (knuckles - wrist), knuckles], axis=1)
    radii = np.tile(_THICK, 5)
    radii[12:] *= _THUMB
    return (
        np.concatenate([fingers, backs]).astype(np.float32),
        np.concatenate([radii, np.full(4, _BACK)]).astype(np.float32),
    )


def owners_of(figure: Figure, side: Side, chosen: np.ndarray) -> np.ndarray:
    """(n, 2) int32 of vertices of the figure: finger (0..4), palm or arm that each is of, and which bone of a finger."""
    number = 0 if side == "left" else 1
    part = figure.parts[2 + number]
    found = np.full((len(figure.rest), 2), (_ARM, 0), np.int32)
    bone = figure.hands[number].weights.argmax(axis=1)
    found[part, 0] = np.where(bone == 0, _PALM, (bone - 1) // 3)
    found[part, 1] = np.where(bone == 0, 0, (bone - 1) % 3 + 1)
    return found[chosen]
