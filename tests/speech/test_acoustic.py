import numpy as np
import pytest
from garrick.speech import acoustic, features
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.speech import Speech

LOOK_AHEAD = 0.083  # seconds, promised


@pytest.fixture(scope="module")
def mels(line: Speech) -> np.ndarray:
    return features.normalised(features.log_mels(features.power_spectrum(line.waveform)))


@pytest.mark.parametrize("net", ["phones", "phones_live"])
def test_rows_are_probabilities(net: str, mels: np.ndarray) -> None:
    rows = acoustic.run(net, mels[:301])
    assert rows.shape == (301, len(acoustic.CLASSES))
    assert np.exp(rows).sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_clear_voice_is_heard(line: Speech) -> None:
    """Most frames of a synthetic voice get the very phone that its aligned text has there."""
    rows = acoustic.with_silence(acoustic.phone_log_probabilities(line.waveform))
    symbols = (*ARPABET, SILENCE)
    times = np.arange(len(rows)) * features.HOP
    right = [
        symbols[rows[frame].argmax()] == phone.symbol
        for phone in line.phones
        for frame in np.flatnonzero((times >= phone.start) & (times < phone.end))
    ]
    assert np.mean(right) > 0.6


def test_piece_by_piece_is_as_good_as_whole(mels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = acoustic.from_mels(mels)
    monkeypatch.setattr(acoustic, "_PIECE", 120)
    assert np.abs(acoustic.from_mels(mels) - whole).max() < 1e-3


def test_the_live_net_looks_no_further_ahead_than_promised(line: Speech) -> None:
    """What is said later changes nothing, to the last bit that matters."""
    cut = 12800
    changed = line.waveform.copy()
    changed[cut:] = 0.3 * np.random.default_rng(0).standard_normal(len(changed) - cut)
    rows = [acoustic.run("phones_live", running(sound)) for sound in (line.waveform, changed)]
    same = np.abs(rows[0] - rows[1]).max(axis=1) < 1e-4
    decided = int((cut / 16000 - LOOK_AHEAD) / features.HOP)
    assert same[:decided].all()
    assert not same[decided + 12]


def running(waveform: np.ndarray) -> np.ndarray:
    mels = features.log_mels(features.power_spectrum(waveform))
    return features.RunningNormaliser((features.BANDS,)).push(mels)
