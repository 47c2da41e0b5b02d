"""Hearing while it is said: soon, for good, and the same however the sound was cut."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from garrick.speech import acoustic, features
from garrick.speech.alphabet import BILABIALS, SILENCE
from garrick.speech.live import LAG, TICK, LiveEar
from garrick.speech.live.rows import AHEAD, LiveRows
from garrick.speech.speech import Phone, Speech
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RATE = Speech.SAMPLE_RATE


def heard(sound: np.ndarray, lag: float = LAG, chunk: int = 3 * TICK) -> LiveEar:
    ear = LiveEar(lag)
    for part in np.split(sound, range(chunk, len(sound), chunk)):
        ear.listen(part)
    return ear


def symbols(phones: Iterable[Phone], duration: float) -> list[str]:
    """One each 10 ms."""
    phones = list(phones)
    ends = [phone.end for phone in phones]
    places = np.searchsorted(ends, np.arange(0.005, duration, 0.01), side="right")
    return [phones[min(place, len(phones) - 1)].symbol for place in places]


@pytest.fixture(scope="module")
def start(line: Speech) -> np.ndarray:
    """The first three seconds of the line."""
    return line.waveform[: 3 * RATE]


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 24000), max_size=8).map(sorted))
def test_the_same_sound_gives_the_same_phones_however_it_is_cut(start: np.ndarray, cuts: list[int]) -> None:
    whole, ear = LiveEar(), LiveEar()
    whole.listen(start[:24000])
    for part in np.split(start[:24000], cuts):
        ear.listen(part)
    assert ear.phones() == whole.phones()


def test_every_phone_is_decided_within_a_fifth_of_a_second_and_for_good(start: np.ndarray) -> None:
    ear = LiveEar()
    before: list[Phone] = []
    for first in range(0, len(start), 320):
        ear.listen(start[first : first + 320])
        phones, now = ear.phones(), ear.samples / RATE
        assert now - ear.decided <= LAG + TICK / RATE + features.HOP or now < 2 * LAG
        assert now - ear.decided < 0.2 + 1e-9 or now < 2 * LAG
        for old, new in zip(before, phones, strict=False):
            assert (new.symbol, new.start) == (old.symbol, old.start)
        before = [phone for phone in phones if phone.end <= ear.decided]
        assert all(one.end == other.start for one, other in pairwise(phones))
    assert len(before) > 20


def test_waiting_longer_changes_little(start: np.ndarray) -> None:
    soon, late = heard(start), heard(start, lag=2.0)
    soon.decide()
    late.decide()
    same = np.array(symbols(soon.phones(), 3.0)) == np.array(symbols(late.phones(), 3.0))
    assert same.mean() > 0.75  # 0.87 of 102 s of recordings


def test_lips_that_close_are_heard(line: Speech) -> None:
    sound = line.waveform
    ear, found = LiveEar(), set()
    for first in range(0, len(sound), TICK):
        ear.listen(sound[first : first + TICK])
        found |= {phone for phone in ear.phones() if phone.symbol in BILABIALS and phone.end <= ear.decided}
    said = [phone for phone in line.phones if phone.symbol in BILABIALS]
    near = [any(one.start - 0.04 <= phone.end and phone.start <= one.end + 0.04 for one in found) for phone in said]
    assert sum(near) >= 0.8 * len(said)


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.05])
def test_nobody_speaks_in_silence_and_noise(noise: float) -> None:
    ear = heard((noise * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32))
    assert {phone.symbol for phone in ear.phones()} == {SILENCE}


def test_what_is_decided_at_once_goes_on_without_a_gap(start: np.ndarray) -> None:
    ear = heard(start[:20001])
    ear.decide(start[20001:20100])
    assert ear.decided == 20100 / RATE == ear.phones()[-1].end
    shown = ear.phones()
    ear.listen(start[20001:])
    assert ear.phones()[: len(shown) - 1] == shown[:-1]
    assert all(one.end == other.start for one, other in pairwise(ear.phones()))
    assert ear.decided > 2.7


def test_known_phones_are_taken_over(start: np.ndarray) -> None:
    ear = heard(start[:16000])
    ear.decide()
    known = [Phone("AA", 1.0, 1.4), Phone("M", 1.4, 1.5), Phone(SILENCE, 1.5, 2.0)]
    ear.skip(np.zeros(RATE, np.float32), known)
    assert ear.decided == 2.0
    assert [(phone.symbol, phone.start) for phone in ear.phones()[-3:]] == [("AA", 1.0), ("M", 1.4), (SILENCE, 1.5)]


def test_the_net_says_the_same_in_pieces_as_of_the_whole(start: np.ndarray) -> None:
    mels = features.RunningNormaliser((features.BANDS,)).push(features.voice_mels(start))
    whole = acoustic.with_silence(acoustic.run("phones_live", mels))
    for chunk in (320, 1111):
        live, rows = LiveRows(), []
        for first in range(0, len(start), chunk):
            rows.append(live.push(start[first : first + chunk]))
            late = min(first + chunk, len(start)) / RATE - sum(map(len, rows)) * features.HOP
            assert late <= AHEAD + 3 * features.HOP  # a pair of frames, and one that is not whole
        together = np.concatenate(rows)
        assert np.abs(together - whole[: len(together)]).max() < 1e-4
        assert len(together) + len(live.rest(start[:0])) == len(whole)
