"""Pauses that are none: silence that the net hears in a loud voice does not tear known words apart."""

from __future__ import annotations

import numpy as np
import pytest
from garrick.speech import acoustic, alignment, features, vad
from garrick.speech.alphabet import SILENCE
from garrick.speech.pauses import rows_for_text, without_false_pauses
from garrick.speech.reading import read
from garrick.speech.speech import Speech


@pytest.fixture(scope="module")
def deceived(line: Speech) -> np.ndarray:
    """(T, 40): the net's rows, but sure of silence through the middle of "poppies" and of "becomes"."""
    rows, _, _ = rows_for_text(line.waveform)
    silence = np.full(40, -8.0, np.float32)
    silence[acoustic.SILENT] = -0.001
    for word in (line.words[4], line.words[8]):
        middle = round((word.start + word.end) / 2 / features.HOP)
        rows[middle - 8 : middle + 8] = silence
    return rows


def placed(rows: np.ndarray, line: Speech) -> np.ndarray:
    """Seconds at which each phone begins."""
    words = [word.phones for passage in read(line.text) for word in passage.words]
    return np.array(
        [phone.start for phone in alignment.align(alignment.Sounds(rows), words) if phone.symbol != SILENCE]
    )


def test_words_stay_where_they_are_when_the_net_takes_a_voice_for_silence(line: Speech, deceived: np.ndarray) -> None:
    true = placed(rows_for_text(line.waveform)[1], line)
    mended = without_false_pauses(deceived, line.waveform, vad.speech_probability(line.waveform))
    wrong, right = (np.abs(placed(rows, line) - true) for rows in (deceived, mended))
    assert right.max() < 0.2  # within the stretch that nothing is known of
    assert wrong.mean() > 1.5 * right.mean()


def test_true_pauses_keep_their_evidence(line: Speech) -> None:
    rows, changed, _ = rows_for_text(line.waveform)
    pauses = [phone for phone in line.phones if phone.symbol == SILENCE and phone.end - phone.start > 0.2]
    assert len(pauses) >= 2
    for pause in pauses:
        middle = round((pause.start + pause.end) / 2 / features.HOP)
        np.testing.assert_array_equal(changed[middle], rows[middle])
    np.testing.assert_array_equal(changed[:, : acoustic.SILENT], rows[:, : acoustic.SILENT])


def test_a_detector_that_lags_costs_no_pause_its_evidence(line: Speech) -> None:
    rows, _, _ = rows_for_text(line.waveform)
    always = without_false_pauses(rows, line.waveform, np.ones(len(line.waveform) // vad.HOP, np.float32))
    pause = line.phones[-1]
    middle = round((pause.start + pause.end) / 2 / features.HOP)
    np.testing.assert_array_equal(always[middle], rows[middle])


def test_noise_is_changed_by_nothing() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, 16000).astype(np.float32)
    rows, changed, _ = rows_for_text(noise)
    np.testing.assert_array_equal(changed, rows)
