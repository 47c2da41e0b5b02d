"""The painted skin of a hand: pale palms, dark knuckles, creases that run across fingers, nails on their backs."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.body import make_figure
from garrick.bodies.head import load_head
from garrick.rendering.hand_skin import hand_traits, paint_skin

TRAITS = hand_traits(np.zeros(8))
LIGHT, DARK = np.array([0.82, 0.62, 0.52]), np.array([0.38, 0.25, 0.18])


@pytest.fixture(scope="module")
def figure(body_data):
    return make_figure(load_head(), load_head().average_adult)


def painted(figure, skin: np.ndarray, place: np.ndarray, normal: np.ndarray) -> np.ndarray:
    place, normal = np.atleast_2d(place), np.atleast_2d(normal)
    reach = np.full(len(place), 2.5)
    return paint_skin(skin, skin, TRAITS, figure, place, np.broadcast_to(normal, place.shape), reach)


def around(figure, joint: int, share: float, up: float) -> tuple[np.ndarray, np.ndarray]:
    """(24, 3) places on a finger's back (up 1) or front (-1), a share along the bone of the joint, and (3,) its normal."""
    hand, bones = figure.hands[1], figure.hand_joints[1]
    tip = figure.rest[figure.parts[3]][hand.tips[(joint - 1) // 3]]
    end = tip if joint % 3 == 0 else bones[joint + 1]
    normal = up * hand.axes[joint - 1, 1]
    spread = np.linspace(-0.003, 0.003, 24)[:, None] * hand.axes[joint - 1, 0]
    return bones[joint] + share * (end - bones[joint]) + 0.006 * normal + spread, normal


@pytest.mark.parametrize("skin", [LIGHT, DARK])
def test_palms_are_paler_than_backs_most_of_all_of_dark_skin(figure, skin):
    middle = figure.hand_joints[1][[0, 4]].mean(axis=0)
    spots = middle + np.random.default_rng(0).uniform(-0.02, 0.02, (300, 3)) * (1, 0, 1)
    palm, back = (
        painted(figure, skin, spots + np.array([0, 0.01 * up, 0]), np.array([0, up, 0])).mean() for up in (-1, 1)
    )
    assert palm > back * (0.97 if skin is LIGHT else 1.2)  # lines and red mounds take a little of it


def test_a_finger_creases_where_it_bends_and_only_inside(figure):
    shares = np.linspace(-0.3, 0.6, 46)
    front, back = (
        np.array([painted(figure, LIGHT, *around(figure, 2, share, up)).mean() for share in shares]) for up in (-1, 1)
    )
    darkest = shares[front.argmin()]
    assert abs(darkest) < 0.12
    assert front.min() < 0.95 * np.median(front)
    assert back[np.abs(shares) < 0.12].mean() < 0.97 * back[shares > 0.35].mean()  # the knuckle's own skin


def test_a_nail_is_on_the_back_of_a_finger_and_paler_than_its_fold(figure):
    shares = np.linspace(0.3, 0.9, 31)
    back, front = (
        np.array([painted(figure, LIGHT, *around(figure, 6, share, up)).mean() for share in shares]) for up in (1, -1)
    )
    fold, nail = shares[back.argmin()], (shares > 0.55) & (shares < 0.85)
    assert 0.3 < fold < 0.5
    assert back[nail].min() > 1.05 * back.min()
    assert np.ptp(front[nail]) < 0.5 * np.ptp(back)


def test_painting_is_always_the_same_and_stays_in_range(figure):
    spots = figure.rest[figure.parts[3]]
    normal = np.random.default_rng(1).normal(size=spots.shape)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    reach = np.linspace(1.2, 2.8, len(spots))
    colours = [paint_skin(LIGHT, LIGHT, TRAITS, figure, spots, normal, reach) for _ in range(2)]
    np.testing.assert_array_equal(*colours)
    assert colours[0].min() > 0.15
    assert colours[0].max() < 1.1


def test_hands_are_a_persons_own(figure):
    spots = figure.rest[figure.parts[3]]
    normal, reach = np.tile([0.0, 1, 0], (len(spots), 1)), np.full(len(spots), 2.5)
    people = [np.zeros(8), np.full(8, 0.02), np.linspace(-1, 1, 8)]  # the second is the first, fitted again
    first, again, other = (
        paint_skin(LIGHT, LIGHT, hand_traits(identity), figure, spots, normal, reach) for identity in people
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.005
    np.testing.assert_allclose(first.mean(axis=0), other.mean(axis=0), atol=0.04)  # of one tone they are


def test_an_arms_tone_goes_over_into_the_hands(figure):
    spots = np.tile(figure.hand_joints[1][0], (60, 1)) + np.linspace(-0.01, 0.01, 60)[:, None]
    normal, reach = np.tile([0.0, 1, 0], (60, 1)), np.linspace(1.3, 2.6, 60)
    painted = paint_skin(DARK, LIGHT, TRAITS, figure, spots, normal, reach)
    np.testing.assert_allclose(painted[reach < 1.6].mean(axis=0), LIGHT, atol=0.06)
    assert painted[reach > 2.2].mean() < 0.75 * LIGHT.mean()
    assert np.abs(np.diff(painted, axis=0)).max() < 0.1
