"""What the head wears in the photo, hair or a hat: where on the mesh it lies, and how thick it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import spsolve

from garrick.bodies.head import PARTS, Head
from garrick.core.camera import Camera
from garrick.perception.portrait import Portrait
from garrick.rendering.cover import cover_mask
from garrick.rendering.puppet import Puppet
from garrick.rendering.rasterise import NOTHING, rasterise

_BROW, _EAR_TOP, _NAPE = 0.045, 0.015, -0.06  # metres above the eyes
_TEMPLE, _EAR, _BEHIND_EAR = 0.06, (0.072, 0.105), 0.095  # metres behind the eyes; of ears, from and to
_WIDE, _ASIDE = 0.02, 0.045  # metres: of an ear from the head's widest place; from the middle to the sides of a face
_SIDEBURN = 0.0  # metres above the eyes: hair may reach as low beside an ear that is in sight
_CHEEK, _MOUTH = 0.03, -0.05  # metres behind and above the eyes: of the cheek before an ear
_EAR_SEEN, _HANGING = 5, 0.6  # vertices; share of ear and cheek, or of what is beside them, that is hair
_SOFT = 0.003  # metres over which the cover's edge is softened: vertices lie farther apart than pixels
_EYES, _LIP, _BESIDE = (33, 133, 263, 362), 13, 0.06  # landmarks; of the face's width
_BODY = 0.5  # weight of what is no longer the head
_GRAZING = 0.12  # cosine to the view from which the photo shows a vertex well enough to tell its colour
_GUESS, _NO_GUESS = 0.08, 0.001  # trust, beside 1 for what the photo shows
_FEW = 0.05  # of the scalp that is seen: less hair than that is none
_SILHOUETTE, _NEAR_OUTLINE = 0.35, 0.008  # cosine to the view and metres within which a vertex is on the outline
_FRONT, _RISE = 0.01, 0.06  # metres behind the eyes from where, and over which, hair stands off the head
_THICKEST, _WIDEST, _RAMP = 0.035, 0.032, 0.03  # metres: of hair on the mesh; what is wider; over which it begins
_SOLID = 0.95  # matte up to which hair belongs to the mesh; its soft fringe is the sheet's
_LOOSE = 0.015  # trust in one measured thickness: locks stick out


@dataclass(frozen=True)
class Wear:
    """What the head wears, one row a vertex.

    hair:    (V,) float32, 0..1: how surely it is under hair or a hat.
    repeats: (V,) float32, 0..1: where the photo shows hair at its place, be it on the vertex or before it.
    hung:    (V,) float32, 0..1: how much of it, ear or cheek or neck, lies under hair that hangs over it.
    left:    (V,) float32, 0..1: how much of it is left to the sheet around the head: that, and what is hidden under hair or
             a hat that is wide.
    """

    hair: np.ndarray
    repeats: np.ndarray
    hung: np.ndarray
    left: np.ndarray


def dressed(head: Head, puppet: Puppet, portrait: Portrait) -> tuple[Puppet, Wear]:
    """The puppet with its scalp raised to the outline that its hair has in the photo, smoothly from the hairline on.

    head: the average one, by which places on the puppet's are told.
    """
    camera = portrait.camera
    source = puppet.pose(puppet.source)
    screen = camera.project(source).astype(np.float32)
    seen = rasterise(screen, head.triangles, camera.size)
    normals = head.normals(source)
    cosines = _view_cosines(normals, source, camera)
    near = cv2.dilate(np.where(np.isfinite(seen.depth), seen.depth, 0).astype(np.float32), np.ones((3, 3), np.uint8))
    x, y = np.clip(screen[:, :2], 0, np.array(camera.size) - 1).astype(int).T
    shown = (screen[:, 2] < near[y, x] + 0.004) & (cosines > _GRAZING) & (portrait.alpha[y, x] > 0.5)
    metre = camera.intrinsics[0, 0] / screen[:, 2]  # pixels
    mask = cover_mask(portrait, seen.triangle != NOTHING)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFT * float(np.median(metre[head.lips > 0])))
    hair, hung, hung_beside = _field(head, soft[y, x] * shown, shown, _beside(mask, seen.triangle != NOTHING, portrait))
    inner = cv2.GaussianBlur(cv2.erode(mask.astype(np.float32), np.ones((3, 3), np.uint8)), (0, 0), 1.0)

    grown = (hair > 0.5) & ~np.any(ears(head), axis=0) & (_above_eyes(head) > _EAR_TOP)
    inside = np.asarray(distance_transform_edt(np.pad(seen.triangle != NOTHING, 1)))[1:-1, 1:-1]
    outline = np.flatnonzero(grown & (np.abs(cosines) < _SILHOUETTE) & (inside[y, x] < _NEAR_OUTLINE * metre))
    way = normals[outline] @ camera.world_to_camera[:3, :3].T
    reach = _reach(portrait.alpha, screen[outline, :2], way[:, :2], metre[outline])
    thick, wide = np.zeros((2, len(source)))
    thick[outline] = reach * np.clip((_above_eyes(head)[outline] - _EAR_TOP) / _RAMP, 0, 1)
    wide[outline] = (reach > _WIDEST) | hung_beside[outline]
    measured = np.zeros(len(source))
    measured[outline] = _LOOSE
    thick = diffuse(head, thick[:, None], np.where(grown, measured, 1))[:, 0]
    wide = diffuse(head, wide[:, None], measured)[:, 0]
    # the fringe stays on the forehead
    thick *= np.clip((head.joint_template[3:, 2].mean() - head.template[:, 2] - _FRONT) / _RISE, 0, 1)
    rest = puppet.head.template
    offset = head.normals(rest) * np.where(grown, np.clip(thick, 0, _THICKEST), 0)[:, None]
    raised = replace(puppet.head, template=(rest + offset).astype(np.float32))
    left = np.maximum(hung, np.where(shown, 0, np.clip(2 * wide - 0.5, 0, 1) * hair))
    return replace(puppet, head=raised), Wear(hair, inner[y, x], hung.astype(np.float32), left.astype(np.float32))


def _field(head: Head, covered: np.ndarray, shown: np.ndarray, beside: tuple[float, float]) -> tuple[np.ndarray, ...]:
    """(V,) how surely hair or a hat is over each vertex, (V,) how much of it hangs loose over ears, cheeks and neck, and
    (V,) bool: the sides on which it does.

    Where the photo shows the vertex, its colour tells; from there it spreads over what is hidden, towards a guess: hair on
    the scalp of whoever shows any, bare skin elsewhere, and hair on a side whose ear is hidden.
    covered: (V,) 0..1.    shown: (V,) bool.    beside: of `_beside`.
    """
    skin = (head.vertex_parts == PARTS.index("skin")) & (head.weights[:, 0] < _BODY)
    up, back = _above_eyes(head), head.joint_template[3:, 2].mean() - head.template[:, 2]
    scalp = skin & ((up > _BROW) | ((back > _TEMPLE) & (up > _EAR_TOP)) | ((back > _BEHIND_EAR) & (up > _NAPE)))
    anybody = covered[scalp].sum() > _FEW * (shown & scalp).sum()
    low = skin & (up < _EAR_TOP) & (back < _BEHIND_EAR)
    before = (back > _CHEEK) & (up > _MOUTH)
    value = np.where(shown, covered, scalp & anybody).astype(np.float64)
    trust = np.where(shown & skin, 1.0, np.where(scalp, _GUESS, _NO_GUESS))
    loose, beside_loose = np.zeros(len(value)), np.zeros(len(value), bool)
    for ear, way, hairy in zip(ears(head), (1, -1), beside, strict=True):
        side = low & (way * head.template[:, 0] > _ASIDE)
        seen, cheek = ear & shown, side & before & ~ear & shown
        if seen.sum() > _EAR_SEEN:
            hairy = min(covered[seen].mean(), covered[cheek].mean() if cheek.any() else 1)
        if hairy > _HANGING:
            value[ear], trust[ear] = 1, 1
            hidden = side & ~shown & ~ear
            value[hidden], trust[hidden] = 1, _GUESS
            loose[side | ear] = 1
            beside_loose |= way * head.template[:, 0] > _ASIDE
        else:
            skinny = ear | (side & (up < _SIDEBURN))
            value[skinny], trust[skinny] = 0, 1
    middle = low & (np.abs(head.template[:, 0]) <= _ASIDE)
    value[middle], trust[middle] = 0, 1
    hair = np.where(skin, np.clip(diffuse(head, value[:, None], trust)[:, 0], 0, 1), 0)
    hung = loose * np.clip((hair - 0.3) / 0.4, 0, 1)
    return hair.astype(np.float32), hung, beside_loose


def _beside(mask: np.ndarray, head: np.ndarray, portrait: Portrait) -> tuple[float, float]:
    """The share of hair in what lies right beside the face between eyes and mouth, at the person's left and right."""
    points = portrait.landmarks[:468]
    size = 2 * max(1, round(_BESIDE * float(np.ptp(points[:, 0])))) + 1
    ring = (cv2.dilate(head.astype(np.uint8), np.ones((size, size), np.uint8)) > 0) & ~head
    ring[: int(max(0, points[list(_EYES), 1].mean()))] = False
    ring[int(max(0, points[_LIP, 1])) :] = False
    right = np.arange(head.shape[1]) < points[_LIP, 0]
    return float(mask[ring & ~right].mean()), float(mask[ring & right].mean())


def ears(head: Head) -> tuple[np.ndarray, np.ndarray]:
    """(V,) bool each: the left ear and the right one."""
    back, x = head.joint_template[3:, 2].mean() - head.template[:, 2], head.template[:, 0]
    here = (head.vertex_parts == PARTS.index("skin")) & (head.weights[:, 0] < _BODY) & (_above_eyes(head) < _EAR_TOP)
    here &= (back > _EAR[0]) & (back < _EAR[1])
    return here & (x > x[here].max() - _WIDE), here & (x < x[here].min() + _WIDE)


def _above_eyes(head: Head) -> np.ndarray:
    return head.template[:, 1] - head.joint_template[3:, 1].mean()


def diffuse(head: Head, values: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """(V, C) that solve (trust + L) x = trust values on the mesh: known ones stay, others are means of their neighbours."""
    here, there = head.quads.ravel(), np.roll(head.quads, 1, axis=1).ravel()
    count = len(values)
    links = csr_matrix((np.ones(2 * len(here)), (np.r_[here, there], np.r_[there, here])), (count, count))
    laplacian = diags(np.asarray(links.sum(axis=1)).ravel()) - links
    weight = trust * 100 + 1e-6
    return np.asarray(spsolve((diags(weight) + laplacian).tocsc(), weight[:, None] * values), np.float32).reshape(
        count, -1
    )


def _reach(alpha: np.ndarray, start: np.ndarray, way: np.ndarray, metre: np.ndarray) -> np.ndarray:
    """(n,) metres from each (n, 2) pixel along a way on which the person goes on."""
    if not len(start):
        return np.zeros(0)
    way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
    steps = np.linspace(0, _THICKEST, 36)
    at = start[:, None] + (steps * metre[:, None])[..., None] * way[:, None]
    there = cv2.remap(
        alpha,
        (at[..., 0] - 0.5).astype(np.float32),
        (at[..., 1] - 0.5).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return steps[np.minimum.accumulate(there > _SOLID, axis=1).sum(axis=1) - 1]


def _view_cosines(normals: np.ndarray, points: np.ndarray, camera: Camera) -> np.ndarray:
    """(V,) between normals and the direction to the camera."""
    towards = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3] - points
    return (normals * towards).sum(axis=1) / np.linalg.norm(towards, axis=1)
