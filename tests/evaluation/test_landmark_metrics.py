"""Distances of points: a head that only moves errs by nothing, and noise errs by what it is."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.rotation import rotation_matrices
from garrick.errors import InputError
from garrick.evaluation.landmarks import EYES_APART, MOUTH, STABLE, akd, hkc, lmd, mkr, pck, without_pose
from hypothesis import given, settings
from hypothesis import strategies as st

FRAMES = 6


def face_points(jaw: float = 0.3) -> np.ndarray:
    """(FRAMES, 468, 3) metres of a mouth that opens."""
    head = load_head()
    face = np.zeros((FRAMES, 52), np.float32)
    face[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, jaw, FRAMES)
    return np.concatenate([head.landmarks(head.vertices(face=row[None])) for row in face]).astype(np.float64)


def in_picture(points: np.ndarray) -> np.ndarray:
    """(F, N, 2) pixels of a face some 300 px wide, seen from far away."""
    return points[..., :2] * (1, -1) * 2000 + 256


angles = st.floats(-np.pi, np.pi)


@settings(max_examples=20, deadline=None)
@given(st.tuples(angles, angles, angles), st.floats(0.3, 3), st.tuples(*[st.floats(-1, 1)] * 3))
def test_a_head_that_turns_comes_nearer_and_moves_has_lmd_0(
    turn: tuple[float, float, float], scale: float, shift: tuple[float, float, float]
) -> None:
    real = face_points()
    moved = real @ rotation_matrices(np.array(turn)).T * scale + shift
    assert lmd(moved, real).value < 1e-9


@settings(max_examples=20, deadline=None)
@given(angles, st.floats(0.3, 3), st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
def test_a_picture_that_is_turned_scaled_and_moved_has_akd_0(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    real = in_picture(face_points())
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    measured = akd(real @ turn.T * scale + shift, real)
    assert measured.value < 1e-8
    assert measured.metric.unit == "px"


def test_a_mirrored_face_is_not_laid_over_the_real_one() -> None:
    real = in_picture(face_points())
    assert lmd(real * (-1, 1), real).value > 0.1


def test_points_that_are_off_by_a_known_length_give_that_length() -> None:
    real = in_picture(face_points())
    found = real.copy()
    found[:, list(MOUTH)] += (3.0, 4.0)
    size = np.linalg.norm(real[:, EYES_APART[0]] - real[:, EYES_APART[1]], axis=-1).mean()
    assert lmd(found, real).value == pytest.approx(5.0 / size)
    assert akd(found, real).value == pytest.approx(5.0 * len(MOUTH) / 468)
    assert akd(found, real, stable=None).value == pytest.approx(5.0 * len(MOUTH) / 468)


def test_noise_gives_the_mean_length_of_its_vectors() -> None:
    real = in_picture(face_points())
    noise = np.random.default_rng(0).normal(0, 2, real.shape)
    noise[:, list(STABLE)] = 0
    assert akd(real + noise, real).value == pytest.approx(2 * np.sqrt(np.pi / 2), rel=0.05)  # mean of a Rayleigh
    shift = real + np.array([30.0, 0.0])
    assert akd(shift, real, stable=None).value == pytest.approx(30)
    assert akd(shift, real).value < 1e-9


def test_a_stiller_mouth_is_found_under_a_nodding_head() -> None:
    real, found = face_points(0.3), face_points(0.1)
    nods = rotation_matrices(np.stack([np.linspace(0, 0.3, FRAMES), np.zeros(FRAMES), np.zeros(FRAMES)], axis=1))
    nodding = np.einsum("fij,fnj->fni", nods, found)
    assert lmd(nodding, real).value == pytest.approx(lmd(found, real).value, rel=0.02)
    assert lmd(found, real).value > 0.01


def test_points_that_were_not_found_are_left_out_and_counted_as_missed() -> None:
    real = in_picture(face_points())
    found = real.copy()
    found[:, 200:317] = np.nan  # a quarter of them
    found[2] = np.nan
    assert akd(found, real).value < 1e-9
    assert akd(found, real).samples == FRAMES - 1
    missed = mkr(found, real)
    assert missed.each is not None
    assert missed.each[0] == pytest.approx(0.25)
    assert missed.each[2] == 1
    assert mkr(real, found).value == 0  # what is missing in the real one is not missed
    assert np.isnan(mkr(real, np.full_like(real, np.nan)).value)


def test_a_face_with_too_few_stable_points_is_not_measured() -> None:
    real = in_picture(face_points())
    found = real.copy()
    found[1, list(STABLE[:-2])] = np.nan
    assert np.isnan(without_pose(found, real)[1]).all()
    assert np.allclose(without_pose(found, real)[0], real[0])
    assert np.isnan(without_pose(np.zeros_like(real), real)).all()  # all points in one place


def test_pck_counts_what_lies_within_a_tenth_of_the_size() -> None:
    real = np.random.default_rng(0).uniform(0, 100, (4, 20, 2))
    found = real.copy()
    found[:, :5] += (9.9, 0)
    found[:, 5:10] += (0, 10.1)
    found[:, 10:12] = np.nan
    assert pck(found, real, 100.0).value == pytest.approx(13 / 20)
    closer = pck(found, real, 100.0, near=0.05)
    assert closer.value == pytest.approx(8 / 20)
    assert closer.metric.name == "PCK@0.05"
    assert pck(found, real, np.array([100.0, 100, 200, 200])).value == pytest.approx((13 + 18) / 40)


def test_hand_confidence_is_the_mean_where_hands_are() -> None:
    confidence = np.full((5, 21), 0.8)
    confidence[1] = 0.4
    confidence[3:] = np.nan
    measured = hkc(confidence)
    assert measured.value == pytest.approx((0.8 + 0.4 + 0.8) / 3)
    assert measured.samples == 3
    assert measured.warning


def test_bad_points_get_a_sentence() -> None:
    real = in_picture(face_points())
    for found, truth in ((real[:0], real[:0]), (real[:3], real), (real[:, :400], real), (real[..., 0], real[..., 0])):
        with pytest.raises(InputError):
            lmd(found, truth)
    with pytest.raises(InputError, match="only 21 points"):
        lmd(real[:, :21], real[:, :21])
    with pytest.raises(InputError, match="greater than 0"):
        pck(real, real, 0.0)
    with pytest.raises(InputError, match="between 0 and 1"):
        hkc(np.full((2, 21), 7.0))
    with pytest.raises(InputError):
        hkc(np.zeros(21))
