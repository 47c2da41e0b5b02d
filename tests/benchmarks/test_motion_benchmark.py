"""The ruler of motion itself, on curves whose answers are known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.benchmarks import motion
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.speech.speech import Phone
from garrick.speech.voices import speak


def test_pauses_are_looked_at_away_from_their_ends() -> None:
    times = np.arange(100) / 50
    inside = motion._in_pauses([Phone("AA", 0, 0.5), Phone("SIL", 0.5, 1.1), Phone("SIL", 1.2, 1.4)], times)
    assert times[inside].min() >= 0.7 - 1e-9
    assert times[inside].max() <= 0.9 + 1e-9


@pytest.mark.parametrize("late", [-0.08, 0.0, 0.1])
def test_the_end_of_a_stroke_is_found_as_late_as_it_is(late: float) -> None:
    fps = Fraction(60)
    times = np.arange(180) / 60
    pose = np.zeros((180, len(BODY_JOINTS), 3))
    share = np.clip((times - (1.3 + late)) / 0.2, 0, 1)
    pose[:, BODY_JOINTS.index("right_elbow"), 1] = share**3 * (10 + share * (6 * share - 15))
    still = Performance.rest(180, fps)
    moved = Performance(**{**vars(still), "body_pose": pose})
    assert motion._end_of_stroke(moved, 1.5, "right") == pytest.approx(late, abs=0.03)


def test_a_recording_said_again_and_again_keeps_its_accents() -> None:
    once = speak("A line that has several words in it.", RunContext())
    again = motion._repeated(once, 3 * once.duration - 0.1)
    assert again.duration == pytest.approx(3 * once.duration, abs=1e-3)
    assert len(again.prosody.accents) == 3 * len(once.prosody.accents)
    assert len(again.phones) == 3 * len(once.phones)
    assert (again.prosody.accents[-1] - once.prosody.accents[-1]) == pytest.approx(2 * once.duration, abs=1e-3)
