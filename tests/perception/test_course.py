"""The part of a reading that goes with the turn of the head is taken off, and expression stays."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.core.rotation import rotation_matrices
from garrick.perception.course import course_at, facing, learn_course

FRAMES = 300


def turns(seed: int) -> np.ndarray:
    """(F, 3) features of a head that looks around."""
    clock = np.arange(FRAMES) / 25
    poses = np.stack([0.1 * np.sin(clock * 1.3 + seed), 0.4 * np.sin(clock), np.zeros(FRAMES)], axis=1)
    return np.array([facing(turn) for turn in rotation_matrices(poses)])


def expression(seed: int) -> np.ndarray:
    """(F,) a weight that moves now and then."""
    face, rng = np.zeros(FRAMES), np.random.default_rng(seed)
    for start in rng.integers(0, FRAMES - 12, 6):
        face[start : start + 12] = 0.6 * np.hanning(12)
    return face


@pytest.mark.parametrize("seed", range(4))
def test_what_goes_with_the_head_is_taken_off_and_expression_stays(seed: int) -> None:
    features, shown = turns(seed), expression(seed)
    fault = 0.1 + features @ (0.3, -0.2, 0.5)
    readings = (shown + fault)[:, None]
    course = learn_course(readings, features, np.ones_like(readings, bool), 0.05)
    left = readings - course_at(course, features, 1.0)
    assert np.abs(left[:, 0] - shown).mean() < 0.015
    assert np.abs(left[:, 0] - shown).max() < 0.06


def test_frames_that_do_not_count_teach_nothing() -> None:
    features = turns(1)
    readings = np.full((FRAMES, 2), 0.1)
    readings[200:] = 5.0
    counts = np.zeros_like(readings, bool)
    counts[:200, 0] = True
    course = learn_course(readings, features, counts, 0.05)
    np.testing.assert_allclose(course_at(course, features, 1.0)[:, 0], 0.1, atol=1e-3)
    assert (course[1] == 0).all()


def test_a_head_that_stands_still_has_a_constant_course() -> None:
    features = np.tile(facing(np.eye(3)), (FRAMES, 1))
    course = learn_course(expression(2)[:, None], features, np.ones((FRAMES, 1), bool), 0.05)
    assert np.ptp(course_at(course, features, 1.0)) < 1e-9
    assert course_at(course, features, 1.0).max() < 0.03


def test_no_course_goes_further_than_it_may() -> None:
    course = np.array([[0.5, 0, 0, 0], [-0.05, 0, 0, 0]])
    np.testing.assert_allclose(course_at(course, turns(0), 0.1), np.tile([0.1, -0.05], (FRAMES, 1)))


def test_facing_is_zero_ahead_and_follows_the_face() -> None:
    np.testing.assert_array_equal(facing(np.eye(3)), np.zeros(3))
    aside, up, square = facing(rotation_matrices(np.array([-0.2, 0.3, 0.0])))
    assert aside > 0.2
    assert up > 0.1
    assert square == pytest.approx(aside**2)
