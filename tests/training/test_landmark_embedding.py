"""Landmarks whose place on the head is known are put there, whichever lip the closed mouth hides."""

import numpy as np
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.training.landmark_embedding import embed


def test_points_are_found_where_they_move_with_the_surface():
    head, rng = load_head(), np.random.default_rng(0)
    shown, seen = [], []
    for _index in range(24):
        face = np.zeros(52, np.float32)
        face[[ARKIT_INDEX[name] for name in ("jawOpen", "mouthSmileLeft", "browInnerUp")]] = rng.uniform(0, 0.6, 3)
        turn = rng.uniform(-0.2, 0.2, 3).astype(np.float32)
        vertices = head.vertices(head.average_adult, face, neck=turn)
        pixels = vertices[:, :2] * 1200 * (1 + 0.8 * vertices[:, 2:])  # a lens that is near
        shown.append(pixels)
        seen.append((pixels[head.landmark_corners] * head.landmark_weights[..., None]).sum(axis=1))
    noise = rng.normal(0, 0.2, np.array(seen).shape)
    triangles, weights, cost = embed(head, np.array(shown), np.array(seen) + noise)
    found = (head.template[head.triangles[triangles]] * weights[..., None]).sum(axis=1)
    apart = np.linalg.norm(found - head.landmarks(head.template), axis=1) * 1e3
    assert np.median(apart) < 0.5
    assert (apart < 2).mean() > 0.97
    assert np.sqrt(cost).mean() < 0.6
    upper, lower = head.lips[head.triangles[triangles[[13, 14]]]]
    assert 2 not in upper
    assert 1 not in lower
