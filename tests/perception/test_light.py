"""The light that a face is lit with is read back from its shading."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.head import Head, load_head
from garrick.core.camera import Camera
from garrick.perception.light import estimate_light
from garrick.rendering.rasterise import NOTHING, rasterise

SKIN = np.array([0.55, 0.33, 0.24])
CAMERA = Camera(
    np.array([[700.0, 0, 128], [0, 700, 128], [0, 0, 1]]),
    np.block([[np.diag([1.0, -1, -1]), np.array([[0], [0], [0.9]])], [np.zeros((1, 3)), np.ones((1, 1))]]),
    (256, 256),
)


def photograph(head: Head, vertices: np.ndarray, light: np.ndarray) -> np.ndarray:
    """(256, 256, 3) uint8 sRGB: the head with one skin colour under first-order light (4, 3)."""
    seen = rasterise(CAMERA.project(vertices).astype(np.float32), head.triangles, CAMERA.size)
    corners = head.triangles[np.maximum(seen.triangle, 0)]
    weights = np.concatenate([seen.weights, 1 - seen.weights.sum(axis=2, keepdims=True)], axis=2)
    shading = light[0] + head.normals(vertices) @ light[1:]
    linear = np.clip(((SKIN * shading)[corners] * weights[..., None]).sum(axis=2), 0, 1)
    shown = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.where(seen.triangle[..., None] != NOTHING, shown * 255 + 0.5, 90).astype(np.uint8)


@pytest.mark.parametrize("direction", [(0.5, 0.3, 0.8), (-0.6, 0.1, 0.7), (0.0, 0.7, 0.7)])
@pytest.mark.parametrize("warmth", [0.0, 0.2])
def test_direction_and_colour_come_back_and_strength_is_held_back(direction, warmth):
    head = load_head()
    vertices = head.vertices(head.average_adult)
    towards = np.array(direction) / np.linalg.norm(direction)
    colour = np.array([1 + warmth, 1, 1 - warmth])
    light = np.concatenate([np.full((1, 3), 0.7), 0.5 * towards[:, None] * colour])
    found = estimate_light(head, vertices, head.normals(vertices), photograph(head, vertices, light), CAMERA)
    assert found.shape == (4, 3)
    for channel in range(3):
        cosine = found[1:, channel] @ towards / np.linalg.norm(found[1:, channel])
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))) < 20
    contrast, true = (np.linalg.norm(one[1:], axis=0) / one[0] for one in (found, light))
    assert (contrast > 0.5 * true).all()
    assert (contrast < 1.1 * true).all()  # held back and never exaggerated: a turned head must not flicker
    if warmth:
        assert contrast[0] > contrast[2]


def test_flat_light_is_flat():
    head = load_head()
    vertices = head.vertices(head.average_adult)
    light = np.concatenate([np.ones((1, 3)), np.zeros((3, 3))])
    found = estimate_light(head, vertices, head.normals(vertices), photograph(head, vertices, light), CAMERA)
    np.testing.assert_allclose(found, light, atol=0.04)
