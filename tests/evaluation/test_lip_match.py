"""Lips against the lips of another clip: the same lips match, late ones are late by as much, and still ones say nothing."""

from fractions import Fraction

import numpy as np
import pytest
from garrick.evaluation.lip_match import lip_match

FPS = Fraction(25)
TIMES = np.arange(200) / 25


def lips(times: np.ndarray) -> np.ndarray:
    """Something that never repeats, 0..0.2 of the eyes' distance."""
    return 0.1 + 0.05 * np.sin(7 * times) + 0.05 * np.sin(11.3 * times + times**2 / 5)


def test_the_same_lips_match():
    correlation, difference, lag = lip_match(lips(TIMES), lips(TIMES), FPS)
    assert correlation.value == pytest.approx(1)
    assert difference.value == 0
    assert lag.value == pytest.approx(0, abs=1)
    assert not correlation.warning + difference.warning + lag.warning


@pytest.mark.parametrize("late", [-0.08, 0.08, 0.2])
def test_late_lips_follow_less_and_are_late_by_as_much(late):
    correlation, _, lag = lip_match(lips(TIMES - late), lips(TIMES), FPS)
    assert correlation.value < 0.95
    assert lag.value == pytest.approx(1000 * late, abs=5)


def test_the_difference_is_in_the_lips_own_unit_and_the_median():
    wider = lips(TIMES) + 0.03
    wider[:60] += 5
    wider[190:] = np.nan
    _, difference, _ = lip_match(wider, lips(TIMES), FPS)
    assert difference.value == pytest.approx(0.03)
    assert difference.samples == 190
    assert difference.each is not None
    assert np.isnan(difference.each).sum() == 10


@pytest.mark.parametrize("still", [np.full(200, 0.04), np.full(200, np.nan)])
def test_lips_that_never_move_or_are_never_seen_have_a_warning(still):
    correlation, difference, lag = lip_match(still, lips(TIMES), FPS)
    assert np.isnan(correlation.value)
    assert np.isnan(lag.value)
    assert correlation.warning
    assert lag.warning
    assert np.isnan(difference.value) == bool(difference.warning)


def test_lips_that_say_something_else_have_no_lag_to_rely_on():
    other = np.random.default_rng(2).uniform(0, 0.2, 200)
    correlation, _, lag = lip_match(other, lips(TIMES), FPS)
    assert abs(correlation.value) < 0.3
    assert lag.warning.startswith("The lips follow the video's at no lag") or "beyond" in lag.warning
