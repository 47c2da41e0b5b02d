"""Frame arithmetic, cameras and rotations."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.camera import Camera, CameraPath
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.rotation import axis_angles, eye_rotations, rotation_matrices
from garrick.core.timing import frame_count, frame_times, nearest_frame, parse_fps
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


@pytest.mark.parametrize(
    ("given_rate", "exact"),
    [
        ("25", Fraction(25)),
        (23.976, Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        (60, Fraction(60)),
        ("59.94", Fraction(60000, 1001)),
        (12.5, Fraction(25, 2)),
    ],
)
def test_frame_rates_are_exact(given_rate, exact):
    assert parse_fps(given_rate) == exact


@pytest.mark.parametrize("word", ["", "fast", "0", "-25", "1/0", "1000", "nan"])
def test_what_is_no_frame_rate_is_refused(word):
    with pytest.raises(ValueError, match="frame rate"):
        parse_fps(word)


@given(
    frames=st.integers(1, 5000),
    fps=st.sampled_from([Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60)]),
)
def test_frames_and_times_go_both_ways(frames, fps):
    times = frame_times(frames, fps)
    assert frame_count(frames / float(fps), fps) == frames
    assert nearest_frame(float(times[-1]), fps) == frames - 1


@given(vector=arrays(np.float64, 3, elements=st.floats(-3, 3)))
def test_axis_angles_go_both_ways(vector):
    matrix = rotation_matrices(vector)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(rotation_matrices(axis_angles(matrix)), matrix, atol=1e-6)


def test_gaze_turns_the_eye_where_it_says():
    ahead = rotation_matrices(eye_rotations(np.array([0.3, 0.2]))) @ (0, 0, 1)
    assert np.arctan2(ahead[0], ahead[2]) == pytest.approx(0.3)
    assert np.arcsin(ahead[1]) == pytest.approx(0.2)


def test_lids_follow_the_gaze_to_the_right_side():
    left = np.array([[0.2, -0.1], [0.2, -0.1]])  # both eyes to the subject's left and down
    weights = dict(zip([ARKIT_NAMES[index] for index in EYE_LOOK], eye_look_weights(left), strict=True))
    assert weights["eyeLookOutLeft"] > 0.5
    assert weights["eyeLookInRight"] > 0.5
    assert weights["eyeLookDownLeft"] > 0.3
    assert weights["eyeLookInLeft"] == weights["eyeLookUpRight"] == 0


def test_arkit_has_fifty_two_names_in_apples_spelling():
    assert len(ARKIT_NAMES) == len(set(ARKIT_NAMES)) == 52
    assert ARKIT_INDEX["eyeBlinkLeft"] == 0
    assert ARKIT_INDEX["tongueOut"] == 51


def test_a_camera_projects_by_the_pinhole_formula():
    camera = Camera(np.array([[1000.0, 0, 320], [0, 1000, 240], [0, 0, 1]]), np.eye(4), (640, 480))
    np.testing.assert_allclose(camera.project(np.array([[0.1, -0.2, 2.0]])), [[370, 140, 2]])
    path = CameraPath.still(camera, 5, Fraction(25))
    assert len(path) == 5
    assert path.at(3).size == (640, 480)
