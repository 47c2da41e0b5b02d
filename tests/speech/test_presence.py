"""Somebody is heard speaking under noise and echo, and nobody in other sounds."""

import numpy as np
import pytest
from garrick.benchmarks.disturbances import pink, room
from garrick.speech import acoustic, vad
from garrick.speech.presence import find_speech
from garrick.speech.speech import Speech

RATE = Speech.SAMPLE_RATE


def spoken(waveform: np.ndarray) -> tuple[np.ndarray, list[tuple[float, float]]]:
    rows = acoustic.with_silence(acoustic.phone_log_probabilities(waveform))
    return find_speech(vad.speech_probability(waveform), rows, len(waveform) / RATE)


@pytest.fixture(scope="module")
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_whole_voice_is_found_and_the_silence_around_it_is_not(line: Speech) -> None:
    silence = np.zeros(RATE, np.float32)
    voice, spans = spoken(np.concatenate([silence, line.waveform, silence]))
    assert voice.dtype == np.float32
    assert len(voice) == -(-(len(line.waveform) + 2 * RATE) // vad.HOP)
    assert 0.8 < spans[0][0] < 1.4
    assert abs(spans[-1][1] - (1 + line.duration)) < 0.4


def test_a_voice_that_the_detector_misses_is_found_by_the_net(line: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is with hoarse voices in noise; here the detector is made deaf."""
    monkeypatch.setattr(vad, "speech_probability", lambda waveform: np.zeros(-(-len(waveform) // vad.HOP), np.float32))
    _, spans = spoken(line.waveform)
    assert sum(end - start for start, end in spans) > 0.7 * line.duration


def test_noise_and_echo_hide_no_voice(line: Speech, rng: np.random.Generator) -> None:
    under = pink(len(line.waveform), (), rng)
    under *= 0.3 * line.waveform.std() / under.std()
    for waveform in (line.waveform + under, room(line.waveform, 0.8, rng)):
        _, spans = spoken(waveform.astype(np.float32))
        assert sum(end - start for start, end in spans) > 0.8 * line.duration


@pytest.mark.parametrize("name", ["hum", "clicks", "wind", "puffs"])
def test_nobody_speaks_in_other_sounds(name: str, rng: np.random.Generator) -> None:
    time = np.arange(4 * RATE) / RATE
    sound = {
        "hum": np.sign(np.sin(2 * np.pi * 50 * time)),
        "clicks": (rng.random(len(time)) < 4 / RATE).astype(float),
        "wind": pink(len(time), (), rng) * (1.5 + np.sin(2 * np.pi * 0.7 * time)) ** 2,
        "puffs": np.abs(np.sin(2 * np.pi * 0.3 * time)) ** 3 * rng.standard_normal(len(time)),
    }[name]
    assert spoken((0.1 * sound / np.abs(sound).max()).astype(np.float32))[1] == []


@pytest.mark.parametrize("samples", [1, 160, 513])
def test_very_short_sounds_have_an_answer(samples: int) -> None:
    voice, spans = spoken(np.full(samples, 0.1, np.float32))
    assert len(voice) == -(-samples // vad.HOP)
    assert spans == []
