"""A rendered face before a camera: calibrated, followed, lost, found again, and not taken for somebody else."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.perception import live_track
from garrick.perception.live_loop import LiveLoop
from garrick.perception.live_track import Instant, LiveTracker
from garrick.rendering import render

CALM, ACTS, STEP, SIDE = 14, 26, 0.12, 256
AWAY, BACK = 12, 8  # pictures
CLOCK = np.arange(ACTS) * STEP
TRUTH = {"jawOpen": 0.6 * np.clip(np.sin(4 * CLOCK), 0, 1), "browInnerUp": 0.7 * np.clip(np.sin(3 * CLOCK + 2), 0, 1)}
YAW = np.radians(9) * np.sin(2.2 * CLOCK)


@pytest.fixture(scope="module")
def plates(portrait) -> np.ndarray:
    """(CALM + ACTS, 256, 256, 3): the sample portrait, calm with a camera's noise, then as TRUTH and YAW say."""
    count = CALM + ACTS
    face, turn = portrait.face[None].repeat(count, axis=0), np.zeros((count, 3), np.float32)
    for name, weights in TRUTH.items():
        face[CALM:, ARKIT_INDEX[name]] += weights
    turn[CALM:, 1] = YAW
    performance = replace(
        Performance.rest(count, Fraction(25), portrait.identity),
        face=np.clip(face, 0, 1),
        head_rotation=turn,
        gaze=portrait.gaze[None].repeat(count, axis=0),
    )
    take = render.run(portrait, performance, CameraPath.still(portrait.camera, count, Fraction(25)), RunContext())
    noise = np.random.default_rng(1).normal(0, 2, (count, SIDE, SIDE, 1))
    return np.clip(np.stack([take.render(index).plate for index in range(count)]) + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def tracker() -> LiveTracker:
    """It sees `scene`."""
    return LiveTracker()


@pytest.fixture(scope="module")
def scene(plates, tracker) -> list[Instant]:
    """All pictures, nobody for a while, the first ones again; then calibration with an open mouth that stays so."""
    again = [*plates, *([np.full((SIDE, SIDE, 3), 90, np.uint8)] * AWAY), *plates[:BACK]]
    seen = []
    for index, picture in enumerate([*again, *([plates[CALM + 3]] * (CALM + 4))]):
        if index == len(again) + 1:
            tracker.calibrate()
        seen.append(tracker.see(picture, index * STEP))
    assert tracker.identity is not None
    return seen


def test_calm_is_learnt_first_and_is_rest(scene):
    assert {instant.phase for instant in scene[: CALM - 1]} == {"calibrating"}
    assert {instant.phase for instant in scene[CALM : CALM + ACTS]} == {"tracking"}
    assert all(instant.confidence == 0 and not instant.face.any() for instant in scene[: CALM - 1])
    first = scene[CALM]
    assert first.face.max() < 0.15
    assert np.abs(first.head_rotation).max() < np.radians(2)
    assert np.abs(first.gaze).max() < 0.1


@pytest.mark.parametrize("name", list(TRUTH))
def test_weights_follow_the_face(scene, name):
    found = np.array([instant.face[ARKIT_INDEX[name]] for instant in scene[CALM : CALM + ACTS]])
    assert np.corrcoef(found, TRUTH[name])[0, 1] > 0.85
    assert found.max() > 0.4 * TRUTH[name].max()


def test_the_head_turns_as_far_as_it_did(scene):
    found = np.array([instant.head_rotation for instant in scene[CALM : CALM + ACTS]])
    assert np.degrees(np.abs(found[:, 1] - YAW)).mean() < 2.5
    assert np.corrcoef(found[:, 1], YAW)[0, 1] > 0.95
    assert scene[CALM + 5].confidence > 0.5


def test_a_face_that_goes_is_held_then_rests_and_is_taken_up_again(scene):
    last, gone = scene[CALM + ACTS - 1], scene[CALM + ACTS :][:AWAY]
    back = scene[CALM + ACTS + AWAY :][:BACK]
    assert {instant.phase for instant in gone} == {"away"}
    assert {instant.confidence for instant in gone} == {0}
    np.testing.assert_allclose(gone[0].face, last.face, atol=1e-6)
    np.testing.assert_allclose(gone[2].head_rotation, last.head_rotation, atol=1e-6)
    assert not gone[-1].face.any()
    assert not gone[-1].head_rotation.any()
    sizes = [float(np.abs(instant.head_rotation).sum()) for instant in gone]
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(sizes))
    assert [instant.phase for instant in back[:2]] == ["away", "away"]  # one picture may be a mistake
    assert back[-1].phase == "tracking"


def test_somebody_else_is_not_taken_for_the_person(plates):
    """Side by side; the followed one goes out of the picture, the other one, as if mirrored and darker, stays."""
    other = 255 - plates[0][:, ::-1] // 2 - 60
    grey = np.full_like(plates[0], 90)
    tracker, phases = LiveTracker(0), []
    for index in range(CALM + 12):
        mine = plates[index] if index < CALM + 2 else grey
        phases.append(tracker.see(np.concatenate([mine, other], axis=1), index * STEP).phase)
    assert phases[CALM] == "tracking"
    assert set(phases[CALM + 2 :]) == {"away"}


def test_calibration_learns_the_new_calm(scene):
    before, asked, after = scene[-CALM - 4], scene[-CALM - 3], scene[-1]
    assert [instant.phase for instant in (before, asked, after)] == ["tracking", "calibrating", "tracking"]
    assert before.face[ARKIT_INDEX["jawOpen"]] > 0.2
    assert after.face[ARKIT_INDEX["jawOpen"]] < 0.1


def test_a_picture_that_breaks_the_solver_breaks_no_other(plates, scene, tracker, monkeypatch):
    whole, clock = live_track.solve, scene[-1].time

    def broken(*given):
        solved = whole(*given)
        return replace(solved, states=[replace(state, shift=state.shift * np.nan) for state in solved.states])

    with monkeypatch.context() as patch:
        patch.setattr(live_track, "solve", broken)
        lost = tracker.see(plates[CALM + 3], clock + STEP)
    found = [tracker.see(plates[CALM + 3], clock + (2 + index) * STEP) for index in range(4)]
    assert (lost.phase, lost.confidence) == ("away", 0)
    assert found[-1].phase == "tracking"
    for instant in (lost, *found):
        assert np.isfinite([*instant.face, *instant.head_rotation, *instant.head_translation]).all()


def test_the_loop_keeps_to_the_newest_picture_and_tells_of_bad_ones(plates):
    heard, refused = [], []

    def read(item: int) -> np.ndarray:
        if item < 0:
            raise InputError("no picture")
        return plates[item]

    loop = LiveLoop(Fraction(10), None, read, lambda instant, frames: heard.append(len(frames)), refused.append)
    try:
        loop.put(0.0, 0)
        loop.flush()
        loop.put(1.0, -1)
        loop.flush()
        for index in range(1, 6):  # faster than anybody could look
            loop.put(1.0 + index / 10, index)
        loop.flush()
    finally:
        loop.close()
    assert len(refused) == 1
    assert loop.dropped == 5 - (len(heard) - 1)
    assert loop.dropped >= 2
    assert sum(heard) == loop.grid.made == 16
    assert loop.size == (SIDE, SIDE)


def test_what_fails_inside_the_loop_is_raised_outside(plates):
    def read(item: int) -> np.ndarray:
        raise ZeroDivisionError

    loop = LiveLoop(Fraction(10), None, read, lambda instant, frames: None, lambda error: None)
    loop.put(0.0, 0)
    with pytest.raises(ZeroDivisionError):
        loop.flush()
    loop.close()
