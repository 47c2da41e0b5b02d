"""A score says what it rests on."""

import math

import numpy as np
import pytest
from garrick.errors import InputError
from garrick.evaluation.metric import LOWER, Metric, score
from hypothesis import given
from hypothesis import strategies as st

METRIC = Metric("a test", "px", LOWER, "nobody", 3)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_the_value_is_the_mean_of_the_samples(values):
    found = score(METRIC, values)
    assert found.value == pytest.approx(np.mean(values))
    assert found.samples == len(values)
    assert found.each is not None
    assert found.each.tolist() == values
    assert bool(found.warning) == (len(values) < 3)


def test_a_frame_without_a_value_is_left_out_and_not_counted():
    found = score(METRIC, [1.0, math.nan, 3.0])
    assert (found.value, found.samples) == (2.0, 2)
    assert found.warning == "a test rests on 2 of at least 3 samples that it needs."


def test_a_metric_that_no_sample_has_says_so():
    found = score(METRIC, [math.nan] * 4)
    assert math.isnan(found.value)
    assert "not defined" in found.warning


def test_one_value_of_a_whole_keeps_the_number_of_its_samples():
    found = score(METRIC, 2.5, 7)
    assert (found.value, found.samples, found.each, found.warning) == (2.5, 7, None, "")


def test_a_measurement_on_nothing_is_refused():
    with pytest.raises(InputError, match="nothing to measure a test on"):
        score(METRIC, [])
    with pytest.raises(InputError, match="nothing to measure"):
        score(METRIC, 1.0, 0)
