"""Frames at a constant rate of instants that come whenever they like, and the smoothing that knows no future."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.perception.live_grid import LONGEST_GAP, Grid, performance_of
from garrick.perception.live_smooth import OneEuro
from garrick.perception.live_track import Instant, Phase
from hypothesis import given
from hypothesis import strategies as st

STEPS = st.lists(st.floats(0.005, 0.5), min_size=1, max_size=30)


def instant(time: float, value: float, phase: Phase = "tracking") -> Instant:
    """Everything has the same value."""
    shapes = {"face": 52, "head_rotation": 3, "head_translation": 3, "gaze": (2, 2)}
    return Instant(time, **{name: np.full(shape, value) for name, shape in shapes.items()}, confidence=1, phase=phase)


@given(STEPS, st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(60)]))
def test_each_frame_comes_once_and_lies_on_the_line_between_its_instants(steps, fps):
    grid, times = Grid(fps), 3.0 + np.concatenate([[0.0], np.cumsum(steps)])
    takes = [grid.add(instant(time, time)) for time in times]
    values = np.concatenate([take.gaze[:, 0, 0] for take in takes])
    assert [take.first for take in takes] == np.cumsum([0] + [len(take) for take in takes[:-1]]).tolist()
    np.testing.assert_allclose(values, 3.0 + np.arange(len(values)) / float(fps), atol=1e-4)
    assert (len(values) - 1) / fps <= times[-1] - 3.0 + 1e-6 < len(values) / fps
    assert (grid.made, grid.duration) == (len(values), pytest.approx(times[-1] - 3.0))


def test_a_clock_that_jumps_makes_no_frames_for_ever():
    grid = Grid(Fraction(25))
    grid.add(instant(0, 0))
    assert len(grid.add(instant(1e12, 1))) == LONGEST_GAP * 25
    assert len(grid.add(instant(1e12 + 1, 1))) == 25


def test_a_take_begins_where_somebody_is_tracked():
    grid = Grid(Fraction(10))
    phases: tuple[Phase, ...] = ("calibrating", "calibrating", "tracking", "away", "tracking")
    takes = [grid.add(instant(index / 10, index, phase)) for index, phase in enumerate(phases)]
    performance, confidence = performance_of(takes, Fraction(10), np.zeros(4, np.float32))
    assert len(performance) == len(confidence) == 3
    assert performance.head_translation[:, 0].tolist() == [2, 3, 4]
    assert {name for name, source in performance.tracks.items() if source == "tracked"} == {
        "face", "head_rotation", "head_translation", "gaze",
    }  # fmt: skip
    nobody, _ = performance_of(takes[:2], Fraction(10), np.zeros(4, np.float32))
    assert len(nobody) == 0


def _run(curve: np.ndarray, step: float) -> np.ndarray:
    filter = OneEuro(np.array([1.0]), np.array([5.0]))
    return np.array([filter.step(index * step, value[None])[0] for index, value in enumerate(curve)])


def test_what_rests_trembles_less_and_what_moves_hardly_lags():
    noise = 0.01 * np.random.default_rng(2).normal(size=300)
    assert np.abs(np.diff(_run(noise, 1 / 30))).mean() < 0.35 * np.abs(np.diff(noise)).mean()
    ramp = np.clip(np.arange(60) / 6 - 2, 0, 1)  # up within a fifth of a second
    late = _run(ramp, 1 / 30)
    assert np.flatnonzero(late > 0.5)[0] - np.flatnonzero(ramp > 0.5)[0] <= 2


@given(st.floats(-5, 5), st.lists(st.floats(0.001, 1), min_size=1, max_size=20))
def test_a_constant_stays_what_it_is(value, steps):
    filter = OneEuro(np.array([2.0, 1.0]), np.array([0.0, 9.0]))
    for time in np.cumsum(steps):
        assert filter.step(float(time), np.full(2, value)) == pytest.approx([value, value])
