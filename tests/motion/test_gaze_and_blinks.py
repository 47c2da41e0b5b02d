"""Blinks and glances."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX
from garrick.motion.perform import move_lids
from garrick.motion.rules.blinks import blink_curve, blink_times, open_at_the_end, place
from garrick.motion.rules.gaze import fixations, gaze_angles, sight_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_samples import closed_portrait, said

TALK = said([("SIL", 0.5), *[("AA", 0.2), ("N", 0.1)] * 100, ("SIL", 1.5)])


def test_blinks_come_26_times_a_minute_and_never_twice_at_once() -> None:
    times = blink_times(1800, 26, np.random.default_rng(1))
    assert 24 <= len(times) / 30 <= 28
    assert np.diff(times).min() >= 0.4 - 1e-9


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0, 60), max_size=30))
def test_placing_keeps_order_distance_and_number(seed: int, occasions: list[float]) -> None:
    times = blink_times(60, 26, np.random.default_rng(seed))
    placed = place(times, np.sort(np.array(occasions)))
    assert len(placed) == len(times)
    assert (np.diff(placed) >= 0.4 - 1e-9).all()


@pytest.mark.parametrize("fps", [Fraction(12), Fraction(24000, 1001), Fraction(25), Fraction(60)])
def test_each_blink_shuts_fully_and_opens_slower_than_it_closes(fps: Fraction) -> None:
    curve = blink_curve(np.array([1.013]), 60 * 3, fps)
    shut = np.flatnonzero(curve == 1)
    assert len(shut) == 1
    assert (curve[: shut[0]] > 0.01).sum() <= (curve[shut[0] + 1 :] > 0.01).sum()


@given(st.integers(0, 2**32 - 1))
def test_a_clip_begins_and_ends_with_open_eyes(seed: int) -> None:
    times = open_at_the_end(blink_times(20, 60, np.random.default_rng(seed)), 20)
    curve = blink_curve(times, 500, Fraction(25))
    assert len(times) > 5
    assert curve[0] == curve[-1] == 0


def test_a_turn_ends_on_the_listener() -> None:
    end = next(phone.start for phone in TALK.phones[::-1] if phone.symbol == "SIL")
    for seed in range(20):
        offsets = fixations(TALK.phones, TALK.duration, np.random.default_rng(seed)).at(
            np.arange(0, TALK.duration, 0.01)
        )
        ending = offsets[int((end - 0.6) * 100) :]
        assert np.degrees(np.abs(ending)).max() < 4


def test_most_of_the_time_meets_the_listener() -> None:
    met = []
    for seed in range(20):
        offsets = fixations(TALK.phones, TALK.duration, np.random.default_rng(seed)).at(
            np.arange(0, TALK.duration, 0.01)
        )
        met.append((np.degrees(np.linalg.norm(offsets, axis=1)) < 3).mean())
    assert 0.55 < np.mean(met) < 0.85


@given(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2))
def test_sight_lines_come_back_as_angles(yaw: float, pitch: float) -> None:
    assert np.allclose(gaze_angles(sight_lines(np.array([yaw, pitch]))), [yaw, pitch], atol=1e-9)


def test_lids_follow_a_lowered_gaze_and_blinks_still_end_where_lids_meet() -> None:
    portrait = closed_portrait()
    gaze = np.repeat(portrait.gaze[None], 4, axis=0)
    gaze[1:3, :, 1] -= np.radians(9)  # down, and down in a blink
    gaze[3, :, 1] += np.radians(9)
    face = np.repeat(portrait.face[None].astype(np.float64), 4, axis=0)
    move_lids(face, portrait, gaze, np.array([0.0, 0.0, 1.0, 0.0]))
    blink = face[:, ARKIT_INDEX["eyeBlinkLeft"]]
    assert blink[0] == blink[3] == portrait.face[ARKIT_INDEX["eyeBlinkLeft"]]
    assert 0.25 < blink[1] < 0.5
    assert blink[2] == pytest.approx(1)
