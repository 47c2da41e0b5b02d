"""Both rasterisers against OpenGL, by pyrender, whose code is nobody's here; where it is installed and can draw."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from garrick.bodies.head import load_head
from garrick.core.camera import Camera
from garrick.rendering.puppet import make_puppet
from garrick.rendering.rasterise import rasterise
from garrick.rendering.torch_engine.raster import rasterise as rasterise_torch

_SIDE = 4  # pixels of OpenGL along one of ours: it takes its depth at a place beside the middle


@pytest.fixture(scope="module")
def pyrender():
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    if not hasattr(np, "infty"):
        np.infty = np.inf  # numpy 2 has dropped what pyrender asks for
    try:
        import pyrender
    except Exception as error:  # OpenGL's loader fails in ways of its own
        pytest.skip(f"pyrender cannot be used here: {error}")
    return pyrender


def drawn(pyrender, points: np.ndarray, triangles: np.ndarray, camera: Camera, size: tuple[int, int]) -> np.ndarray:
    """(H, W) depth in metres, 0 where nothing is."""
    scale = size[0] / camera.size[0]
    (fx, _, cx), (_, fy, cy), _ = camera.intrinsics * scale
    scene = pyrender.Scene()
    primitive = pyrender.Primitive(positions=points, indices=triangles)
    primitive.material = pyrender.MetallicRoughnessMaterial(doubleSided=True)
    scene.add(pyrender.Mesh([primitive]))
    there = np.linalg.inv(camera.world_to_camera) @ np.diag([1.0, -1, -1, 1])  # OpenGL looks along -z, with y up
    scene.add(pyrender.IntrinsicsCamera(fx, fy, cx, cy, znear=0.1, zfar=3), pose=there)
    renderer = pyrender.OffscreenRenderer(*size)
    try:
        return renderer.render(scene, pyrender.RenderFlags.DEPTH_ONLY)
    finally:
        renderer.delete()


def test_a_head_has_opengls_depth_and_outline(pyrender, portrait):
    puppet = make_puppet(load_head(), portrait)
    points, triangles, camera = puppet.pose(puppet.source), puppet.head.triangles, portrait.camera
    screen = camera.project(points).astype(np.float32)
    try:
        theirs = drawn(pyrender, points, triangles, camera, (camera.size[0] * _SIDE, camera.size[1] * _SIDE))
    except Exception as error:
        pytest.skip(f"OpenGL cannot draw here: {error}")
    kernels = rasterise(screen, triangles, camera.size, _SIDE).depth
    twin = rasterise_torch(torch.from_numpy(screen[None]), torch.from_numpy(triangles).long(), camera.size, _SIDE)
    for ours in (kernels, twin.depth[0].numpy()):
        there, seen = theirs > 0, np.isfinite(ours)
        print((there != seen).sum(), seen.sum())
        both = there & seen
        away = np.abs(ours - theirs)[both]
        print(np.percentile(away, [50, 90, 99, 99.9]))
        assert (there != seen).mean() < 0.001
        assert np.percentile(away, 99) < 1e-3
