"""The photo as the texture of the head: where each vertex was seen, how well, and what fills the unseen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import spsolve
from scipy.spatial import KDTree

from garrick.bodies.blink import LIDS
from garrick.bodies.head import PARTS, Head
from garrick.bodies.parts import crown_places
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera
from garrick.perception.fit import LIPS
from garrick.perception.portrait import Portrait
from garrick.rendering.rasterise import rasterise

_SKIN = (PARTS.index("skin"), PARTS.index("socket"))
_TONES = {
    "teeth": (0.98, 0.94, 0.87),
    "gums": (0.58, 0.30, 0.28),
    "tongue": (0.60, 0.27, 0.26),
    "eye": (0.82, 0.80, 0.78),
}
_LIT = (0.72, 1.3)  # factors of the constant light that the fitted one may have
_BROW, _EAR_TOP = 0.045, 0.008  # metres above the eyes
_TEMPLE, _EAR = 0.048, 0.085  # metres behind the eyes
_UNLIKE_SKIN = 0.7  # logarithm of a colour's ratio to the skin's: hair, not shade
_TUFT = 12  # vertices that show hair; fewer, and nobody has any
_BETWEEN, _AT_GUM, _BACK = (
    0.26,
    0.25,
    0.11,
)  # of a tooth's light: lost beside its neighbour, at the gum, a tooth farther back
_MOUTH_NEAR, _MOUTH_DEEP = 0.62, np.array([0.22, 0.075, 0.07])  # of the lips' colour right behind them; the throat's
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
    veiled:  (V,) float32, 0..1: how much of what lies outside the nearest silhouette of the head is hair.
    """

    photo: np.ndarray
    seen: np.ndarray
    hidden: np.ndarray
    fill: np.ndarray
    facing: np.ndarray
    lids: np.ndarray
    behind_lips: np.ndarray
    veiled: np.ndarray


def project_texture(head: Head, source: np.ndarray, portrait: Portrait) -> ProjectedTexture:
    """Project the photo on the head; source: (V, 3) world metres in the pose of the photo."""
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
    fill = _fill_colours(head, source, portrait, screen, seen, lids, lit)
    return ProjectedTexture(
        screen[:, :2].copy(), seen, hidden, fill, facing, lids, behind_lips, _veil(head, screen, depth, portrait)
    )


def _veil(head: Head, screen: np.ndarray, depth: np.ndarray, portrait: Portrait) -> np.ndarray:
    """(V,) share of hair in what lies right outside the head's silhouette, at the silhouette nearest to each vertex."""
    on_head = np.isfinite(depth)
    beyond = (~on_head).astype(np.float32)
    size = max(2.0, depth.shape[0] / 100)
    person = cv2.GaussianBlur(beyond * portrait.alpha, (0, 0), size)
    share = person / np.maximum(cv2.GaussianBlur(beyond, (0, 0), size), 1e-4)
    row, column = np.asarray(distance_transform_edt(on_head, return_distances=False, return_indices=True))
    x, y = np.clip(screen[:, :2], 0, np.array(portrait.camera.size) - 1).astype(int).T
    veil = np.clip((share[row[y, x], column[y, x]] - 0.5) / 0.4, 0, 1)
    # beside the jaw, below it and before the ear what was hidden is skin, whatever hangs behind it
    mouth, eyes = head.template[head.lips > 0, 1].mean(), head.joint_template[3:, 1].mean()
    veil *= np.clip((head.template[:, 1] - mouth) / (eyes - mouth), 0, 1)
    behind_ear = head.joint_template[3:, 2].mean() - head.template[:, 2] > _EAR
    return np.where(np.isin(head.vertex_parts, _SKIN) & (_hairy(head) | behind_ear), veil, 0).astype(np.float32)


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
) -> np.ndarray:
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
    grown = _hairy(head)
    hair = trusted & grown & ~alike
    trusted &= alike | (head.weights[:, 0] > 0.4) | (head.lips > 0)
    # light stays where it fell: what is continued is the skin's own colour
    colour /= lit[:, None]
    mirrored = skin & ~trusted & trusted[head.mirror]
    colour[mirrored] = colour[head.mirror[mirrored]]
    fill = diffuse(head, colour, np.where(trusted, 1.0, np.where(mirrored, 0.15, 0.0)) * skin)
    if hair.sum() > _TUFT:
        fill[grown] = diffuse(head, colour, hair.astype(np.float64))[grown]
    fill *= lit[:, None]
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
    depth = np.clip((source[head.lips > 0, 2].mean() - source[cavity, 2]) / 0.018, 0, 1)[:, None]
    near = _MOUTH_NEAR * np.median(colour[head.lips > 0], axis=0)
    fill[cavity] = near + (_MOUTH_DEEP * exposure - near) * np.sqrt(depth)
    return np.clip(fill, 0, 1).astype(np.float32)


def _hairy(head: Head) -> np.ndarray:
    """(V,) bool: where hair grows, above the brows and behind the temples down to the ears."""
    eyes = head.joint_template[3:].mean(axis=0)
    up, back = head.template[:, 1] - eyes[1], eyes[2] - head.template[:, 2]
    return (head.vertex_parts == PARTS.index("skin")) & ((up > _BROW) | ((back > _TEMPLE) & (up > _EAR_TOP)))


def _tooth_shades() -> np.ndarray:
    """(n,) factors for the teeth's vertices: darker between crowns, towards the gum, and back in the mouth."""
    aside, high, back = crown_places().T
    return (1 - _BETWEEN * aside**4) * (1 - _AT_GUM * high**2) * (1 - _BACK * back)


def diffuse(head: Head, colour: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Solve (trust + L) fill = trust colour on the mesh: known colours stay, others are the mean of their neighbours."""
    count = len(colour)
    here, there = head.quads.ravel(), np.roll(head.quads, 1, axis=1).ravel()
    links = csr_matrix((np.ones(2 * len(here)), (np.r_[here, there], np.r_[there, here])), (count, count))
    laplacian = diags(np.asarray(links.sum(axis=1)).ravel()) - links
    weight = trust * 100 + 1e-6
    return np.asarray(spsolve((diags(weight) + laplacian).tocsc(), weight[:, None] * colour), np.float32)
