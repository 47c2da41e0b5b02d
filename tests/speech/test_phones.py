from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from garrick.speech.alphabet import BILABIALS, SILENCE
from garrick.speech.phones import hear_phones
from garrick.speech.speech import Phone, Speech


def covers(phones: tuple[Phone, ...], duration: float) -> None:
    """Gapless, in order, each phone longer than nothing, no two silences in a row."""
    assert phones[0].start == 0
    assert phones[-1].end == pytest.approx(duration)
    for before, after in pairwise(phones):
        assert before.end == after.start
        assert not before.symbol == after.symbol == SILENCE
    assert all(phone.end > phone.start for phone in phones)
    assert all(0 <= phone.confidence <= 1 for phone in phones)


def bilabials(phones: tuple[Phone, ...]) -> list[Phone]:
    return [phone for phone in phones if phone.symbol in BILABIALS]


def closures(phones: tuple[Phone, ...]) -> list[tuple[float, float]]:
    """Where the lips are closed, from and to, whichever phones close them."""
    spans: list[tuple[float, float]] = []
    for phone in bilabials(phones):
        begin = spans.pop()[0] if spans and spans[-1][1] == phone.start else phone.start
        spans.append((begin, phone.end))
    return spans


def heard(speech: Speech) -> tuple[Phone, ...]:
    return hear_phones(speech.waveform)


def test_every_p_b_m_that_was_said_is_heard(line: Speech) -> None:
    said, found = bilabials(line.phones), bilabials(heard(line))
    assert [phone.symbol for phone in said] == list("BBMMPPPPBPBMBMBMM")
    for phone in said:
        assert any(other.start - 0.04 <= (phone.start + phone.end) / 2 <= other.end + 0.04 for other in found), phone


def test_heard_phones_cover_the_clip(line: Speech) -> None:
    covers(heard(line), line.duration)


def test_the_pause_between_sentences_is_silence(line: Speech) -> None:
    gap = next(word for word in line.words if word.text == "Every").start - 0.15
    assert any(phone.symbol == SILENCE and phone.start < gap < phone.end for phone in heard(line))


def test_a_quiet_recording_is_heard_as_well(line: Speech) -> None:
    quiet = replace(line, waveform=line.waveform * np.float32(0.03))
    soft, loud = closures(heard(quiet)), closures(heard(line))
    assert len(soft) == len(loud)
    assert np.abs(np.array(soft) - np.array(loud)).max() < 0.03


def test_hearing_is_deterministic(line: Speech) -> None:
    assert heard(line) == heard(line)


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.05])
def test_nobody_speaks_in_silence_and_noise(noise: float) -> None:
    waveform = (noise * np.random.default_rng(0).standard_normal(32000)).astype(np.float32)
    assert hear_phones(waveform) == (Phone(SILENCE, 0.0, 2.0),)


@pytest.mark.parametrize("samples", [1, 160, 400, 3200])
def test_a_very_short_clip_is_covered(samples: int) -> None:
    waveform = np.full(samples, 0.1, np.float32)
    covers(hear_phones(waveform), samples / 16000)
