"""The rasteriser against its readable twin and against an independent renderer's rules."""

from __future__ import annotations

import numpy as np
from garrick.bodies.head import load_head
from garrick.core.camera import Camera
from garrick.rendering.rasterise import NOTHING, rasterise
from garrick.rendering.rasterise_reference import rasterise_reference
from hypothesis import given, settings
from hypothesis import strategies as st


def camera(size: int) -> Camera:
    world_to_camera = np.diag([1.0, -1.0, -1.0, 1.0])
    world_to_camera[:3, 3] = 0, 0, 0.6
    return Camera(
        np.array([[1.8 * size, 0, size / 2], [0, 1.8 * size, size / 2], [0, 0, 1]]), world_to_camera, (size, size)
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), scale=st.sampled_from([1, 2]))
def test_fast_and_readable_rasterisers_agree(seed, scale):
    rng = np.random.default_rng(seed)
    screen = np.column_stack([rng.uniform(-8, 32, (30, 2)), rng.uniform(-0.2, 2, 30)]).astype(np.float32)
    triangles = rng.integers(0, 30, (40, 3)).astype(np.int32)
    fast, slow = rasterise(screen, triangles, (24, 20), scale), rasterise_reference(screen, triangles, (24, 20), scale)
    same = fast.triangle == slow.triangle
    assert same.mean() > 0.995  # a sample right on an edge may fall to either side
    seen = same & (fast.triangle != NOTHING)
    np.testing.assert_allclose(fast.depth[seen], slow.depth[seen], rtol=1e-4)
    np.testing.assert_allclose(fast.weights[seen], slow.weights[seen], atol=2e-3)


def test_head_is_covered_alike_and_without_holes():
    head = load_head()
    screen = camera(64).project(head.vertices(head.average_adult)).astype(np.float32)
    fast, slow = rasterise(screen, head.triangles, (64, 64)), rasterise_reference(screen, head.triangles, (64, 64))
    assert (fast.triangle != slow.triangle).mean() < 0.002
    covered = fast.triangle != NOTHING
    rows = covered[10:40]
    gaps = [row[np.flatnonzero(row)[0] : np.flatnonzero(row)[-1]].all() for row in rows if row.any()]
    assert all(gaps)


def test_interpolated_position_is_the_sample(portrait):
    """Perspective-correct weights carry any attribute: the interpolated vertex projects back to its sample."""
    head = load_head()
    vertices = head.vertices(portrait.identity, portrait.face, neck=portrait.head_rotation)
    screen = portrait.camera.project(vertices).astype(np.float32)
    seen = rasterise(screen, head.triangles, portrait.camera.size)
    y, x = np.nonzero(seen.triangle != NOTHING)
    corners = vertices[head.triangles[seen.triangle[y, x]]]
    weights = seen.weights[y, x]
    weights = np.column_stack([weights, 1 - weights.sum(axis=1)])
    there = portrait.camera.project((corners * weights[..., None]).sum(axis=1))
    np.testing.assert_allclose(there[:, 0], x + 0.5, atol=0.02)
    np.testing.assert_allclose(there[:, 1], y + 0.5, atol=0.02)
    np.testing.assert_allclose(there[:, 2], seen.depth[y, x], atol=1e-4)


def test_nothing_behind_the_camera_is_drawn():
    screen = np.array([[0, 0, -1], [10, 0, 1], [0, 10, 1]], np.float32)
    assert (rasterise(screen, np.array([[0, 1, 2]], np.int32), (10, 10)).triangle == NOTHING).all()
