"""The ruler of live motion, on curves whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.benchmarks import live
from garrick.core.performance import BODY_JOINTS, Performance

FPS = Fraction(25)


def moving(frames: int = 50) -> Performance:
    """A mouth that opens evenly and an arm that turns evenly."""
    still = Performance.rest(frames, FPS)
    face, pose = still.face.copy(), still.body_pose.copy()
    face[:, :] = np.linspace(0, 0.49, frames)[:, None]
    pose[:, BODY_JOINTS.index("left_elbow"), 1] = np.linspace(0, 0.98, frames)
    return replace(still, face=face, body_pose=pose)


def test_what_differs_is_found_in_its_group() -> None:
    whole = moving()
    face, pose = whole.face + np.float32(0.1), whole.body_pose.copy()
    pose[:, BODY_JOINTS.index("left_elbow"), 1] += 0.2
    rows = {row.group: row for row in live.compared([whole], [replace(whole, face=face, body_pose=pose)])}
    assert rows["lower face"].away == pytest.approx(0.1, abs=1e-5)
    assert rows["lower face"].steps[0] == pytest.approx(0.01, abs=1e-5)
    assert rows["left arm"].away == pytest.approx(np.degrees(0.2) / 4, abs=1e-3)  # of four joints one
    assert rows["left arm"].steps[1] == pytest.approx(np.degrees(0.02), abs=1e-3)
    assert rows["right arm"].away == rows["head"].away == rows["trunk"].away == 0
    assert rows["lower face"].moves[0] == pytest.approx(rows["lower face"].moves[1], abs=1e-5)


def test_a_jolt_at_the_seams_is_seen_and_an_even_motion_has_none() -> None:
    even = np.linspace(0, 1, 60)[:, None] * np.ones(3)
    seams = np.arange(6, 60, 6)
    assert live.jolt(even, seams) == pytest.approx(0, abs=1e-12)
    jolted = even.copy()
    for seam in seams:
        jolted[seam:] += 0.01
    # the step at a seam is larger by it, so it changes twice: into the seam and, a frame on, back
    assert 0.002 < live.jolt(jolted, seams) <= 0.01


def test_a_stroke_is_measured_from_the_accent_that_is_nearest() -> None:
    away = live._beats(np.array([1.05, 2.4, 3.93]), np.array([1.0, 2.0, 4.0], np.float32))
    assert away == pytest.approx([0.05, -0.07], abs=1e-6)
    assert len(live._beats(np.zeros(0), np.array([1.0]))) == 0
