"""The photo as the texture of the head: where each vertex was seen, how well, and what fills the unseen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import spsolve

from garrick.bodies.head import PARTS, Head
from garrick.core.camera import Camera
from garrick.rendering.rasterise import rasterise

_SKIN = (PARTS.index("skin"), PARTS.index("socket"))
_TONES = {"teeth": (0.84, 0.80, 0.72), "gums": (0.58, 0.30, 0.28), "tongue": (0.60, 0.27, 0.26), "eye": (0.82, 0.80, 0.78)}
_MOUTH_NEAR, _MOUTH_DEEP = np.array([0.42, 0.15, 0.14]), np.array([0.07, 0.02, 0.02])


@dataclass(frozen=True)
class ProjectedTexture:
    """One row a vertex of the head.

    photo:   (V, 2) float32, pixels of the photo where the vertex lies in the source pose.
    seen:    (V,) float32, 0..1: 1 where the photo shows it well, 0 where it is hidden; falls off at grazing angles.
    hidden:  (V,) bool: something else is in front of it in the photo, or it faces away.
    fill:    (V, 3) float32, 0..1: the colour where the photo has none.
    facing:  (V,) float32, cosine between normal and view in the photo.
    """

    photo: np.ndarray
    seen: np.ndarray
    hidden: np.ndarray
    fill: np.ndarray
    facing: np.ndarray


def project_texture(head: Head, source: np.ndarray, image: np.ndarray, lip_hole: np.ndarray, camera: Camera) -> ProjectedTexture:
    """Project the photo on the head.

    source: (V, 3) world metres in the pose of the photo.    image: (H, W, 3) uint8.
    lip_hole: (H, W) float32, 1 inside the parted lips of the photo.
    """
    screen = camera.project(source).astype(np.float32)
    facing = view_cosines(head, source, camera)
    hidden = _occluded(head, screen, camera.size) | (facing < 0.02)
    seen = np.where(hidden, 0, np.clip((facing - 0.08) / 0.3, 0, 1)).astype(np.float32)
    parts = head.vertex_parts
    inside = np.isin(parts, [PARTS.index(name) for name in ("mouth", "teeth", "gums", "tongue")])
    x, y = np.clip(screen[:, :2], 0, np.array(camera.size) - 1).astype(int).T
    seen[inside] = np.where(hidden, 0, lip_hole[y, x])[inside]
    fill = _fill_colours(head, source, image, screen, seen)
    return ProjectedTexture(screen[:, :2].copy(), seen, hidden, fill, facing)


def view_cosines(head: Head, vertices: np.ndarray, camera: Camera) -> np.ndarray:
    """(V,) cosine between each vertex normal and the direction to the camera; positive towards it."""
    eye = -camera.world_to_camera[:3, :3].T @ camera.world_to_camera[:3, 3]
    towards = eye.astype(np.float32) - vertices
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    return (vertex_normals(head, vertices) * towards).sum(axis=1)


def vertex_normals(head: Head, vertices: np.ndarray) -> np.ndarray:
    """(V, 3) unit normals, area-weighted means of the quads around (cross product of the diagonals)."""
    a, b, c, d = (vertices[head.quads[:, corner]] for corner in range(4))
    area = np.cross(c - a, d - b)
    normals = np.empty_like(vertices)
    flat, count = head.quads.ravel(), len(vertices)
    for axis in range(3):
        normals[:, axis] = np.bincount(flat, weights=np.repeat(area[:, axis], 4), minlength=count)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _occluded(head: Head, screen: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(V,) bool: a vertex lies more than 4 mm behind what is seen at its pixel, all around it."""
    depth = rasterise(screen, head.triangles, size).depth
    depth = cv2.dilate(np.where(np.isfinite(depth), depth, 0), np.ones((3, 3), np.uint8))
    x, y = np.floor(screen[:, :2]).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < size[0]) & (y < size[1])
    nearest = depth[np.clip(y, 0, size[1] - 1), np.clip(x, 0, size[0] - 1)]
    return np.where(inside & (nearest > 0), screen[:, 2] > nearest + 0.004, False)


def _fill_colours(head: Head, source: np.ndarray, image: np.ndarray, screen: np.ndarray, seen: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(image, (0, 0), max(1.0, image.shape[0] / 250)).astype(np.float32) / 255
    x, y = np.clip(screen[:, :2], 0, np.array(image.shape[1::-1]) - 1).astype(int).T
    colour = smooth[y, x]
    parts = head.vertex_parts
    skin = np.isin(parts, _SKIN)
    trusted = skin & (seen > 0.6)
    mirrored = skin & ~trusted & trusted[head.mirror]
    colour[mirrored] = colour[head.mirror[mirrored]]
    fill = _diffuse(head, colour, np.where(trusted, 1.0, np.where(mirrored, 0.15, 0.0)) * skin)
    face = np.median(colour[trusted], axis=0)
    exposure = float(face.mean() / 0.62)
    for name, tone in _TONES.items():
        fill[parts == PARTS.index(name)] = np.clip(np.array(tone) * exposure, 0, 1)
    cavity = parts == PARTS.index("mouth")
    depth = np.clip((source[head.lips > 0, 2].mean() - source[cavity, 2]) / 0.018, 0, 1)[:, None]
    fill[cavity] = (_MOUTH_NEAR + (_MOUTH_DEEP - _MOUTH_NEAR) * np.sqrt(depth)) * exposure
    return np.clip(fill, 0, 1).astype(np.float32)


def _diffuse(head: Head, colour: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Solve (trust + L) fill = trust colour on the mesh: known colours stay, others are the mean of their neighbours."""
    count = len(colour)
    here, there = head.quads.ravel(), np.roll(head.quads, 1, axis=1).ravel()
    links = csr_matrix((np.ones(2 * len(here)), (np.r_[here, there], np.r_[there, here])), (count, count))
    laplacian = diags(np.asarray(links.sum(axis=1)).ravel()) - links
    weight = trust * 100 + 1e-6
    return spsolve((diags(weight) + laplacian).tocsc(), weight[:, None] * colour).astype(np.float32)


