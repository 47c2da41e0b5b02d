"""Closures are shut on shown frames and never pop."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from garrick.core.timing import nearest_frame
from garrick.motion.rules.constraints import hold
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(deadline=None)
@given(st.floats(0.2, 1.8), st.floats(0.005, 0.2), st.fractions(12, 60, max_denominator=1001))
def test_the_frame_nearest_to_the_centre_is_held_and_its_neighbours_ramp(
    centre: float, length: float, fps: Fraction
) -> None:
    amount = hold(np.array([[centre - length / 2, centre, centre + length / 2]]), 200, fps)
    assert amount[nearest_frame(centre, fps)] == 1
    shut = np.flatnonzero(amount == 1)
    before, after = amount[shut[0] - 1], amount[shut[-1] + 1]
    assert 0 < before < 1
    assert 0 < after < 1
    assert (np.diff(amount[: shut[0] + 1]) >= 0).all()
    assert (np.diff(amount[shut[-1] :]) <= 0).all()


def test_two_closures_in_the_same_frame_share_it() -> None:
    amount = hold(np.array([[0.49, 0.495, 0.5], [0.505, 0.51, 0.515]]), 24, Fraction(12))
    assert np.flatnonzero(amount == 1).tolist() == [6]
