"""Steady noise is taken out of mel bands, and voices stay."""

import numpy as np
import pytest
from garrick.benchmarks.disturbances import pink
from garrick.speech import features, vad
from garrick.speech.noise import rows_for_text_in_noise, without_steady_noise
from garrick.speech.speech import Speech


def test_steady_noise_becomes_softer_by_at_most_10_db() -> None:
    noise = 0.05 * pink(5 * Speech.SAMPLE_RATE, (), np.random.default_rng(0))
    mels = features.voice_mels(noise)
    change = without_steady_noise(mels) - mels
    assert change.max() <= 0
    assert change.min() >= np.log(0.1) - 1e-4
    assert np.median(change) < -0.8


def test_a_voice_in_a_quiet_room_stays_as_it_is(line: Speech) -> None:
    mels = features.voice_mels(line.waveform)
    change = without_steady_noise(mels) - mels
    loud = mels > np.percentile(mels, 60)
    assert np.abs(change[loud]).max() < 0.2


def test_a_voice_stands_out_more_than_before(line: Speech) -> None:
    noise = pink(len(line.waveform), (), np.random.default_rng(0))
    noisy = line.waveform + noise * (0.3 * line.waveform.std() / noise.std())
    mels = features.voice_mels(noisy.astype(np.float32))
    clean = features.voice_mels(line.waveform)
    voiced = clean > np.percentile(clean, 80)
    quiet = clean <= np.percentile(clean, 30)
    after = without_steady_noise(mels)
    assert after[voiced].mean() - after[quiet].mean() > mels[voiced].mean() - mels[quiet].mean() + 0.5


def test_noise_that_grows_slowly_is_followed() -> None:
    rng = np.random.default_rng(0)
    swell = np.repeat([0.01, 0.1], 20 * Speech.SAMPLE_RATE)
    mels = features.voice_mels((swell * rng.standard_normal(len(swell))).astype(np.float32))
    change = without_steady_noise(mels) - mels
    assert np.median(change[500:1000]) < -0.8
    assert np.median(change[-1000:-500]) < -0.8


@pytest.mark.parametrize("samples", [1, 160, 4000])
def test_very_short_sounds_have_an_answer(samples: int) -> None:
    flat = np.full(samples, 0.1, np.float32)
    rows = rows_for_text_in_noise(flat, vad.speech_probability(flat))
    assert rows.shape == (samples // features.STEP + 1, 40)
    assert np.isfinite(rows).all()
