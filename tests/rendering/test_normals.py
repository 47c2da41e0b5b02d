"""The normal pass: a ball's normals are its radii, the surface of the right id counts, a face's agree with its depth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import Camera
from garrick.core.rotation import rotation_matrices
from garrick.rendering.normals import Surface, surface_passes
from garrick.rendering.rasterise import rasterise
from garrick.rendering.render import prepare, render_pose
from garrick.rendering.take import ID_NAMES

TURN = rotation_matrices(np.array([0.2, 0.5, -0.1])) @ np.diag([1.0, -1, -1])
POSE = np.block([[TURN, np.array([[0.02], [-0.01], [0.6]])], [np.zeros((1, 3)), np.ones((1, 1))]])
CAMERA = Camera(np.array([[120.0, 0, 45], [0, 140, 28], [0, 0, 1]]), POSE, (96, 64))


def ball(radius: float, name: int) -> Surface:
    polar, turn = np.meshgrid(np.linspace(0, np.pi, 49), np.linspace(0, 2 * np.pi, 97), indexing="ij")
    directions = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], axis=-1)
    ring, segment = np.meshgrid(np.arange(48), np.arange(96), indexing="ij")
    a, b = (ring * 97 + segment).ravel(), ((ring + 1) * 97 + segment).ravel()
    triangles = np.concatenate([np.stack([a, b, b + 1], axis=1), np.stack([a, b + 1, a + 1], axis=1)]).astype(np.int32)
    return Surface(radius * directions.reshape(-1, 3), triangles, np.full(len(triangles), name, np.uint8))


def points_of(depth: np.ndarray, camera: Camera) -> np.ndarray:
    """(H, W, 3) world metres of the middle of each pixel."""
    rows, columns = np.indices(depth.shape) + 0.5
    rays = np.dstack([columns, rows, np.ones(depth.shape)]) @ np.linalg.inv(camera.intrinsics).T
    view = rays * np.where(np.isfinite(depth), depth, np.nan)[..., None]
    return (view - camera.world_to_camera[:3, 3]) @ camera.world_to_camera[:3, :3]


def seen(surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    """Depth and ids of one surface."""
    visible = rasterise(CAMERA.project(surface.points).astype(np.float32), surface.triangles, CAMERA.size)
    return visible.depth, np.where(visible.triangle >= 0, surface.names[0], 0).astype(np.uint8)


def test_the_normals_of_a_ball_are_its_radii():
    small = ball(0.1, 3)
    depth, ids = seen(small)
    normals, _ = surface_passes([small], CAMERA, depth, ids)
    there = ids > 0
    assert there.sum() > 500
    radii = points_of(depth, CAMERA)[there]
    radii /= np.linalg.norm(radii, axis=1, keepdims=True)
    assert (normals[there] * radii).sum(axis=1).min() > np.cos(np.radians(2))
    assert not normals[~there].any()


def test_the_surface_of_the_pixels_id_counts_though_another_is_nearer():
    inner, outer = ball(0.08, 3), ball(0.1, 2)
    inner = Surface(
        inner.points,
        inner.triangles,
        inner.names,
        normals=np.tile(np.array([0, 1, 0], np.float32), (len(inner.points), 1)),
    )
    depth, ids = seen(inner)
    for surfaces in ([inner, outer], [outer, inner]):
        normals, _ = surface_passes(surfaces, CAMERA, depth, ids)
        middle = normals[28 - 3 : 28 + 3, 45 - 3 : 45 + 3]
        assert (middle[..., 1] > 0.9).all()


def test_no_normal_faces_away_from_the_camera():
    away = ball(0.1, 3)
    away = Surface(away.points, away.triangles, away.names, normals=np.asarray(-away.points * 10, np.float32))
    depth, ids = seen(away)
    normals, _ = surface_passes([away], CAMERA, depth, ids)
    eye = -POSE[:3, :3].T @ POSE[:3, 3]
    towards = eye - points_of(depth, CAMERA)
    cosine = (normals * towards).sum(axis=2)[ids > 0]
    assert cosine.min() > -1e-4


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_a_faces_normals_are_the_slopes_of_its_depth(portrait, weight):
    stage = prepare(portrait, RunContext())
    face = stage.puppet.source.face.copy()
    face[ARKIT_INDEX["jawOpen"]] = weight
    frame = render_pose(stage, replace(stage.puppet.source, face=face), portrait.camera, passes=True)
    assert frame.normals is not None
    lengths = np.linalg.norm(frame.normals, axis=2)
    there = frame.ids > 0
    np.testing.assert_allclose(lengths[there & (lengths > 0)], 1, atol=1e-5)
    assert (lengths[there] == 0).mean() < 0.01
    points = points_of(frame.depth, portrait.camera)
    across, down = np.gradient(points, axis=1), np.gradient(points, axis=0)
    slopes = np.cross(down, across)
    slopes /= np.linalg.norm(slopes, axis=2, keepdims=True)
    skin = (frame.ids == ID_NAMES.index("skin")) & np.isfinite(slopes).all(axis=2)
    cosine = (slopes * frame.normals).sum(axis=2)[skin]
    assert np.median(cosine) > np.cos(np.radians(10))
    assert (cosine > np.cos(np.radians(40))).mean() > 0.9
