"""The lips that motion closes are those that the renderer shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.motion.lips import lips_of
from garrick.motion.perform import rest_face
from garrick.rendering.puppet import make_puppet
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_samples import closed_portrait, smiling_portrait


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_gap_is_that_of_the_mesh(seed: int) -> None:
    rng = np.random.default_rng(seed)
    head, portrait = load_head(), closed_portrait()
    portrait = replace(portrait, identity=rng.normal(0, 1, len(portrait.identity)).astype(np.float32))
    lips = lips_of(head, portrait.identity)
    face = rng.random((4, 52)).astype(np.float32) * 0.5
    mesh = head.lip_gap(head.vertices(portrait.identity, face))
    assert np.allclose(np.maximum(lips.gap(face), 0), mesh, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_face_can_be_closed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lips = lips_of(load_head(), closed_portrait().identity)
    closed = lips.closed(rng.random((8, 52)))
    assert (lips.gap(closed) <= 1e-6).all()
    assert closed.min() >= 0
    assert closed.max() <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.003), st.floats(-0.006, 0.001))
def test_lips_go_where_the_teeth_ask_for_them(seed: int, above: float, highest: float) -> None:
    lips = lips_of(load_head(), closed_portrait().identity)
    face = np.random.default_rng(seed).random((8, 52)) * 0.25
    placed = lips.around_teeth(face, above, (highest - 0.001, highest))
    upper, lower = lips.beside_teeth(placed)
    assert (upper >= above - 1e-5).all()
    assert (lower <= highest + 1e-5).all()
    assert (lower >= highest - 0.001 - 1e-5).all()
    assert placed.min() >= 0
    assert placed.max() <= 1
    assert np.allclose(lips.around_teeth(placed, above - 1e-4, (highest - 0.0011, highest + 1e-4)), placed)


def test_closed_lips_are_left_alone_and_parted_ones_closed_at_rest() -> None:
    head = load_head()
    closed, smiling = closed_portrait(), smiling_portrait()
    assert np.array_equal(rest_face(closed.face, lips_of(head, closed.identity)), closed.face.astype(np.float64))
    lips = lips_of(head, smiling.identity)
    assert lips.gap(smiling.face) > 0.003
    assert lips.gap(rest_face(smiling.face, lips)) <= 0


@pytest.mark.parametrize("pixels", [-0.5, 0.0, 0.5])
def test_lips_seal_on_the_puppet_though_the_fit_misses_them_by_half_a_millimetre(pixels: float) -> None:
    head, portrait = load_head(), smiling_portrait()
    parted = portrait.landmarks.copy()
    lower_inner = [14, 87, 178, 88, 95, 317, 402, 318, 324]  # MediaPipe's inner rim of the lower lip
    parted[lower_inner, 1] += pixels
    portrait = replace(portrait, landmarks=parted)
    puppet, lips = make_puppet(head, portrait), lips_of(head, portrait.identity)
    closed = lips.closed(portrait.face[None].astype(np.float64)).astype(np.float32)
    open_range = 0.012  # metres, a wide "aa"
    assert puppet.head.lip_gap(puppet.head.vertices(face=closed))[0] <= 0.05 * open_range
