"""What every performance promises, whoever says what at whichever frame rate."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.performance import Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.timing import frame_count, frame_times
from garrick.motion.perform import Manner, run
from garrick.motion.rules.head import listening
from garrick.motion.rules.visemes import PHONE_VISEMES
from garrick.perception.portrait import Portrait
from garrick.speech.speech import Phone
from garrick.speech.voices import speak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motion_samples import PHONES, closed_portrait, said, smiling_portrait, spoken_with

RATES = st.sampled_from([Fraction(12), Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(60)])
JAW = ARKIT_INDEX["jawOpen"]
BLINK = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
utterances = st.lists(st.tuples(st.sampled_from(PHONES), st.floats(0.03, 0.25)), min_size=1, max_size=25)
short = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def lip_gaps(portrait: Portrait, face: np.ndarray) -> np.ndarray:
    """(F,) metres on the mesh of the person."""
    head = load_head()
    identity = portrait.identity[None]
    return np.concatenate([head.lip_gap(head.vertices(identity, weights[None])) for weights in face])


def open_gap(portrait: Portrait) -> float:
    """Metres between the person's lips on a held AA."""
    performed = run(
        said([("SIL", 0.3), ("AA", 0.5), ("SIL", 0.3)]), portrait, Fraction(25), Manner(head_motion=0), RunContext()
    )
    return float(lip_gaps(portrait, performed.face).max())


def test_all_39_phones_have_a_viseme() -> None:
    assert set(PHONES) - {"SIL"} == set(PHONE_VISEMES)


@short
@given(utterances, RATES, st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.booleans())
def test_every_bilabial_reaches_a_seal(
    utterance: list[tuple[str, float]], fps: Fraction, expression: float, smiling: bool
) -> None:
    portrait = smiling_portrait() if smiling else closed_portrait()
    speech = said([("SIL", 0.2), *utterance, ("SIL", 0.3)])
    performed = run(speech, portrait, fps, Manner(expression), RunContext())
    gaps = lip_gaps(portrait, performed.face)
    times = frame_times(len(performed), fps)
    # a frame may lie half a frame from the closure, which at 12 fps is a hair more than 40 ms
    reach = max(0.04, 0.5 / float(fps)) + 1e-6
    for phone in speech.phones:
        if phone.symbol in ("P", "B", "M"):
            near = (times >= phone.start - reach) & (times <= phone.end + reach)
            assert gaps[near].min() <= 0.05 * open_gap(portrait)


@short
@given(utterances, RATES, st.floats(0, 2), st.floats(0, 2), st.integers(0, 1000))
def test_weights_stay_within_0_and_1_and_frames_cover_the_voice(
    utterance: list[tuple[str, float]], fps: Fraction, expression: float, head_motion: float, seed: int
) -> None:
    speech = said(utterance)
    performed = run(speech, closed_portrait(), fps, Manner(expression, head_motion), RunContext(seed=seed))
    assert len(performed) == frame_count(speech.duration, fps)
    assert performed.face.min() >= 0
    assert performed.face.max() <= 1


@short
@given(utterances, utterances, RATES, st.floats(0.6, 1.5))
def test_the_mouth_rests_in_a_long_silence(
    before: list[tuple[str, float]], after: list[tuple[str, float]], fps: Fraction, pause: float
) -> None:
    before = [entry for entry in before if entry[0] != "SIL"] or [("AA", 0.2)]
    after = [entry for entry in after if entry[0] != "SIL"] or [("AA", 0.2)]
    speech = said([*before, ("SIL", pause), *after])
    performed = run(speech, closed_portrait(), fps, Manner(), RunContext())
    start = sum(length for _, length in before)
    times = frame_times(len(performed), fps)
    # a closure on the far side of the pause may ramp over one and a half frames
    margin = 0.16 + 1.5 / float(fps)
    still = performed.face[(times > start + margin) & (times < start + pause - margin), JAW]
    assert np.ptp(still) < 1e-3 if len(still) else True


def test_the_same_seed_gives_the_same_bytes(tmp_path) -> None:
    speech = spoken_with(accents=[0.4, 1.5])
    for name in ("first.npz", "second.npz"):
        run(speech, closed_portrait(), Fraction(25), Manner(), RunContext(seed=7)).save(tmp_path / name)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()


def test_another_seed_moves_the_head_otherwise_but_says_the_same() -> None:
    speech = spoken_with(accents=[0.4, 1.5])
    one, two = (
        run(speech, closed_portrait(), Fraction(25), Manner(learned=0), RunContext(seed=seed)) for seed in (1, 2)
    )
    assert not np.array_equal(one.head_rotation, two.head_rotation)
    assert np.corrcoef(one.face[:, JAW], two.face[:, JAW])[0, 1] > 0.95


def test_head_motion_0_is_still_with_open_eyes() -> None:
    portrait = closed_portrait()
    performed = run(spoken_with(accents=[0.4, 1.5]), portrait, Fraction(25), Manner(head_motion=0), RunContext())
    assert np.allclose(performed.head_rotation, portrait.head_rotation, atol=1e-5)
    assert np.allclose(performed.gaze, portrait.gaze, atol=1e-5)
    assert performed.face[:, BLINK].max() < 0.1


def test_eyes_shut_fully_and_about_26_times_a_minute() -> None:
    speech = said([("AA", 0.2), ("N", 0.1)] * 400)  # two minutes
    performed = run(speech, closed_portrait(), Fraction(25), Manner(), RunContext())
    shut = performed.face[:, BLINK].min(axis=1) >= 1 - 1e-6
    blinks = np.flatnonzero(shut & ~np.roll(shut, 1))
    assert 18 <= len(blinks) / 2 <= 34


def test_eyes_stay_near_their_target_while_the_head_turns() -> None:
    # the head is turned 11 degrees aside, the eyes are turned back to the camera
    portrait = replace(
        closed_portrait(),
        head_rotation=np.array([0.0, 0.2, 0.0], np.float32),
        gaze=np.array([[-0.2, 0.0], [-0.2, 0.0]], np.float32),
    )
    performed = run(spoken_with(accents=[0.4, 1.5]), portrait, Fraction(25), Manner(), RunContext(seed=3))
    lines = _sight(performed.head_rotation, performed.gaze[:, 0])
    target = _sight(portrait.head_rotation[None], portrait.gaze[None, 0])
    away = np.degrees(np.arccos(np.clip((lines * target).sum(axis=-1), -1, 1)))
    assert np.median(away) < 4
    assert away.max() < 20


def _sight(rotation: np.ndarray, gaze: np.ndarray) -> np.ndarray:
    yaw, pitch = gaze[:, 0], gaze[:, 1]
    line = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], axis=-1)
    return np.einsum("fij,fj->fi", rotation_matrices(rotation.astype(float)), line)


@pytest.mark.parametrize("fps", [Fraction(12), Fraction(25), Fraction(60)])
def test_a_single_very_short_phone_performs(fps: Fraction) -> None:
    speech = replace(said([("M", 0.02)]), phones=(Phone("M", 0.0, 0.02),))
    assert len(run(speech, closed_portrait(), fps, Manner(), RunContext())) == frame_count(0.02, fps)


def test_a_clip_that_starts_silent_starts_as_the_photo() -> None:
    portrait = closed_portrait()
    for seed in range(5):
        performed = run(spoken_with(accents=[0.4, 1.5]), portrait, Fraction(25), Manner(), RunContext(seed=seed))
        assert np.allclose(performed.face[0], portrait.face, atol=1e-6)
        assert np.allclose(performed.head_rotation[0], portrait.head_rotation, atol=1e-6)
        assert np.allclose(performed.head_translation[0], 0)
        assert np.allclose(performed.gaze[0], portrait.gaze, atol=1e-6)


def test_who_stops_speaking_listens_with_small_nods_and_a_short_pause_has_none() -> None:
    phones = [Phone("AA", 0, 1), Phone("SIL", 1, 9), Phone("AA", 9, 10), Phone("SIL", 10, 11.5)]
    times = np.arange(575) / 50
    pitch = listening(phones, times, np.random.default_rng(3))[:, 0]
    assert pitch[times <= 1.5].max() == pitch[times >= 9].max() == 0
    peaks = (pitch[1:-1] > pitch[:-2]) & (pitch[1:-1] >= pitch[2:]) & (pitch[1:-1] > 0.5)
    assert 2 <= peaks.sum() <= 8  # nods come in pairs, every few seconds
    assert 1 < pitch.max() < 3.6
    assert np.abs(np.diff(pitch)).max() * 50 < 60  # degrees a second


def test_what_was_learned_moves_the_mouth_as_far_as_it_is_asked_and_a_style_changes_it() -> None:
    line = speak("My baby might buy a bigger boat, maybe.", RunContext())
    portrait, fps = closed_portrait(), Fraction(25)
    style = Performance.rest(100, fps)
    style.face[:, JAW] = 0.25 + 0.2 * np.sin(np.arange(100) / 3)
    ruled, half, full, styled = (
        run(line, portrait, fps, manner, RunContext()).face
        for manner in (Manner(learned=0), Manner(), Manner(learned=1), Manner(learned=1, style=style))
    )
    apart = [np.abs(face - ruled).mean() for face in (half, full)]
    assert 0.3 * apart[1] < apart[0] < 0.8 * apart[1]
    assert np.abs(styled - full).mean() > 0.002
    style.face[:, ARKIT_INDEX["mouthPressLeft"]] = 0.4
    pressed = run(line, portrait, fps, Manner(learned=1, style=style), RunContext()).face
    assert np.median((pressed - styled)[:, ARKIT_INDEX["mouthPressLeft"]]) > 0.29  # it rests as the style does
    others = [row for name, row in ARKIT_INDEX.items() if not name.startswith(("mouth", "jaw"))]
    assert np.array_equal(full[:, others], ruled[:, others])
    lips = [lip_gaps(portrait, face) for face in (ruled, full, styled)]
    times = frame_times(len(ruled), fps)
    for phone in line.phones:
        if phone.symbol in ("P", "B", "M"):
            near = (times >= phone.start - 0.041) & (times <= phone.end + 0.041)
            assert all(gaps[near].min() < 0.0009 for gaps in lips)
