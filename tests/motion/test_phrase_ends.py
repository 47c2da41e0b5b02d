"""What happens where a phrase ends: nods, brows that ask, eyes that come back, a hand that lets go, blinks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.gestures.curves import arm_curves
from garrick.motion.gestures.forms import Form
from garrick.motion.gestures.plan import Stroke, plan_strokes
from garrick.motion.gestures.vocabulary import GESTURES
from garrick.motion.rules.blinks import after_phrases
from garrick.motion.rules.brows import asking_brows
from garrick.motion.rules.gaze import fixations
from garrick.motion.rules.head import last_nods
from garrick.speech.speech import Speech
from motion_samples import said

TIMES = np.arange(0, 24, 0.01)
PAUSES = np.array([(2.4 + 3 * number, 2.8 + 3 * number) for number in range(7)])
SEEDS = range(40)


def talk(tone: float, accents: tuple[float, ...] = ()) -> Speech:
    """Eight phrases, three seconds from one to the next, whose ends all rise by so many semitones."""
    speech = said([("AA", 0.2), ("N", 0.1)] * 80, accents)
    ends = np.append(PAUSES[:, 0], 24.0).astype(np.float32)
    tones = np.full(len(ends), tone, np.float32)
    prosody = replace(speech.prosody, pauses=PAUSES.astype(np.float32), phrase_ends=ends, phrase_tones=tones)
    return replace(speech, prosody=prosody)


def test_half_of_the_phrases_that_do_not_rise_end_with_a_small_nod() -> None:
    prosody, found = talk(-2.0).prosody, []
    for seed in SEEDS:
        pitch = last_nods(prosody, TIMES, np.random.default_rng(seed))[:, 0]
        assert 0 <= pitch.min() <= pitch.max() <= 2.8
        found += [pitch[round(end * 100)] > 1.1 for end in PAUSES[:, 0]]
        away = np.abs(TIMES[:, None] - prosody.phrase_ends).min(axis=1)
        assert not pitch[away > 0.26].any()
    assert 0.4 < np.mean(found) < 0.6


@pytest.mark.parametrize("speech", [talk(3.0), talk(-2.0, (*(PAUSES[:, 0] - 0.2), 23.8))], ids=["rises", "nodded"])
def test_a_phrase_that_rises_or_has_its_nod_already_gets_none(speech: Speech) -> None:
    assert not any(last_nods(speech.prosody, TIMES, np.random.default_rng(seed)).any() for seed in SEEDS)


def test_brows_go_up_with_an_end_that_asks_and_stay_until_it_is_over() -> None:
    inner = ARKIT_INDEX["browInnerUp"]
    raised = [asking_brows(talk(4.0).prosody, TIMES, np.random.default_rng(seed))[:, inner] for seed in SEEDS]
    asked = [up[round(end * 100)] > 0.05 for up in raised for end in PAUSES[:, 0]]
    assert 0.5 < np.mean(asked) < 0.7
    for up in raised:
        before, at, after = (up[np.round((PAUSES[:, 0] + away) * 100).astype(int)] for away in (-0.25, 0.0, 0.2))
        np.testing.assert_allclose(before, at)
        np.testing.assert_allclose(after, at)
    surer = asking_brows(talk(5.0).prosody, TIMES, np.random.default_rng(0)).max()
    assert surer > raised[0].max() < 0.34
    assert not asking_brows(talk(1.0).prosody, TIMES, np.random.default_rng(0)).any()


def test_eyes_are_on_the_listener_more_where_phrases_end_and_as_much_in_all() -> None:
    phones = talk(0.0).phones
    ends, all_in_all = {}, {}
    for name, pauses in (("drawn", PAUSES), ("left", PAUSES[:0])):
        looks = [fixations(phones, 24, np.random.default_rng(seed), pauses).at(TIMES) for seed in range(120)]
        met = np.degrees(np.linalg.norm(np.stack(looks), axis=-1)) < 3
        ends[name] = met[:, np.round(PAUSES[:, 0] * 100).astype(int)].mean()
        all_in_all[name] = met.mean()
    assert ends["drawn"] > ends["left"] + 0.05
    assert abs(all_in_all["drawn"] - all_in_all["left"]) < 0.03


def moves(until: float | None) -> np.ndarray:
    """(F,) radians a second of the right elbow of somebody whose stroke ends at 2 s."""
    stroke = Stroke("open_palm", 2.0, ("right",), Form(sinks=0.5), until=until)
    turns = rotation_matrices(arm_curves([stroke], "right", np.arange(600) / 100, 1.0, np.random.default_rng(0))[:, 2])
    return 100 * np.linalg.norm(axis_angles(np.swapaxes(turns[:-1], -1, -2) @ turns[1:]), axis=-1)


def test_the_last_stroke_of_a_phrase_is_held_until_it_ends_and_the_hand_goes_back_with_it() -> None:
    held = GESTURES["open_palm"].held
    for end in (2.0 + held + 0.15, 2.9):
        speed = moves(end)
        assert speed[round(100 * (2.1)) : round(100 * end)].max() < 0.15
        assert speed[round(100 * (end + 0.15)) : round(100 * (end + 0.5))].max() > 0.5
    np.testing.assert_array_equal(moves(9.0), moves(None))  # too far: it goes back as it does in the midst of one


def test_the_strokes_of_a_plan_know_where_their_phrase_ends() -> None:
    speech = talk(0.0, tuple(np.arange(0.8, 23.5, 0.9)))
    strokes = plan_strokes(speech, 1.5, np.random.default_rng(1))
    assert len(strokes) > 8
    for stroke in strokes:
        ends = speech.prosody.phrase_ends
        assert stroke.until == pytest.approx(float(ends[ends >= stroke.time - 1e-6].min()), abs=0.41)


def test_blinks_are_called_just_after_each_phrase() -> None:
    np.testing.assert_allclose(after_phrases(talk(0.0).prosody) - talk(0.0).prosody.phrase_ends, 0.05, atol=1e-5)
