"""What JALI promises about the gestures and the finished mouth."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.timing import frame_times
from garrick.motion.perform import Manner, run
from garrick.motion.rules.constraints import closures
from garrick.motion.rules.jali import gestures
from garrick.motion.rules.visemes import CHANNELS, LIPS
from garrick.speech.speech import Speech
from motion_samples import closed_portrait, said

FPS = Fraction(50)
JAW = ARKIT_INDEX["jawOpen"]
PUCKER = ARKIT_INDEX["mouthPucker"]


def curve(speech: Speech, name: str) -> np.ndarray:
    performed = run(speech, closed_portrait(), FPS, Manner(head_motion=0, learned=0), RunContext())
    return performed.face[:, ARKIT_INDEX[name]]


def at(speech: Speech, values: np.ndarray, phone: int) -> float:
    middle = (speech.phones[phone].start + speech.phones[phone].end) / 2
    return float(np.interp(middle, frame_times(len(values), FPS), values))


@pytest.mark.parametrize("phone", ["T", "D", "N", "L", "K", "G", "NG"])
def test_a_tongue_only_phone_has_no_say_over_the_lips(phone: str) -> None:
    lips = [CHANNELS.index(name) for name in LIPS]
    speech = said([("AA", 0.1), (phone, 0.1), ("AA", 0.1)])
    assert not gestures(speech.phones, speech.prosody, FPS).alpha[1, lips].any()


def test_an_obstruent_shorter_than_a_frame_leaves_the_jaw() -> None:
    speech = said([("AA", 0.1), ("T", 0.03), ("AA", 0.1)])
    jaw = CHANNELS.index("jawOpen")
    assert gestures(speech.phones, speech.prosody, Fraction(25)).alpha[1, jaw] == 0
    assert gestures(speech.phones, speech.prosody, Fraction(60)).alpha[1, jaw] > 0


@pytest.mark.parametrize("phone", ["S", "Z", "SH", "ZH", "CH", "JH"])
def test_a_sibilant_narrows_the_jaw_between_open_vowels(phone: str) -> None:
    speech = said([("SIL", 0.3), ("AA", 0.2), (phone, 0.1), ("AA", 0.2), ("SIL", 0.3)])
    jaw = curve(speech, "jawOpen")
    assert at(speech, jaw, 2) < 0.4 * at(speech, jaw, 1)


def test_rounding_starts_before_its_vowel_and_crosses_tongue_only_phones() -> None:
    speech = said([("SIL", 0.3), ("AA", 0.2), ("N", 0.07), ("T", 0.07), ("UW", 0.15), ("SIL", 0.3)])
    pucker = curve(speech, "mouthPucker")
    assert at(speech, pucker, 3) > 0.5 * at(speech, pucker, 4)


def test_a_long_vowel_is_held_open() -> None:
    speech = said([("SIL", 0.3), ("AA", 3.0), ("SIL", 0.3)])
    jaw = curve(speech, "jawOpen")
    inside = jaw[int(0.5 * FPS) : int(3.1 * FPS)]
    assert inside.min() > 0.85 * inside.max() > 0.3  # what is left is how clearly somebody speaks, which wanders


def test_a_loud_vowel_opens_more_than_a_quiet_one() -> None:
    speech = said([("SIL", 0.3), ("AA", 0.2), ("SIL", 0.4), ("AA", 0.2), ("SIL", 0.3)])
    speech.prosody.energy[: int(0.7 / speech.prosody.hop)] -= 18
    jaw = curve(speech, "jawOpen")
    assert at(speech, jaw, 1) < 0.75 * at(speech, jaw, 3)


def test_the_mouth_prepares_before_speech_and_no_earlier_than_150_ms() -> None:
    speech = said([("SIL", 0.8), ("AA", 0.3), ("SIL", 0.5)])
    moving = np.flatnonzero(curve(speech, "jawOpen") > 0.01)[0] / float(FPS)
    assert 0.8 - 0.15 <= moving <= 0.8 - 0.06


def test_the_labiodental_rolls_the_lower_lip_to_the_teeth() -> None:
    speech = said([("SIL", 0.3), ("AA", 0.2), ("F", 0.1), ("AA", 0.2), ("SIL", 0.3)])
    roll, jaw = curve(speech, "mouthRollLower"), curve(speech, "jawOpen")
    assert at(speech, roll, 2) > 0.3
    assert at(speech, jaw, 2) < 0.13


def test_bilabials_that_follow_each_other_share_one_closure() -> None:
    assert len(closures(said([("AA", 0.1), ("P", 0.08), ("M", 0.08), ("AE", 0.1)]).phones)) == 1
    assert len(closures(said([("P", 0.08), ("AA", 0.1), ("P", 0.08)]).phones)) == 2
