"""The disturbances of the benchmark are as strong as their names say."""

import numpy as np
import pytest
import scipy.signal
from garrick.benchmarks.disturbances import (
    RATE,
    clipped,
    crowd,
    disturbances,
    music,
    pink,
    room,
    shouted,
    stereo,
    telephone,
    white,
)


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    """Two seconds of a buzzing tone in syllables, with a pause in the middle."""
    time = np.arange(2 * RATE) / RATE
    syllables = np.abs(np.sin(2 * np.pi * 2 * time)) * ((time < 0.7) | (time > 1.2))
    return (0.3 * scipy.signal.sawtooth(2 * np.pi * 120 * time) * syllables).astype(np.float32)


def by_name(name: str):
    return next(one for one in disturbances() if one.name == name)


@pytest.mark.parametrize("name", ["white noise", "pink noise", "crowd", "music"])
def test_what_is_under_the_voice_is_softer_by_what_the_name_says(name: str, voice: np.ndarray) -> None:
    """Between two levels of one sound lies 10 dB."""
    left = []
    for decibels in (10, 0):
        mixed = by_name(f"{name} {decibels} dB").apply(voice, [voice[::-1]], np.random.default_rng(0))[:, 0]
        peak = np.abs(mixed).max()
        scale = np.dot(mixed, voice) / np.dot(voice, voice) if peak >= 1 else 1.0
        left.append(np.square(mixed / scale - voice).mean())
    assert 10 * np.log10(left[1] / left[0]) == pytest.approx(10, abs=0.6)


def test_pink_noise_is_as_loud_in_every_octave() -> None:
    noise = pink(8 * RATE, (), np.random.default_rng(0))
    hertz, power = scipy.signal.welch(noise, RATE, nperseg=4096)
    octaves = [power[(hertz >= low) & (hertz < 2 * low)].sum() for low in (100, 400, 1600)]
    assert max(octaves) / min(octaves) < 1.3


def test_white_noise_is_as_loud_in_every_hertz() -> None:
    hertz, power = scipy.signal.welch(white(8 * RATE, (), np.random.default_rng(0)), RATE, nperseg=4096)
    assert power[(hertz > 100) & (hertz < 1000)].mean() == pytest.approx(power[hertz > 6000].mean(), rel=0.1)


def test_a_crowd_has_every_voice_in_it(voice: np.ndarray) -> None:
    low, high = (np.sin(2 * np.pi * tone * np.arange(RATE) / RATE).astype(np.float32) for tone in (200, 900))
    spectrum = np.abs(np.fft.rfft(crowd(RATE, [low, 0.01 * high], np.random.default_rng(0))))
    assert spectrum[200] == pytest.approx(spectrum[900], rel=0.05)


def test_music_has_chords_and_drums() -> None:
    sound = music(4 * RATE, (), np.random.default_rng(0))
    steps = np.square(sound[: 4 * RATE]).reshape(-1, 160).mean(axis=1)
    assert steps.max() / np.median(steps) > 2
    assert np.median(steps) > 0


@pytest.mark.parametrize("seconds", [0.3, 0.8])
def test_an_echo_dies_away_in_its_time(seconds: float) -> None:
    click = np.zeros(RATE, np.float32)
    click[0] = 1.0
    echo = room(click, seconds, np.random.default_rng(0))
    assert echo[0] == pytest.approx(1.0, abs=0.01)
    energy = np.square(echo[80:])[::-1].cumsum()[::-1]
    decay = 10 * np.log10(energy / energy[0] + 1e-12)
    half = np.argmax(decay < -30) / RATE
    assert half == pytest.approx(seconds / 2, rel=0.2)


def test_a_telephone_has_no_lows_and_no_highs(voice: np.ndarray) -> None:
    heard = telephone(voice + 0.1 * white(len(voice), (), np.random.default_rng(0)))
    hertz, power = scipy.signal.welch(heard, 8000, nperseg=1024)
    assert power[hertz < 150].mean() < 0.1 * power[(hertz > 500) & (hertz < 3000)].mean()
    assert len(np.unique(heard)) <= 256


def test_clipping_cuts_a_tenth_of_the_loud_samples(voice: np.ndarray) -> None:
    cut = clipped(voice, 0.1)
    loud = np.abs(voice) > 0.02 * np.abs(voice).max()
    assert np.mean(np.abs(cut[loud]) == 1.0) == pytest.approx(0.1, abs=0.01)


def test_a_shout_is_brighter(voice: np.ndarray) -> None:
    def brightness(sound: np.ndarray) -> float:
        hertz, power = scipy.signal.welch(sound, RATE, nperseg=1024)
        return float(power[hertz > 1500].sum() / power.sum())

    assert brightness(shouted(voice)) > 1.5 * brightness(voice)


def test_stereo_is_the_same_voice_on_both_sides(voice: np.ndarray) -> None:
    both = stereo(voice)
    assert both.shape == (6 * len(voice), 2)
    assert np.corrcoef(both[:-29, 0], both[29:, 1])[0, 1] > 0.999


def test_every_disturbance_gives_sound_that_can_be_written(voice: np.ndarray) -> None:
    for one in disturbances():
        sound = one.apply(voice, [voice[::-1]], np.random.default_rng(0))
        assert sound.ndim == 2, one.name
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() <= 1.0
        assert len(sound) / one.rate == pytest.approx(len(voice) / RATE, abs=0.001)
