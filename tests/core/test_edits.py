"""Edits of curves: what each promises of every curve it is given."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.core import edits
from garrick.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from garrick.core.performance import CHANNELS, Performance
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

FACES = arrays(np.float64, (7, 52), elements=st.floats(0, 1))


@st.composite
def curves(draw, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Uneven key times and two columns of values."""
    count = draw(st.integers(least, 60))
    times = np.cumsum(draw(arrays(np.float64, count, elements=st.floats(0.01, 0.4))))
    return times, draw(arrays(np.float64, (count, 2), elements=st.floats(-2, 2)))


def test_gain_scales_about_its_pivot():
    np.testing.assert_allclose(edits.gain(np.array([0.2, 0.6]), 2.0, 0.4), [0.0, 0.8])


@settings(deadline=None)
@given(curve=curves(), seconds=st.floats(0.01, 1))
def test_smoothing_has_no_direction_of_time(curve, seconds):
    times, values = curve
    backwards = edits.smooth(-times[::-1], values[::-1], seconds)[::-1]
    np.testing.assert_allclose(edits.smooth(times, values, seconds), backwards, atol=1e-7)


@settings(deadline=None)
@given(curve=curves(3), seconds=st.floats(0.05, 1), slope=st.floats(-3, 3))
def test_smoothing_leaves_straight_lines_alone(curve, seconds, slope):
    times, _ = curve
    line = (1 + slope * times)[:, None]
    np.testing.assert_allclose(edits.smooth(times, line, seconds), line, atol=1e-6)


def test_smoothing_keeps_a_peak_in_its_place_and_takes_noise_out():
    times = np.arange(200) / 25
    wave = np.exp(-0.5 * ((times - 4) / 0.4) ** 2)[:, None]
    noisy = wave + np.random.default_rng(0).normal(0, 0.05, wave.shape)
    smooth = edits.smooth(times, noisy, 0.1)
    assert (smooth - wave).std() < 0.5 * (noisy - wave).std()
    assert abs(int(np.argmax(smooth)) - 100) <= 1


@settings(deadline=None)
@given(curve=curves(1), error=st.floats(0, 0.5))
def test_reduced_keys_stay_within_the_error(curve, error):
    times, values = curve
    kept = edits.reduce_keys(times, values, error)
    assert kept[0] == 0
    assert kept[-1] == len(times) - 1
    assert (np.diff(kept) > 0).all()
    for column in range(values.shape[1]):
        straight = np.interp(times, times[kept], values[kept, column])
        assert np.abs(straight - values[:, column]).max() <= error + 1e-9


def test_reduction_keeps_the_corners_of_a_polygon_and_nothing_else():
    corners = [0, 40, 41, 300, 999]
    times = np.arange(1000) / 25
    values = np.interp(np.arange(1000), corners, [0, 1, 0, 0.5, 0.5])[:, None]
    assert edits.reduce_keys(times, values, 1e-6).tolist() == corners


def test_reduction_of_a_speaking_face_drops_most_keys():
    times = np.arange(2000) / 25
    wave = np.sin(times)[:, None] * 0.5
    assert len(edits.reduce_keys(times, wave, 0.01)) < 200


@given(face=FACES, amount=arrays(np.float64, 7, elements=st.floats(0, 1)))
def test_a_seal_closes_as_far_as_it_is_asked_to(face, amount):
    shut = edits.sealed(face, amount)
    np.testing.assert_allclose(shut[amount == 0], face[amount == 0])
    full = shut[amount == 1]
    assert (full[:, ARKIT_INDEX["jawOpen"]] <= 0.1 + 1e-9).all()
    np.testing.assert_allclose(full[:, ARKIT_INDEX["mouthClose"]], full[:, ARKIT_INDEX["jawOpen"]])
    rest = [column for column in range(52) if column not in edits.SEAL]
    np.testing.assert_array_equal(shut[:, rest], face[:, rest])
    assert shut.min() >= -1e-12
    assert shut.max() <= 1 + 1e-12


def test_a_seal_closes_the_lips_of_the_real_head():
    from garrick.bodies.head import load_head
    from garrick.motion.lips import lips_of

    head = load_head()
    lips = lips_of(head, np.zeros(len(head.identity_basis) if hasattr(head, "identity_basis") else 10))
    faces = np.random.default_rng(3).uniform(0, 0.6, (500, 52))
    faces[0] = 0
    assert lips.gap(faces).max() > 0.01
    assert lips.gap(edits.sealed(faces, np.ones(500))).max() < 0


def test_the_seal_is_held_and_has_soft_edges():
    times = np.linspace(0, 1, 1001)
    amount = edits.seal_amount(times, 0.5, 0.06)
    assert (amount[(times > 0.471) & (times < 0.529)] == 1).all()
    assert (amount[(times < 0.39) | (times > 0.61)] == 0).all()
    assert np.abs(np.diff(amount)).max() < 0.03


@given(
    sealed_at=arrays(np.float64, st.integers(0, 6), elements=st.floats(0, 4)),
    values=arrays(np.float64, 100, elements=st.floats(0, 1)),
)
def test_what_a_smoothing_must_keep(sealed_at, values):
    """Of a mouth every closure, of lids every moment in which they are shut, of a brow nothing."""
    times = np.arange(100) / 25
    for source, moments, hold in (("jawOpen", sealed_at, 0.04), ("eyeBlinkLeft", times[values > 0.7], 0.02)):
        each = [edits.seal_amount(times, at, hold) for at in moments]
        np.testing.assert_allclose(
            edits.closures_kept(source, times, values, sealed_at), np.max(each, axis=0, initial=0), atol=1e-12
        )
    assert not edits.closures_kept("browInnerUp", times, values, sealed_at).any()


@given(face=FACES)
def test_a_blink_shuts_both_lids_and_leaves_the_rest(face):
    shut = edits.blinked(face, np.ones(7))
    np.testing.assert_allclose(shut[:, edits.BLINK], 1)
    rest = [column for column in range(52) if column not in edits.BLINKING]
    np.testing.assert_array_equal(shut[:, rest], face[:, rest])
    np.testing.assert_allclose(edits.blinked(face, np.zeros(7)), face)


def test_lids_fall_faster_than_they_rise():
    assert edits.lid_drop(np.array(0.0)) == 1
    assert edits.lid_drop(np.array(-edits.LID_FALL)) == 0
    assert 0 < edits.lid_drop(np.array(edits.LID_FALL)) < 1
    assert edits.lid_drop(np.array(edits.LID_RISE)) == 0


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("mouthSmileLeft", "mouthSmileRight"),
        ("jawRight", "jawLeft"),
        ("left_eye", "right_eye"),
        ("hand.L", "hand.R"),
        ("f_index.01.R", "f_index.01.L"),
        ("jawOpen", "jawOpen"),
        ("neck", "neck"),
        ("Lip.upper", "Lip.upper"),
    ],
)
def test_names_have_their_other_side(name, other):
    assert edits.mirrored_name(name) == other
    assert edits.mirrored_name(other) == name


def test_every_face_weight_has_its_mirror():
    assert sorted(edits.mirrored_name(name) for name in ARKIT_NAMES) == sorted(ARKIT_NAMES)


def test_a_mirror_of_a_mirror_is_the_original():
    rng = np.random.default_rng(1)
    clip = Performance.rest(5, Fraction(25))
    clip = replace(clip, **{name: rng.uniform(0, 1, getattr(clip, name).shape) for name in CHANNELS})
    clip = replace(clip, tracks={"face.mouthLeft": "edited", "left_hand": "tracked", "face": "generated"})
    there = edits.mirrored(clip)
    back = edits.mirrored(there)
    assert all(np.array_equal(getattr(back, name), getattr(clip, name)) for name in CHANNELS)
    assert back.tracks == clip.tracks
    assert there.tracks == {"face.mouthRight": "edited", "right_hand": "tracked", "face": "generated"}
    # the left eye looking to the subject's left becomes the right eye looking to the right
    np.testing.assert_allclose(there.gaze[:, 1], clip.gaze[:, 0] * (-1, 1))
    np.testing.assert_allclose(
        there.face[:, ARKIT_INDEX["eyeLookOutRight"]], clip.face[:, ARKIT_INDEX["eyeLookOutLeft"]]
    )
