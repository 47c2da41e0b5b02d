"""Retiming: what was said at one time is said at another, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.performance import AudioReference, Performance
from garrick.core.retiming import TimeMap, align, retimed, through
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

STEPS = arrays(np.float64, 6, elements=st.floats(0.05, 2))


@given(old=STEPS, new=STEPS, times=arrays(np.float64, 9, elements=st.floats(-5, 20)))
def test_a_map_goes_both_ways(old, new, times):
    there = TimeMap(np.cumsum(old), np.cumsum(new))
    np.testing.assert_allclose(there.back(there(times)), times, atol=1e-9)
    np.testing.assert_allclose(there(there.old), there.new)


def test_outside_of_the_speech_time_keeps_its_pace():
    there = TimeMap(np.array([1.0, 2.0]), np.array([1.5, 4.0]))
    np.testing.assert_allclose(there(np.array([0.0, 1.5, 3.0])), [0.5, 2.75, 5.0])


def test_the_same_words_said_slower_are_found_again():
    old = [("sil", 0.0, 0.2), ("b", 0.2, 0.3), ("a", 0.3, 0.5), ("t", 0.5, 0.6)]
    new = [("sil", 0.0, 0.5), ("b", 0.5, 0.7), ("a", 0.7, 1.1), ("h", 1.1, 1.2), ("t", 1.2, 1.4)]
    there = align(old, new)
    np.testing.assert_allclose(there(np.array([0.2, 0.3, 0.5])), [0.5, 0.7, 1.1], atol=2e-3)
    np.testing.assert_allclose(there(0.6), 1.4)


def test_another_text_is_refused():
    with pytest.raises(ValueError, match="says something else"):
        align([("a", 0.0, 1.0), ("b", 1.0, 2.0), ("c", 2.0, 3.0)], [("x", 0.0, 1.0), ("y", 1.0, 2.0), ("c", 2.0, 3.0)])
    with pytest.raises(ValueError, match="says something else"):
        align([("a", 0.0, 1.0)], [])
    with pytest.raises(ValueError, match="at least one"):
        through([])


def test_moments_out_of_order_are_left_out():
    there = through([(0.0, 0.0), (1.0, 2.0), (2.0, 1.5), (3.0, 3.0)])
    np.testing.assert_allclose(there.new, [0, 2, 3])
    with pytest.raises(ValueError, match="order"):
        TimeMap(np.array([0.0, 1.0]), np.array([1.0, 0.0]))


@settings(deadline=None)
@given(stretch=st.floats(0.5, 2))
def test_a_retimed_performance_shows_the_same_at_the_mapped_time(stretch):
    clip = Performance.rest(101, Fraction(25))
    ramp = np.arange(101) / 100
    clip = replace(clip, face=np.repeat(ramp[:, None], 52, axis=1))
    there = TimeMap(np.array([0.0, 4.0]), np.array([0.0, 4.0 * stretch]))
    slow = retimed(clip, there, AudioReference("new.wav"))
    assert slow.audio == AudioReference("new.wav")
    assert slow.duration == pytest.approx(4.0 * stretch + 0.04, abs=0.041)
    times = np.arange(len(slow)) / 25
    inside = times <= 4.0 * stretch
    np.testing.assert_allclose(slow.face[inside, 5], times[inside] / stretch / 4.0, atol=1e-5)
