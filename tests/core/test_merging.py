"""garrick/core/merging.py: what an artist touched is found, and kept when the rest is made again."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.merging import EASE_S, is_edited, merged, nearest_turns, settled, with_edits
from garrick.core.performance import CHANNELS, AudioReference, Performance
from garrick.core.rotation import axis_angles, rotation_matrices

JAW = ARKIT_INDEX["jawOpen"]


def noise(frames: int = 40, fps: int = 25, seed: int = 0) -> Performance:
    """Everything moves; the head turns through more than a whole circle."""
    rng = np.random.default_rng(seed)
    rest = Performance.rest(frames, Fraction(fps))
    arrays = {name: rng.uniform(-0.4, 0.4, getattr(rest, name).shape) for name in CHANNELS}
    arrays["face"] = np.abs(arrays["face"])
    arrays["head_rotation"] = np.linspace(0, 1, frames)[:, None] * [0.3, 2.5 * np.pi, 0.1]
    return replace(rest, **arrays, audio=AudioReference("audio.wav"))


def rounded(performance: Performance) -> Performance:
    """What comes back from another program: single precision, turns within half a circle."""
    rng = np.random.default_rng(9)
    arrays = {name: getattr(performance, name) + rng.uniform(-5e-7, 5e-7, getattr(performance, name).shape)
              for name in CHANNELS}  # fmt: skip
    for name in ("head_rotation", "body_pose"):
        arrays[name] = axis_angles(rotation_matrices(arrays[name]))
    return replace(performance, **arrays)


def test_what_was_not_touched_comes_back_bit_for_bit():
    stored = noise()
    again = settled(rounded(stored), stored)
    for name in CHANNELS:
        np.testing.assert_array_equal(getattr(again, name), getattr(stored, name))
    assert with_edits(again, stored).tracks == {}


def test_only_what_was_touched_differs():
    stored = noise()
    read = rounded(stored)
    read.face[7, JAW] += 0.1
    read.head_rotation[11] += (0, 0, 0.05)
    again = with_edits(settled(read, stored), stored)
    assert np.argwhere(again.face != stored.face).tolist() == [[7, JAW]]
    assert np.flatnonzero((again.head_rotation != stored.head_rotation).any(axis=1)).tolist() == [11]
    assert dict(again.tracks) == {"face.jawOpen": "edited", "head_rotation": "edited"}


def test_the_first_known_performance_that_fits_gives_the_value():
    generated, rendered = noise(seed=1), noise(seed=2)
    read = rounded(rendered)
    read.face[:20] = generated.face[:20] + 3e-7
    again = settled(read, rendered, generated)
    np.testing.assert_array_equal(again.face[:20], generated.face[:20])
    np.testing.assert_array_equal(again.face[20:], rendered.face[20:])


def test_a_turn_of_more_than_half_a_circle_stays_one():
    turns = np.linspace(0, 2.9, 61)[:, None] * np.pi * np.array([0.6, 0.0, 0.8])
    again = nearest_turns(axis_angles(rotation_matrices(turns)), turns + 0.02)
    np.testing.assert_allclose(again, turns, atol=1e-5)


def test_performances_of_another_length_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        settled(noise(40), noise(41))


def test_edited_curves_are_kept_and_all_others_are_new():
    before, new = noise(seed=1), replace(noise(seed=2), audio=AudioReference("other.wav", 0.5))
    touched = replace(before, face=before.face.copy(), gaze=before.gaze + 0.2)
    touched.face[:, JAW] = 0.5
    result = merged(new, with_edits(touched, before))
    np.testing.assert_array_equal(result.face[:, JAW], 0.5)
    np.testing.assert_array_equal(result.gaze, touched.gaze)
    others = np.arange(52) != JAW
    np.testing.assert_array_equal(result.face[:, others], new.face[:, others])
    np.testing.assert_array_equal(result.head_rotation, new.head_rotation)
    assert result.audio == new.audio
    assert [is_edited(result, track) for track in ("face.jawOpen", "gaze", "face.jawLeft")] == [True, True, False]


@pytest.mark.parametrize("frames", [25, 70])
def test_a_clip_of_another_length_runs_into_the_new_curve(frames):
    before, new = noise(40, seed=1), noise(frames, seed=2)
    edited = replace(before, tracks={"face": "edited"})
    result = merged(new, edited)
    assert len(result) == frames
    common = min(frames, 40)
    np.testing.assert_array_equal(result.face[:common], before.face[:common])
    np.testing.assert_array_equal(result.face[common + round(EASE_S * 25) :], new.face[common + round(EASE_S * 25) :])
    if frames > 40:
        step = before.face[39] - new.face[39]
        first = result.face[40] - new.face[40]
        assert (np.abs(first) <= np.abs(step) + 1e-6).all()
        assert np.abs(first).max() > 0.5 * np.abs(step).max()


def test_kept_curves_follow_another_rate():
    ramp = np.linspace(0, 1, 25)
    before = Performance.rest(25, Fraction(25))
    before.face[:, JAW] = ramp
    new = Performance.rest(50, Fraction(50))
    result = merged(new, replace(before, tracks={"face.jawOpen": "edited"}))
    np.testing.assert_allclose(result.face[:48:2, JAW], ramp[:24], atol=1e-6)


def test_saved_and_loaded_the_tracks_are_there(tmp_path):
    replace(noise(), tracks={"face.jawOpen": "edited"}).save(tmp_path / "performance.npz")
    assert is_edited(Performance.load(tmp_path / "performance.npz"), "face.jawOpen")
