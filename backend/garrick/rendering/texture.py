"""The photo as the texture of the head: where each vertex was seen, how well, and what fills the unseen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import KDTree

from garrick.bodies.blink import LIDS
from garrick.bodies.head import PARTS, Head
from garrick.bodies.parts import crown_places
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera
from garrick.perception.fit import LIPS
from garrick.perception.portrait import Portrait
from garrick.rendering.beard import beard_field
from garrick.rendering.hair import Wear, diffuse, ears
from garrick.rendering.rasterise import rasterise

_SKIN = (PARTS.index("skin"), PARTS.index("socket"))
_TONES = {
    "teeth": (0.98, 0.94, 0.87),
    "gums": (0.58, 0.30, 0.28),
    "tongue": (0.62, 0.36, 0.35),
    "eye": (0.82, 0.80, 0.78),
}
_LIT = (0.72, 1.3)  # factors of the constant light that the fitted one may have
_STEP, _EDGE = 0.012, 0.004  # metres: of depth that make an edge; from it, over which what is seen is not trusted
_UNLIKE_SKIN = 0.7  # logarithm of a colour's ratio to the skin's: hair, not shade
_GLIMPSED = 0.2  # of `ProjectedTexture.seen`: enough to tell a beard from skin
_TUFT = 12  # vertices that show hair; fewer, and nobody has any
_BETWEEN, _AT_GUM, _BACK = (
    0.13,
    0.12,
    0.1,
)  # of a tooth's light: lost beside its neighbour, at the gum, a tooth farther back
_MOUTH_NEAR, _MOUTH_DEEP = 0.68, np.array([0.24, 0.085, 0.08])  # of the lips' colour right behind them; the throat's
_EAR_SHADE, _HOLLOW = 0.45, 0.0012  # of an ear's light lost where it lies so many metres below what is around
_MOUTH_DEPTH = 0.035  # metres behind the lips at which it begins
_TONGUE_BACK = 0.3  # of its light that is left at a tongue's root


@dataclass(frozen=True)
class ProjectedTexture:
    """One row a vertex of the head.

    photo:   (V, 2) float32, pixels of the photo where the vertex lies in the source pose.
    seen:    (V,) float32, 0..1: 1 where the photo shows it well, 0 where it is hidden; falls off at grazing angles.
    hidden:  (V,) bool: something else is in front of it in the photo, or it faces away.
    fill:    (V, 3) float32, 0..1: the colour where the photo has none.
    facing:  (V,) float32, cosine between normal and view in the photo.
    lids:    (V,) bool: skin that a blink unfolds, whose place in the photo shows lashes or the eye.
    behind_lips: (V,) bool: skin of the lips' inner sides, where the photo shows what is between them.
    beard:   (V,) float32, 0..1: how surely a beard grows there.
    bare, haired: (V, 3) float32: the colours that skin has there, and hair.
    """

    photo: np.ndarray
    seen: np.ndarray
    hidden: np.ndarray
    fill: np.ndarray
    facing: np.ndarray
    lids: np.ndarray
    behind_lips: np.ndarray
    beard: np.ndarray
    bare: np.ndarray
    haired: np.ndarray


def project_texture(head: Head, source: np.ndarray, portrait: Portrait, wear: Wear) -> ProjectedTexture:
    """Project the photo on the head.

    source: (V, 3) world metres in the pose of the photo.    wear: of `garrick.rendering.hair.dressed`.
    """
    camera = portrait.camera
    screen = camera.project(source).astype(np.float32)
    facing = view_cosines(head, source, camera)
    depth = rasterise(screen, head.triangles, camera.size).depth
    hidden = _behind(screen, cv2.dilate(_finite(depth), np.ones((3, 3), np.uint8)), 0.004) | (facing < 0.02)
    seen = np.where(hidden, 0, np.clip((facing - 0.1) / 0.28, 0, 1)).astype(np.float32)
    parts = head.vertex_parts
    x, y = np.clip(screen[:, :2], 0, np.array(camera.size) - 1).astype(int).T
    # past the photo's own outline of the face there is background: never seen as skin
    inner = cv2.erode(portrait.alpha, np.ones((3, 3), np.uint8))[y, x]
    seen *= np.clip((inner - 0.5) / 0.5, 0, 1)
    # the fitted outline and the photo's are a little apart: a line of what lies beyond it would run down the turned cheek
    plain = (parts == PARTS.index("skin")) & ~np.any(ears(head), axis=0)
    away = _from_edges(depth)[y, x] * screen[:, 2] / camera.intrinsics[0, 0]
    seen[plain] *= np.clip(away[plain] / _EDGE - 0.3, 0, 1)
    # of the mouth's inside only teeth that stand clear of the lips were seen: lips must not be painted on them
    seen[np.isin(parts, [PARTS.index(name) for name in ("mouth", "gums", "tongue")])] = 0
    nearest = cv2.erode(_finite(depth), np.ones((5, 5), np.uint8))
    teeth = parts == PARTS.index("teeth")
    seen[teeth & (_behind(screen, nearest, 0.002) | (facing < 0.1))] = 0
    blink = (
        np.abs(head.face_basis[[ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]]).max(axis=(0, 2)) > 0.0015
    )
    lids = np.isin(parts, _SKIN) & (blink | (_eye_area(portrait, 0.10)[y, x] > 0))
    behind_lips = (parts == PARTS.index("skin")) & _between_lips(portrait)[y, x]
    seen[lids | behind_lips] = 0
    lit = shading(head.normals(source), portrait.light.mean(axis=1))
    fill, beard, bare, haired = _fill_colours(head, source, portrait, screen, seen, lids, lit, wear.hair)
    return ProjectedTexture(screen[:, :2].copy(), seen, hidden, fill, facing, lids, behind_lips, beard, bare, haired)


def _from_edges(depth: np.ndarray) -> np.ndarray:
    """(H, W) pixels to where the head ends in the picture, or ends before something farther back."""
    far = np.where(np.isfinite(depth), depth, 1e3).astype(np.float32)
    edge = far - cv2.erode(far, np.ones((3, 3), np.uint8)) > _STEP
    return cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def view_cosines(head: Head, vertices: np.ndarray, camera: Camera) -> np.ndarray:
    """(V,) cosine between each vertex normal and the direction to the camera; positive towards it."""
    eye = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    towards = eye.astype(np.float32) - vertices
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    return (head.normals(vertices) * towards).sum(axis=1)


def _finite(depth: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(depth), depth, 0).astype(np.float32)


def _behind(screen: np.ndarray, depth: np.ndarray, distance: float) -> np.ndarray:
    """(V,) bool: a vertex lies more than `distance` metres behind a depth picture (0 where it shows nothing)."""
    height, width = depth.shape
    x, y = np.floor(screen[:, :2]).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    there = depth[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return inside & (there > 0) & (screen[:, 2] > there + distance)


def _eye_area(portrait: Portrait, grow: float) -> np.ndarray:
    """(H, W) uint8: 1 inside the lid contours, grown by a share of their width."""
    mask = np.zeros(portrait.image.shape[:2], np.uint8)
    for loop in LIDS:
        points = portrait.landmarks[list(loop)]
        cv2.fillPoly(mask, [np.round(points * 8).astype(np.int32)], (1,), shift=3)
    radius = round(grow * float(np.ptp(portrait.landmarks[list(LIDS[0]), 0])))
    return cv2.dilate(mask, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))


def _between_lips(portrait: Portrait) -> np.ndarray:
    """(H, W) bool: where the photo shows teeth, or what else is between open lips."""
    mask = np.zeros(portrait.image.shape[:2], np.uint8)
    loop = portrait.landmarks[list(LIPS[len(LIPS) // 2 :])]  # the inner one
    cv2.fillPoly(mask, [np.round(loop * 8).astype(np.int32)], (1,), shift=3)
    return mask > 0


def shading(normals: np.ndarray, light: np.ndarray) -> np.ndarray:
    """(V,) factors of gamma-encoded colours on (V, 3) normals, 1 in constant light; light: (4,) as `Portrait.light`."""
    return np.sqrt(np.clip((light[0] + normals @ light[1:]) / light[0], *_LIT)).astype(np.float32)


def _fill_colours(
    head: Head,
    source: np.ndarray,
    portrait: Portrait,
    screen: np.ndarray,
    seen: np.ndarray,
    lids: np.ndarray,
    lit: np.ndarray,
    hair: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """`ProjectedTexture`'s fill, beard, bare and haired."""
    image = portrait.image
    smooth = cv2.GaussianBlur(image, (0, 0), max(1.0, image.shape[0] / 250)).astype(np.float32) / 255
    x, y = np.clip(screen[:, :2], 0, np.array(image.shape[1::-1]) - 1).astype(int).T
    colour = smooth[y, x]
    parts = head.vertex_parts
    skin = np.isin(parts, _SKIN)
    trusted = skin & (seen > 0.6) & (_eye_area(portrait, 0.22)[y, x] == 0)  # lashes and their shadow stay out
    on_face = KDTree(head.landmarks(source)).query(source)[0] < 0.006
    face = np.median(colour[trusted & on_face], axis=0)
    # hair over a cheek is no colour for the skin behind it; below the jaw clothes are what they are
    alike = np.abs(np.log((colour + 0.05) / (face + 0.05))).max(axis=1) < _UNLIKE_SKIN
    # around the eyes brows are none either
    level = np.log((colour.mean(axis=1) + 0.02) / (face.mean() + 0.02))
    around_eye = KDTree(head.joint_template[3:]).query(head.template)[0] < 0.035
    alike &= ~around_eye | (level > -0.35)
    covered = trusted & (hair > 0.6)
    beard = beard_field(head, colour, face, skin & (seen > _GLIMPSED))
    bearded = trusted & (beard > 0.7)
    trusted &= ((hair < 0.4) & (beard < 0.3) & alike) | (head.weights[:, 0] > 0.4) | (head.lips > 0)
    # light stays where it fell: what is continued is the skin's own colour
    colour /= lit[:, None]
    # what only the other side shows is laid in by its changes, so that no seam runs where it meets what this side shows
    other = diffuse(head, colour[head.mirror], (trusted[head.mirror] & skin).astype(np.float64))
    fill = other + diffuse(head, colour - other, (trusted & skin).astype(np.float64))
    bare = haired = fill.copy()
    if covered.sum() > _TUFT:
        share = np.clip((hair - 0.3) / 0.4, 0, 1)[:, None]
        haired = diffuse(head, colour, covered.astype(np.float64))
        fill = fill + share * (haired - fill)
    if bearded.sum() > _TUFT:
        share = np.clip((beard - 0.2) / 0.6, 0, 1)[:, None]
        fill += share * (diffuse(head, colour, bearded.astype(np.float64)) - fill)
    fill *= lit[:, None]
    fill *= 1 - _EAR_SHADE * _hollows(head)[:, None]
    loops = head.landmarks(source)[[point for loop in LIDS for point in loop]]
    rim = np.clip(1 - KDTree(loops).query(source)[0] / 0.003, 0, 1)[:, None] * skin[:, None]
    fill *= 1 - 0.6 * rim  # lashes along the edge of a closing lid
    exposure = float(face.mean() / 0.62)
    for name, tone in _TONES.items():
        fill[parts == PARTS.index(name)] = np.clip(np.array(tone) * exposure, 0, 1)
    fill[parts == PARTS.index("teeth")] *= _tooth_shades()[:, None]
    tongue = parts == PARTS.index("tongue")
    forward = (head.template[tongue, 2] - head.template[tongue, 2].min()) / np.ptp(head.template[tongue, 2])
    fill[tongue] *= (_TONGUE_BACK + (1 - _TONGUE_BACK) * forward**2)[:, None]
    cavity = parts == PARTS.index("mouth")
    depth = np.clip((source[head.lips > 0, 2].mean() - source[cavity, 2]) / _MOUTH_DEPTH, 0, 1)[:, None]
    near = _MOUTH_NEAR * np.median(colour[head.lips > 0], axis=0)
    fill[cavity] = near + (_MOUTH_DEEP * exposure - near) * depth
    bare, haired = (np.clip(each * lit[:, None], 0, 1).astype(np.float32) for each in (bare, haired))
    return np.clip(fill, 0, 1).astype(np.float32), beard, bare, haired


def _hollows(head: Head) -> np.ndarray:
    """(V,) 0..1: how far each vertex of an ear lies in below its neighbours, where less light comes."""
    here, there = head.quads.ravel(), np.roll(head.quads, 1, axis=1).ravel()
    count = np.bincount(here, minlength=len(head.template)) + np.bincount(there, minlength=len(head.template))
    around = np.zeros_like(head.template)
    np.add.at(around, here, head.template[there])
    np.add.at(around, there, head.template[here])
    depth = ((around / np.maximum(count, 1)[:, None] - head.template) * head.normals(head.template)).sum(axis=1)
    return np.where(np.any(ears(head), axis=0), np.clip(depth / _HOLLOW, 0, 1), 0)


def _tooth_shades() -> np.ndarray:
    """(n,) factors for the teeth's vertices: darker between crowns, towards the gum, and back in the mouth."""
    aside, high, back = crown_places().T
    return (1 - _BETWEEN * aside**4) * (1 - _AT_GUM * high**2) * (1 - _BACK * back)
