"""What the ablation compares: only what is known of a hand, looked at with the fingers up."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from garrick.benchmarks.hands_injection import Row, dimmed, factor_of, mask_of, sheet, square_of, verdict, wanted_of
from garrick.errors import OutputError
from garrick.training.render.hand_pool import HandPool
from garrick.training.render.hand_view import HAND_SIDE, INJECTED

S = HAND_SIDE


@pytest.fixture
def pool() -> HandPool:
    """Two hands of one grey, wanted half as bright on their known half."""
    colour = np.full((2, S, S, 3), 120, np.uint8)
    weight, known = np.zeros((2, S, S), np.uint8), np.zeros((2, S, S), np.uint8)
    weight[:, 30:90, 30:90], known[:, 30:60, 30:90] = 255, 255
    wanted = colour // 2
    injected = np.zeros((2, len(INJECTED), S, S), np.int8)
    return HandPool(
        colour, injected, weight, wanted, known, np.zeros((2, 9), np.float32), np.ones(2, bool), np.arange(2)
    )


def test_only_what_is_known_is_wanted_of_a_picture(pool):
    picture = np.full((S, S, 3), 200, np.uint8)
    wanted = wanted_of(pool, 0, picture)
    known = mask_of(pool, 0)
    assert known.sum() == 30 * 60
    assert (wanted[known] == 60).all()
    assert (wanted[~known] == 200).all()


def test_one_factor_makes_up_for_brightness_and_leaves_the_rest(pool):
    factor = factor_of(pool)
    np.testing.assert_allclose(factor, 0.5)
    picture = dimmed(pool, 1, factor)
    assert (picture[30:90, 30:90] == 60).all()
    assert (picture[:30] == 120).all()


def test_hands_to_look_at_are_written_or_it_is_told(pool, tmp_path):
    both = replace(pool, own=np.array([True, False]))
    sheet(both, {}, tmp_path / "sheet.png")
    shown = cv2.imread(str(tmp_path / "sheet.png"))
    assert shown.shape == (12 * S, 4 * S, 3)
    assert (shown[:S, :S] == 120).all()
    assert (shown[:S, S : 2 * S] == 60).all()
    with pytest.raises(OutputError, match="could not be written"):
        sheet(both, {}, tmp_path / "nowhere" / "sheet.png")


@pytest.mark.parametrize("degrees", [0, 40, 90, -120])
def test_the_hand_net_sees_fingers_up(degrees):
    angle = np.radians(degrees)
    y, x = np.mgrid[:S, :S] - (S - 1) / 2
    injected = np.zeros((len(INJECTED), S, S), np.float32)
    hand = np.hypot(x, y) < 30
    injected[INJECTED.index("hand")] = hand
    # fingers, where `along` is least, lie in that direction, turned from up
    injected[INJECTED.index("along")] = hand * -(x * np.sin(angle) - y * np.cos(angle)) / 30
    square = square_of(injected)
    np.testing.assert_allclose(square.centre, S / 2, atol=1)
    assert np.cos(square.angle - angle) > 0.999


def test_a_net_that_is_better_in_two_figures_fails_by_a_third():
    def row(psnr: float, features: float, points: float) -> Row:
        return Row("own pose", "any", 1, psnr, 0.5, features, 0.9, points, 1.0, 1.0)

    assert verdict(row(20, 0.4, 1.0), row(21, 0.3, 1.01)) == (True, [])
    assert verdict(row(20, 0.4, 1.0), row(21, 0.3, 1.05)) == (True, ["points"])
    assert verdict(row(20, 0.4, 1.0), row(21, 0.5, 0.9)) == (False, [])
