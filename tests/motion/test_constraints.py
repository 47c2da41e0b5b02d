"""Closures are shut on shown frames and never pop; teeth and tongue show where phones ask for them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.timing import nearest_frame
from garrick.motion.lips import Lips, lips_of
from garrick.motion.rules.constraints import hold, obey_rules
from garrick.speech.speech import Phone
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_samples import closed_portrait

FPS = Fraction(25)


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


@pytest.fixture(scope="module")
def lips() -> Lips:
    return lips_of(load_head(), closed_portrait().identity)


def faces(**weights: float) -> np.ndarray:
    """Half a second of one face."""
    face = np.zeros((13, 52))
    for name, weight in weights.items():
        face[:, ARKIT_INDEX[name]] = weight
    return face


FACES = {
    "an open vowel": {"jawOpen": 0.4, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2},
    "pressed lips": {"jawOpen": 0.07, "mouthClose": 0.19, "mouthPressLeft": 0.1, "mouthPressRight": 0.1},
    "a jaw that hangs behind shut lips": {"jawOpen": 0.35, "mouthClose": 0.36},
    "rounded lips": {"jawOpen": 0.15, "mouthFunnel": 0.3, "mouthPucker": 0.5},
    "a smile": {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6},
}


@pytest.mark.parametrize("name", FACES)
@pytest.mark.parametrize("symbol", ["F", "V"])
def test_the_lower_lip_meets_the_upper_teeth_which_show(lips: Lips, symbol: str, name: str) -> None:
    upper, lower = lips.beside_teeth(obey_rules(faces(**FACES[name]), [Phone(symbol, 0.2, 0.3)], FPS, lips)[6])
    assert upper > 0.0024
    assert -0.0001 < lower < 0.0009


@pytest.mark.parametrize("name", FACES)
@pytest.mark.parametrize(("symbol", "out", "below"), [("TH", 0.449, 0.0039), ("DH", 0.26, 0.0)])
def test_the_tongue_shows_between_the_teeth(lips: Lips, name: str, symbol: str, out: float, below: float) -> None:
    face = obey_rules(faces(**FACES[name]), [Phone(symbol, 0.2, 0.3)], FPS, lips)[6]
    assert face[ARKIT_INDEX["tongueOut"]] > out
    assert lips.beside_teeth(face)[1] < -below


@pytest.mark.parametrize("symbol", ["S", "SH"])
def test_a_jaw_that_closes_behind_shut_lips_does_not_push_them_over_each_other(lips: Lips, symbol: str) -> None:
    face = faces(jawOpen=0.35, mouthClose=0.36)
    closed = obey_rules(face, [Phone(symbol, 0.2, 0.3)], FPS, lips)
    assert closed[6, ARKIT_INDEX["jawOpen"]] < 0.1
    assert lips.gap(closed[6]) > lips.gap(face[6]) - 0.001
