import numpy as np
import pytest
from garrick.speech.alphabet import SILENCE
from garrick.speech.prosody import HOP, measure_prosody
from garrick.speech.speech import Phone, Speech


def glide(pitch: np.ndarray) -> np.ndarray:
    """(N,) float32: a buzz of the given pitch (N,) in Hz at 16 kHz."""
    phase = 2 * np.pi * np.cumsum(pitch) / 16000
    return (0.1 * sum(np.sin(k * phase) / k for k in range(1, 6))).astype(np.float32)


def test_a_pitch_rise_is_measured_in_semitones_and_is_an_accent() -> None:
    time = np.arange(32000) / 16000
    pitch = 120 * 2 ** (4 * np.exp(-(((time - 1.2) / 0.12) ** 2)) / 12)
    prosody = measure_prosody(glide(pitch), [Phone("AA", 0, 2)])
    assert prosody.hop == HOP
    assert len(prosody.semitones) == len(prosody.voiced) == len(prosody.energy) == 201
    assert prosody.semitones.max() == pytest.approx(3.4, abs=0.7)  # 4 semitones, less the smoothing
    np.testing.assert_allclose(prosody.accents, [1.2], atol=0.03)
    assert prosody.voiced[10:190].all()


def test_accents_lie_inside_speech_only() -> None:
    time = np.arange(32000) / 16000
    pitch = 120 * 2 ** (4 * np.exp(-(((time - 1.2) / 0.12) ** 2)) / 12)
    phones = [Phone("AA", 0, 0.8), Phone(SILENCE, 0.8, 1.6), Phone("AA", 1.6, 2)]
    assert len(measure_prosody(glide(pitch), phones).accents) == 0


def test_energy_is_decibels_under_the_loudest() -> None:
    waveform = glide(np.full(32000, 120.0))
    waveform[16000:] *= 0.1
    prosody = measure_prosody(waveform, [Phone("AA", 0, 2)])
    assert prosody.energy.max() == 0
    assert prosody.energy[150] == pytest.approx(-20, abs=1)


@pytest.mark.parametrize("samples", [1, 50, 800, 3200])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_silence_noise_and_blips_have_flat_pitch(samples: int, noise: float) -> None:
    waveform = (noise * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)
    prosody = measure_prosody(waveform, [Phone(SILENCE, 0, samples / 16000)])
    for values in (prosody.semitones, prosody.energy):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert len(prosody.accents) == 0


def test_a_spoken_line_has_a_natural_rate_of_accents(line: Speech) -> None:
    assert 0.3 < len(line.prosody.accents) / line.duration < 2.5
    assert np.abs(line.prosody.semitones).max() <= 12
    assert 0.2 < line.prosody.voiced.mean() < 0.9
