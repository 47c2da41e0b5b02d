"""Lips that are late are found to be, by as much as they are, and the bilabials that they miss are named."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.performance import Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.timing import frame_times
from garrick.errors import InputError
from garrick.evaluation.sync import aperture_of_curves, aperture_of_points, expected_openness, lip_sync
from garrick.speech.speech import Phone, Speech
from hypothesis import given, settings
from hypothesis import strategies as st

FPS = Fraction(25)
WORDS = ("M", "AA", "N", "IY", "B", "EH", "T", "AO", "P", "IY", "K", "AE", "M", "UW", "S", "AA", "L", "AH", "B", "OW")


def phones(lengths: float = 0.12, repeats: int = 3) -> list[Phone]:
    """Three phrases of the same words, each before a pause, at a lively and uneven pace."""
    rng = np.random.default_rng(1)
    said, now = [], 0.0
    for symbol in ["SIL", *[word for _ in range(repeats) for word in (*WORDS, "SIL")]]:
        end = now + lengths * rng.uniform(0.7, 1.5)
        said.append(Phone(symbol, now, end))
        now = end
    return said


def late(seconds: float, fps: Fraction = FPS) -> np.ndarray:
    """The aperture of lips that do what the phones want, and a gap of 2 mm where they touch, `seconds` too late."""
    times = frame_times(round(phones()[-1].end * float(fps)), fps)
    return 0.002 + 0.02 * expected_openness(phones(), times - seconds)


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.3, 0.3), st.sampled_from([Fraction(12), Fraction(24000, 1001), FPS, Fraction(60)]))
def test_lips_that_are_late_are_found_so_within_5_ms(seconds: float, fps: Fraction) -> None:
    measured = lip_sync(late(seconds, fps), fps, phones())
    assert measured.lag.value == pytest.approx(seconds * 1000, abs=5)
    assert measured.following.value > 0.97
    assert not measured.lag.warning


def test_the_products_own_lips_keep_time_and_80_ms_are_found(spoken: Speech, performed: Performance) -> None:
    aperture = aperture_of_curves(performed)
    own = lip_sync(aperture, FPS, spoken.phones)
    assert abs(own.lag.value) < 40  # a frame
    assert own.following.value > 0.7
    assert own.missed == ()
    assert own.closures.value == 1
    assert own.sentence() == f"lips shut on all {own.bilabials} bilabials"
    later, much_later = (
        lip_sync(aperture, FPS, tuple(Phone(p.symbol, p.start - late, p.end - late) for p in spoken.phones))
        for late in (0.08, 0.16)
    )
    assert later.lag.value - own.lag.value == pytest.approx(80, abs=5)
    assert much_later.closures.value < 1  # a slow voice holds its closures: 80 ms are within some of them


def test_the_bilabials_that_stay_open_are_named_with_their_times(spoken: Speech, performed: Performance) -> None:
    bilabials = [phone for phone in spoken.phones if phone.symbol in ("P", "B", "M")]
    missed = [bilabials[3], bilabials[9]]
    aperture = aperture_of_curves(performed)
    times = frame_times(len(performed), FPS)
    for phone in missed:
        aperture[(times > phone.start - 0.05) & (times < phone.end + 0.05)] = 0.008
    measured = lip_sync(aperture, FPS, spoken.phones)
    assert measured.missed == pytest.approx([(phone.start + phone.end) / 2 for phone in missed])
    assert measured.bilabials == len(bilabials)
    assert measured.closures.value == pytest.approx(1 - 2 / len(bilabials))
    first, second = measured.missed
    assert measured.sentence() == f"lips open on 2 of {len(bilabials)} bilabials, at {first:.1f} s and {second:.1f} s"


def test_lips_that_never_shut_miss_every_bilabial() -> None:
    times = frame_times(round(phones()[-1].end * 25), FPS)
    parted = 0.01 + 0.01 * expected_openness(phones(), times)
    measured = lip_sync(parted, FPS, phones())
    assert measured.closures.value == 0
    assert len(measured.missed) == measured.bilabials == 15


def test_the_gap_that_a_detector_sees_between_lips_that_touch_is_none() -> None:
    slow = [Phone(phone.symbol, phone.start * 2, phone.end * 2) for phone in phones()]  # room for the blur to close
    times = frame_times(round(slow[-1].end * 25), FPS)
    assert lip_sync(0.0015 + 0.02 * expected_openness(slow, times), FPS, slow).closures.value == 1


def test_frames_without_a_face_are_passed_over() -> None:
    aperture = late(0.08)
    aperture[10:20] = np.nan
    measured = lip_sync(aperture, FPS, phones())
    assert measured.lag.value == pytest.approx(80, abs=5)
    assert measured.lag.samples == len(aperture) - 10


def test_lips_that_never_move_or_follow_another_voice_get_a_warning() -> None:
    still = lip_sync(np.full(len(late(0)), 0.01), FPS, phones())
    assert np.isnan(still.lag.value)
    assert still.lag.warning == "The lips never move."
    beyond = lip_sync(late(0.43), FPS, phones())
    assert "beyond 400 ms" in beyond.lag.warning or beyond.following.value < 0.9
    short = lip_sync(late(0)[:40], FPS, phones())
    assert "75 samples" in short.lag.warning


def test_a_clip_without_bilabials_says_so() -> None:
    vowels = [Phone("SIL", 0, 0.3), Phone("AA", 0.3, 0.6), Phone("S", 0.6, 0.8), Phone("IY", 0.8, 1.2)]
    measured = lip_sync(expected_openness(vowels, frame_times(30, FPS)), FPS, vowels)
    assert measured.bilabials == 0
    assert np.isnan(measured.closures.value)
    assert measured.sentence() == "no bilabials in this clip"


def test_the_aperture_of_points_does_not_change_when_the_head_moves() -> None:
    head = load_head()
    face = np.zeros((8, 52), np.float32)
    face[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.5, 8)
    points = np.concatenate([head.landmarks(head.vertices(face=row[None])) for row in face])
    aperture = aperture_of_points(points)
    turned = points @ rotation_matrices(np.array([0.2, 0.5, 0.1])).T * 1.7 + 3
    assert aperture_of_points(turned) == pytest.approx(aperture, abs=1e-5)
    assert (np.diff(aperture) > 0).all()
    shut = points.copy()
    shut[:, [14, 87, 317]] = shut[:, [13, 82, 312]] - (0, 0.001, 0)  # the net sees a gap between lips that touch
    assert aperture_of_points(shut).max() == 0
    curves = aperture_of_curves(Performance.rest(8, FPS))
    assert curves.max() < 0.002
    assert np.isnan(aperture_of_points(np.full((2, 478, 2), np.nan))).all()


def test_bad_clips_get_a_sentence() -> None:
    silence = [Phone("SIL", 0.0, 2.0)]
    for aperture, said in (
        (np.zeros(0), phones()),
        (np.zeros((9, 2)), phones()),
        (np.full(50, np.nan), phones()),
        (np.zeros(50), silence),
        (np.zeros(50), []),
        (np.zeros(50), [Phone("AA", 9.0, 9.5)]),
    ):
        with pytest.raises(InputError):
            lip_sync(aperture, FPS, said)
    with pytest.raises(InputError, match="468 points"):
        aperture_of_points(np.zeros((3, 68, 2)))
