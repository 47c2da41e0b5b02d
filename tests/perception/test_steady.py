"""Tracked curves without trembling: noise goes, blinks stay, nothing leaks over a cut."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.blink import LIDS
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception.clip_fit import BLINKS, _opening, _with_own_blinks
from garrick.perception.fit import Problem
from garrick.perception.steady import bridged, steady_face, steady_gaze, steady_head

BLINK, JAW = ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["jawOpen"]


def bent(curves: np.ndarray) -> float:
    return float(np.abs(np.diff(curves, 2, axis=0)).mean())


def test_what_rests_stops_trembling_and_nothing_leaves_its_range() -> None:
    noisy = np.clip(0.3 + np.random.default_rng(0).normal(0, 0.02, (200, 52)), 0, 1)
    smooth = steady_face(noisy, ())
    assert bent(smooth) < 0.1 * bent(noisy)
    assert np.abs(smooth.mean(axis=0) - noisy.mean(axis=0)).max() < 0.005
    assert 0 <= smooth.min() <= smooth.max() <= 1


@pytest.mark.parametrize(("row", "length", "kept"), [(BLINK, 3, 0.85), (JAW, 5, 0.8)])
def test_what_moves_keeps_its_height_and_its_time(row: int, length: int, kept: float) -> None:
    face = np.zeros((60, 52))
    face[30 - length // 2 : 31 + length // 2, row] = np.hanning(length + 2)[1:-1]
    smooth = steady_face(face, ())
    assert smooth[:, row].argmax() == 30
    assert smooth[30, row] > kept * face[30, row]


def test_nothing_leaks_over_a_cut() -> None:
    face, head = np.zeros((40, 52)), np.zeros((40, 3))
    face[20:], head[20:] = 0.8, 0.5
    np.testing.assert_allclose(steady_face(face, (20,)), face, atol=1e-12)
    np.testing.assert_allclose(steady_head(head, (20,)), head, atol=1e-12)


def test_a_head_that_turns_evenly_is_left_alone() -> None:
    turning = np.linspace(0, 1, 30)[:, None] * (0.2, -0.5, 0.1)
    np.testing.assert_allclose(steady_head(turning, ()), turning, atol=1e-9)


def test_a_gap_is_straight_and_ends_are_held() -> None:
    curve = np.arange(12.0)[:, None] ** 2
    seen = np.ones(12, bool)
    seen[[0, 4, 5, 11]] = False
    filled = bridged(curve, seen, (8,))
    assert filled[0, 0] == 1
    assert filled[[4, 5], 0].tolist() == [18, 27]
    assert filled[11, 0] == 100
    assert (filled[seen] == curve[seen]).all()


def test_shut_eyes_look_where_they_did() -> None:
    face, gaze = np.zeros((9, 52)), np.zeros((9, 2, 2))
    gaze[:, :, 0] = np.linspace(0, 0.16, 9)[:, None]
    face[4, BLINK] = 0.9
    gaze[4] = -0.6
    steady, seen = steady_gaze(gaze, face)
    assert seen.tolist() == [True] * 4 + [False] + [True] * 4
    assert steady[4, :, 0] == pytest.approx(0.08)
    assert np.isfinite(steady_gaze(np.full((3, 2, 2), np.nan), np.zeros((3, 52)))[0]).all()


def test_narrow_eyes_have_short_blinks() -> None:
    """Lids that offsets bring half together meet at half the way, at a weight of 1 again."""
    head = load_head()
    marks = np.zeros((478, 2))
    marks[:468] = head.landmarks(head.template)[:, :2] * (1000, -1000) + 200
    marks[468:] = marks[33]
    marks[[469, 474]] += 5
    problem = Problem.of(head, marks, np.diag([900.0, 900, 1])).of_person(
        np.zeros(len(head.identity_basis)), np.zeros((468, 3))
    )
    offsets = np.zeros((468, 3))
    for loop in LIDS:
        points = problem.mean[list(loop)]
        offsets[list(loop[9:]), 1] = -0.5 * (points[:8:-1, 1] - points[1:8, 1])[::-1]
    narrow_head, narrow = _with_own_blinks(head, problem, offsets)
    for blink, loop in zip(BLINKS, LIDS, strict=True):
        assert np.abs(narrow_head.face_basis[blink]).max() == pytest.approx(
            0.5 * np.abs(head.face_basis[blink]).max(), rel=0.02
        )
        shut = (problem.mean + offsets + narrow.basis[:, :, blink])[list(loop), :2]
        assert _opening(shut) < 0.25 * _opening((problem.mean + offsets)[list(loop), :2])
    jaw = ARKIT_INDEX["jawOpen"]
    assert np.array_equal(narrow.basis[:, :, jaw], problem.basis[:, :, jaw])
