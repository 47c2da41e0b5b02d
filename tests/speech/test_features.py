import numpy as np
import pytest
from garrick.speech import features
from garrick.speech.speech import Speech


@pytest.fixture(scope="module")
def mels(line: Speech) -> np.ndarray:
    return features.log_mels(features.power_spectrum(line.waveform))


def test_a_click_lies_in_the_frame_of_its_time() -> None:
    waveform = np.zeros(16000, np.float32)
    waveform[8000] = 1.0
    assert features.power_spectrum(waveform).sum(axis=1).argmax() == 50


def test_a_tone_lies_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    band = int(features.log_mels(features.power_spectrum(tone))[50].argmax())
    mel = [2595 * np.log10(1 + frequency / 700) for frequency in (60, 1000, 7600)]
    assert band == round((mel[1] - mel[0]) / (mel[2] - mel[0]) * (features.BANDS + 1)) - 1


def test_mels_made_in_pieces_have_no_seams(line: Speech, mels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "_PIECE", 37)
    assert features.voice_mels(line.waveform) == pytest.approx(mels, abs=1e-4)


def test_level_and_microphone_do_not_matter(mels: np.ndarray) -> None:
    colour = np.linspace(-3, 2, features.BANDS)
    plain, coloured = features.normalised(mels), features.normalised(mels + colour)
    heard = mels.mean(axis=1) > np.percentile(mels.mean(axis=1), 60)
    assert np.abs(plain - coloured)[heard].mean() < 0.1


def test_frames_are_normalised_the_same_however_they_come(mels: np.ndarray) -> None:
    whole = features.RunningNormaliser((features.BANDS,)).push(mels)
    running = features.RunningNormaliser((features.BANDS,))
    pieces = np.concatenate([running.push(piece) for piece in np.array_split(mels, 13)])
    assert np.array_equal(whole, pieces)


def test_several_streams_at_once_are_each_as_if_alone(mels: np.ndarray) -> None:
    other = mels[::-1] - 2.0
    together = features.RunningNormaliser((2, features.BANDS)).push(np.stack([mels, other], axis=1))
    assert together[:, 1] == pytest.approx(features.RunningNormaliser((features.BANDS,)).push(other), abs=1e-4)


def test_a_running_mean_comes_near_that_of_the_whole(mels: np.ndarray) -> None:
    running = features.RunningNormaliser((features.BANDS,)).push(mels)
    assert np.abs(running - features.normalised(mels))[len(mels) // 2 :].mean() < 0.6
