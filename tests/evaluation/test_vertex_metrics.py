"""LVE and FDD on the head's mesh, against displacements that are known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.evaluation.landmarks import MOUTH
from garrick.evaluation.vertices import (
    largest_squared,
    lip_vertex_error,
    lip_vertices,
    upper_face_deviation_on_vertices,
    upper_vertices,
)

FPS = Fraction(25)


def held(weights: dict[str, float], frames: int = 8) -> Performance:
    """An expression that is held."""
    rest = Performance.rest(frames, FPS)
    face = rest.face.copy()
    for name, weight in weights.items():
        face[:, ARKIT_INDEX[name]] = weight
    return replace(rest, face=face)


def test_the_largest_error_of_a_frame_counts_and_it_is_squared() -> None:
    real = np.zeros((2, 5, 3))
    found = real.copy()
    found[0, 3] = (0, 3, 4)
    found[0, 1] = (1, 0, 0)
    found[1] = (0, 0, 2)
    assert largest_squared(found, real).tolist() == [25, 4]


def test_lve_of_an_opened_jaw_is_what_the_mesh_moves_by() -> None:
    head = load_head()
    lips = lip_vertices(head)
    moved = np.linalg.norm(head.face_basis[ARKIT_INDEX["jawOpen"], lips], axis=1).max() * 0.2 * 1000  # mm
    measured = lip_vertex_error(held({"jawOpen": 0.5}), held({"jawOpen": 0.3}))
    assert measured.value == pytest.approx(moved**2, rel=1e-4)
    assert measured.metric.unit == "mm^2"
    assert 2 < moved < 12
    posed = (
        head.vertices(face=held({"jawOpen": 0.5}).face[:1])[0] - head.vertices(face=held({"jawOpen": 0.3}).face[:1])[0]
    )
    assert measured.value == pytest.approx((np.linalg.norm(posed[lips], axis=1).max() * 1000) ** 2, rel=1e-3)


def test_lve_looks_past_the_head_and_the_brows(performed: Performance) -> None:
    assert lip_vertex_error(performed, performed).value == 0
    raised = performed.face.copy()
    raised[:, ARKIT_INDEX["browInnerUp"]] = 1
    other = replace(performed, face=raised, head_rotation=performed.head_rotation + 0.3)
    assert lip_vertex_error(other, performed).value < 1e-3


def test_regions_hold_what_they_are_named_for() -> None:
    head = load_head()
    lips, upper = lip_vertices(head), upper_vertices(head)
    assert set(head.landmark_corners[list(MOUTH)].ravel()) == set(lips)
    assert not set(lips) & set(upper)
    most = np.linalg.norm(head.face_basis, axis=-1).argmax(axis=1)
    assert {most[ARKIT_INDEX[name]] for name in ("browInnerUp", "browDownLeft", "browOuterUpRight")} <= set(upper)
    assert (head.vertex_parts[upper] == 0).all()


def test_fdd_is_the_difference_of_the_deviations_over_time() -> None:
    head = load_head()
    lifted, still = held({}, 20), held({"jawOpen": 0.4}, 30)
    face = lifted.face.copy()
    face[::2, ARKIT_INDEX["browInnerUp"]] = 1.0  # half of the time: the deviation is half of the way
    measured = upper_face_deviation_on_vertices(replace(lifted, face=face), still)
    way = np.linalg.norm(head.face_basis[ARKIT_INDEX["browInnerUp"], upper_vertices(head)], axis=1) * 1000
    assert measured.value == pytest.approx(way.mean() / 2, rel=1e-4)
    assert upper_face_deviation_on_vertices(still, still).value == 0


def test_performances_that_cannot_be_compared_get_a_sentence() -> None:
    rest = held({})
    for found, real in (
        (rest, rest.frames(0, 5)),
        (rest.frames(0, 0), rest.frames(0, 0)),
        (replace(rest, fps=Fraction(30)), rest),
    ):
        with pytest.raises(InputError):
            lip_vertex_error(found, real)
    with pytest.raises(InputError, match="two frames"):
        upper_face_deviation_on_vertices(rest, rest.frames(0, 1))
    with pytest.raises(InputError, match="vertices differ"):
        largest_squared(np.zeros((2, 5, 3)), np.zeros((2, 4, 3)))
