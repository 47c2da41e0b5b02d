"""The published rig: a host that follows the description gets Garrick's own vertices."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.bodies.rig import rig_arrays


@pytest.fixture(scope="module")
def rig(portrait):
    return rig_arrays(load_head(), portrait)


def test_shapes_add_up_to_the_head(rig, portrait):
    head, rng = load_head(), np.random.default_rng(3)
    weights = rng.random(52).astype(np.float32)
    vertices = rig["vertices"].copy()
    for shape, weight in enumerate(weights):
        entries = slice(rig["shape_starts"][shape], rig["shape_starts"][shape + 1])
        np.add.at(vertices, rig["shape_vertices"][entries], weight * rig["shape_deltas"][entries])
    np.testing.assert_allclose(vertices, head.vertices(portrait.identity, weights), atol=1e-4)


def test_description_is_consistent(rig):
    corners = int(rig["polygon_sizes"].sum())
    assert corners == len(rig["loops"]) == len(rig["uv"]) == len(rig["photo_uv"])
    assert len(rig["material"]) == len(rig["polygon_sizes"])
    assert rig["material"].max() < len(rig["material_names"])
    assert (
        len(rig["joint_names"]) == len(rig["joint_parents"]) == len(rig["joint_positions"]) == rig["weights"].shape[1]
    )
    assert all(parent < joint for joint, parent in enumerate(rig["joint_parents"]))
    assert 0 <= rig["uv"].min() <= rig["uv"].max() <= 1


def test_photo_uv_lands_the_nose_on_the_nose(rig, portrait):
    head = load_head()
    tip = int(np.argmin(np.linalg.norm(head.template - head.landmarks(head.template)[1], axis=1)))
    corner = int(np.flatnonzero(rig["loops"] == tip)[0])
    width, height = portrait.camera.size
    pixel = rig["photo_uv"][corner] * (1, -1) * (width, height) + (0, height)
    assert np.linalg.norm(pixel - portrait.landmarks[1]) < 0.03 * width
