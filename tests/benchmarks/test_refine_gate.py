"""The gate of the face net: what passes, what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.benchmarks.gates import Row, between, told
from garrick.benchmarks.refine import verdict
from garrick.rendering.puppet import Pose

BEFORE = Row("person", "geometry", psnr=30.0, ssim=0.9, features=0.2, lmd=0.02, cosine=0.98, flicker=1.0)
AFTER = replace(BEFORE, way="refined", psnr=30.5, features=0.18)


def test_a_net_that_is_better_in_both_and_worse_in_nothing_passes():
    assert verdict(BEFORE, AFTER).better
    assert verdict(BEFORE, AFTER).worse == ()


@pytest.mark.parametrize("changes", [{"psnr": 29.9}, {"features": 0.21}])
def test_both_pixels_and_features_must_gain(changes):
    assert not verdict(BEFORE, replace(AFTER, **changes)).better


@pytest.mark.parametrize(
    ("name", "value", "bad"),
    [
        ("ssim", 0.87, True),
        ("ssim", 0.89, False),
        ("lmd", 0.021, True),
        ("lmd", 0.0203, False),
        ("flicker", 1.03, True),
    ],
)
def test_nothing_else_may_lose_more_than_two_percent(name, value, bad):
    assert verdict(BEFORE, replace(AFTER, **{name: value})).worse == ((name,) if bad else ())


def test_the_verdict_is_one_of_two_and_names_what_is_worse():
    assert told("person", True, ()) == "person: passes"
    assert told("person", False, ()) == "person: does not pass"
    assert told("person", True, ("lmd", "flicker")) == "person: does not pass; worse: lmd, flicker"


def test_a_motion_begins_and_ends_at_its_poses():
    start, end = (Pose(np.full(52, v), np.full(3, v), np.zeros(3), np.full((2, 2), v)) for v in (0.0, 0.4))
    np.testing.assert_array_equal(between(start, end, 0.0).face, start.face)
    np.testing.assert_allclose(between(start, end, 0.5).rotation, 0.2)
    np.testing.assert_allclose(between(start, end, 1.0).gaze, end.gaze)
