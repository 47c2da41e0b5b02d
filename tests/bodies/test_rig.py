"""The published rig: a host that follows the description gets Garrick's own vertices."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.head import PARTS, load_head
from garrick.bodies.mouth import mouth_offsets
from garrick.bodies.rig import rig_arrays
from garrick.core.arkit import ARKIT_INDEX
from garrick.rendering.puppet import make_puppet


@pytest.fixture(scope="module")
def rig(portrait):
    return rig_arrays(load_head(), portrait)


def shaped(rig, weights):
    """(V, 3) the description's vertices under (52,) weights."""
    vertices = rig["vertices"].copy()
    for shape, weight in enumerate(weights):
        entries = slice(rig["shape_starts"][shape], rig["shape_starts"][shape + 1])
        np.add.at(vertices, rig["shape_vertices"][entries], weight * rig["shape_deltas"][entries])
    return vertices


def test_shapes_add_up_to_the_head(rig, portrait):
    head = load_head()
    weights = np.random.default_rng(3).random(52).astype(np.float32)
    rest = head.vertices(portrait.identity)
    expected = head.vertices(portrait.identity, weights) + mouth_offsets(head, rest)
    np.testing.assert_allclose(shaped(rig, weights), expected, atol=1e-4)


@pytest.mark.parametrize("weights", [{}, {"jawOpen": 0.7}, {"jawOpen": 0.4, "tongueOut": 0.8}])
def test_the_mouth_is_that_of_the_frames(rig, portrait, weights):
    """Teeth, gums and tongue lie where the renderer has them, at rest and as jaw and tongue move."""
    head, face = load_head(), np.zeros(52, np.float32)
    for name, value in weights.items():
        face[ARKIT_INDEX[name]] = value
    inside = np.isin(head.vertex_parts, [PARTS.index(part) for part in ("teeth", "gums", "tongue")])
    drawn = make_puppet(head, portrait).head.vertices(face=face)
    np.testing.assert_allclose(shaped(rig, face)[inside], drawn[inside], atol=1e-4)
    moved = np.abs(shaped(rig, face) - head.vertices(portrait.identity, face)).max(axis=1)
    assert moved[inside].max() > 0.004
    assert moved[~inside].max() < 1e-4


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
