"""FLAME's interface, on a file in FLAME's format made from our own head (the real one is licensed and never in tests)."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from garrick.bodies.flame import load_flame
from garrick.bodies.head import load_head
from garrick.bodies.surface import closest_points
from garrick.core.arkit import ARKIT_INDEX
from garrick.errors import MissingError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Skin and eyes of our head, triangulated, a little larger and elsewhere, with FLAME's keys."""
    path, ours = tmp_path_factory.mktemp("flame"), load_head()
    kept = np.isin(ours.vertex_parts, (0, 1, 2, 4))
    order = np.cumsum(kept) - 1
    faces = order[ours.triangles[kept[ours.triangles].all(axis=1)]]
    template = ours.template[kept] * 1.07 + (0.01, 0.03, -0.02)
    regressor = np.zeros((5, len(template)))
    for joint, place in enumerate(ours.joint_template * 1.07 + (0.01, 0.03, -0.02)):
        near = np.argsort(np.linalg.norm(template - place, axis=1))[:60]
        system = np.vstack([template[near].T, np.ones(60)])
        regressor[joint, near] = np.linalg.pinv(system) @ np.append(place, 1)
    shapes = np.zeros((len(template), 3, 400))
    shapes[:, :, :100] = np.moveaxis(ours.identity_basis[:, kept], 0, 2) * 1.07
    np.savez(
        path / "FLAME_NEUTRAL.npz",
        v_template=template, f=faces.astype(np.uint32), shapedirs=shapes, weights=ours.weights[kept],
        posedirs=np.zeros((len(template), 3, 36)), J_regressor=regressor,
        kintree_table=np.array([[4294967295, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.int64),
    )  # fmt: skip
    with (path / "flame_static_embedding.pkl").open("wb") as file:
        pickle.dump({"lmk_face_idx": np.zeros(51, np.int64), "lmk_b_coords": np.full((51, 3), 1 / 3)}, file)
    return path


def test_missing_files_are_named(tmp_path):
    with pytest.raises(MissingError, match="FLAME_NEUTRAL"):
        load_flame(tmp_path)


def test_flame_head_moves_like_ours(folder):
    flame, ours = load_flame(folder), load_head()
    assert flame.identity_basis.shape[0] == 100
    face = np.zeros(52, np.float32)
    face[ARKIT_INDEX["jawOpen"]] = 0.5
    gap = flame.lip_gap(flame.vertices(face=face))
    assert gap == pytest.approx(1.07 * ours.lip_gap(ours.vertices(face=face)), rel=0.15)
    sealed = face.copy()
    sealed[ARKIT_INDEX["mouthClose"]] = 0.5
    assert flame.lip_gap(flame.vertices(face=sealed)) < 0.1 * gap
    there = (flame.landmarks(flame.template) - (0.01, 0.03, -0.02)) / 1.07
    assert np.linalg.norm(there - ours.landmarks(ours.template), axis=1).mean() < 0.002


def test_flame_posing_is_smplx_posing(folder):
    """Same numbers as smplx itself for identity, neck and jaw."""
    import smplx
    import torch

    flame = load_flame(folder)
    model = smplx.FLAME(str(folder), ext="npz", num_betas=100, num_expression_coeffs=1)
    rng = np.random.default_rng(0)
    identity = rng.normal(size=100).astype(np.float32)
    neck, jaw = np.array([0.1, 0.3, 0.0], np.float32), np.array([0.2, 0.0, 0.0], np.float32)
    theirs = model(
        betas=torch.from_numpy(identity)[None],
        neck_pose=torch.from_numpy(neck)[None],
        jaw_pose=torch.from_numpy(jaw)[None],
    )
    ours = flame.vertices(identity, neck=neck, jaw=jaw)
    np.testing.assert_allclose(ours, theirs.vertices[0].detach().numpy(), atol=2e-5)


def test_closest_points_are_closest():
    rng = np.random.default_rng(1)
    vertices, triangles = rng.normal(size=(12, 3)), rng.integers(0, 12, (20, 3))
    points = rng.normal(size=(15, 3))
    found = closest_points(points, vertices, triangles)
    samples = rng.dirichlet((1, 1, 1), 4000)
    for point, distance in zip(points, found.distance, strict=True):
        cloud = np.einsum("sk,tkc->tsc", samples, vertices[triangles])
        assert distance <= np.linalg.norm(cloud - point, axis=2).min() + 1e-9
    back = found.carry(vertices)
    np.testing.assert_allclose(np.linalg.norm(back - points, axis=1), found.distance, atol=1e-9)
