"""The torch rasteriser against the kernels, on small meshes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from garrick.rendering.rasterise import NOTHING, front_triangles, rasterise
from garrick.rendering.torch_engine import raster
from garrick.rendering.torch_engine.geometry import front
from hypothesis import given, settings
from hypothesis import strategies as st

SIZE = (24, 20)


def meshes(seed: int, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Screens of frames, (B, 30, 3), some of it outside and behind, and (T, 3) triangles, none of them twice."""
    rng = np.random.default_rng(seed)
    screen = np.concatenate([rng.uniform(-8, 32, (frames, 30, 2)), rng.uniform(-0.2, 2, (frames, 30, 1))], axis=2)
    corners = np.unique(np.sort(rng.integers(0, 30, (40, 3)), axis=1), axis=0)  # of two that are one, either is right
    return screen.astype(np.float32), rng.permuted(corners, axis=1).astype(np.int32)


def seen(screen: np.ndarray, triangles: np.ndarray, scale: int = 1, kept: np.ndarray | None = None) -> raster.Seen:
    chosen = None if kept is None else torch.from_numpy(kept)
    return raster.rasterise(torch.from_numpy(screen), torch.from_numpy(triangles).long(), SIZE, scale, chosen)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), scale=st.sampled_from([1, 2]), frames=st.integers(1, 3))
def test_frames_drawn_together_are_what_the_kernel_draws_of_each(seed, scale, frames):
    screen, triangles = meshes(seed, frames)
    twin = seen(screen, triangles, scale)
    for frame in range(frames):
        kernel = rasterise(screen[frame], triangles, SIZE, scale)
        same = twin.triangle[frame].numpy() == kernel.triangle
        assert same.mean() > 0.998  # a sample right on an edge may fall to either side
        np.testing.assert_allclose(twin.depth[frame].numpy()[same], kernel.depth[same], rtol=1e-5)
        covered = same & (kernel.triangle != NOTHING)
        np.testing.assert_allclose(twin.weights[frame].numpy()[covered], kernel.weights[covered], atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_triangles_that_do_not_count_are_not_seen(seed):
    (screen,), triangles = meshes(seed, 1)
    closed = np.random.default_rng(seed).uniform(size=len(triangles)) < 0.7
    chosen = front_triangles(screen, triangles, closed)
    kept = front(torch.from_numpy(screen[None]), torch.from_numpy(triangles).long(), torch.from_numpy(closed)).numpy()
    np.testing.assert_array_equal(np.flatnonzero(kept[0]), chosen)
    twin, kernel = seen(screen[None], triangles, kept=kept), rasterise(screen, triangles[chosen], SIZE)
    wanted = np.where(kernel.triangle == NOTHING, NOTHING, np.append(chosen, 0)[kernel.triangle])
    assert (twin.triangle[0].numpy() == wanted).mean() > 0.998


def test_it_does_not_matter_how_many_samples_are_taken_at_once(monkeypatch):
    screen, triangles = meshes(7, 3)
    whole = seen(screen, triangles, 2)
    monkeypatch.setattr(raster, "_AT_ONCE", 101)
    pieces = seen(screen, triangles, 2)
    for name in ("triangle", "weights", "depth"):
        assert torch.equal(getattr(whole, name), getattr(pieces, name)), name


@pytest.mark.parametrize("depth", [-1.0, 0.0])
def test_nothing_behind_the_camera_is_drawn(depth):
    screen = np.array([[[0, 0, depth], [20, 0, 1], [0, 20, 1]]], np.float32)
    twin = seen(screen, np.array([[0, 1, 2]], np.int32))
    assert (twin.triangle == NOTHING).all()
    assert torch.isinf(twin.depth).all()
