"""What happens to a voice on its way to us: noise, rooms, telephones, bad levels, music."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.signal

RATE = 16000
Voice = np.ndarray
"""(N,) float32, 16 kHz, -1..1."""


@dataclass(frozen=True)
class Disturbance:
    """apply(voice, others, rng) -> (M, C) float32 at `rate` Hz; others: other voices, for a crowd."""

    name: str
    apply: Callable[[Voice, Sequence[Voice], np.random.Generator], np.ndarray]
    rate: int = RATE


def disturbances() -> list[Disturbance]:
    """Everything that is tried, what is clean first."""
    return [
        Disturbance("clean", lambda voice, others, rng: _mono(voice)),
        *(
            Disturbance(f"{name} {decibels} dB", _over(sound, decibels))
            for name, sound in (("white noise", white), ("pink noise", pink), ("crowd", crowd))
            for decibels in (20, 10, 0)
        ),
        *(Disturbance(f"music {decibels} dB", _over(music, decibels)) for decibels in (10, 0)),
        *(Disturbance(f"room {seconds:g} s", _in_room(seconds)) for seconds in (0.3, 0.8)),
        Disturbance("telephone", lambda voice, others, rng: _mono(telephone(voice)), 8000),
        Disturbance("clipped", lambda voice, others, rng: _mono(clipped(voice, 0.1))),
        Disturbance("shouted", lambda voice, others, rng: _mono(shouted(voice))),
        Disturbance("-40 dB", lambda voice, others, rng: _mono(0.01 * voice)),
        Disturbance("96 kHz stereo", lambda voice, others, rng: stereo(voice), 96000),
    ]


def white(length: int, others: Sequence[Voice], rng: np.random.Generator) -> Voice:
    """Noise with the same energy in every hertz."""
    return rng.standard_normal(length).astype(np.float32)


def pink(length: int, others: Sequence[Voice], rng: np.random.Generator) -> Voice:
    """Noise with the same energy in every octave: power falls by 1 / f above 20 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 20.0)), length).astype(np.float32)


def crowd(length: int, others: Sequence[Voice], rng: np.random.Generator) -> Voice:
    """Other voices all at once, equally loud, each begun somewhere in its middle."""
    mixed = np.zeros(length, np.float32)
    for other in others:
        mixed += np.resize(np.roll(other, rng.integers(len(other))), length) / (_loudness(other) + 1e-9)
    return mixed


def music(length: int, others: Sequence[Voice], rng: np.random.Generator) -> Voice:
    """Chords of sawtooth voices, two a bar, over a bass drum and a snare: 110 beats a minute."""
    time = np.arange(length) / RATE
    beat = 60 / 110
    roots = np.array([220.0, 174.6, 261.6, 196.0])[(time / (2 * beat)).astype(int) % 4]
    phase = np.cumsum(roots) / RATE
    chord = sum(scipy.signal.sawtooth(2 * np.pi * ratio * phase) for ratio in (0.5, 1, 1.26, 1.5))
    since = time % beat
    drum = np.sin(2 * np.pi * 55 * since) * np.exp(-since / 0.08)
    snare = rng.standard_normal(length) * np.exp(-since / 0.05) * ((time / beat).astype(int) % 2)
    return (0.15 * chord + drum + 0.5 * snare).astype(np.float32)


def room(voice: Voice, seconds: float, rng: np.random.Generator) -> Voice:
    """In a room whose echo falls by 60 dB in the given time: the direct sound, then noise that dies away (Polack 1988).

    The echo begins after 3 ms, 5 dB louder in sum than the direct sound when it is long (0.8 s), 1 dB softer at 0.3 s.
    """
    count = int(seconds * RATE)
    tail = rng.standard_normal(count) * np.exp(-6.91 * np.arange(count) / count)
    tail[: int(0.003 * RATE)] = 0.0
    tail *= np.sqrt(2.67 * seconds) / np.sqrt(np.square(tail).sum())
    echo = scipy.signal.fftconvolve(voice, np.concatenate([[1.0], tail[1:]]))[: len(voice)]
    return echo.astype(np.float32)


def telephone(voice: Voice) -> np.ndarray:
    """(N / 2,) float32 at 8 kHz: 300 to 3400 Hz, in the 256 steps of G.711 (mu law)."""
    band = scipy.signal.butter(4, (300, 3400), "bandpass", fs=RATE, output="sos")
    narrow = scipy.signal.resample_poly(scipy.signal.sosfilt(band, voice), 1, 2)
    narrow = np.clip(narrow / (np.abs(narrow).max() + 1e-9), -1, 1)
    steps = np.round(127 * np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)) / 127
    return (np.sign(steps) * (256 ** np.abs(steps) - 1) / 255).astype(np.float32)


def clipped(voice: Voice, share: float) -> Voice:
    """So loud that a share of the samples that are not nearly silent is cut off."""
    loud = np.abs(voice)
    most = np.quantile(loud[loud > 0.02 * loud.max()], 1 - share)
    return np.clip(voice / most, -1.0, 1.0)


def shouted(voice: Voice) -> Voice:
    """Louder effort: more energy above 1 kHz (12 dB), and a microphone that is driven too hard."""
    high = scipy.signal.butter(1, 1000, "highpass", fs=RATE, output="sos")
    strained = voice + 3 * scipy.signal.sosfilt(high, voice)
    return np.tanh(4 * strained / (np.abs(strained).max() + 1e-9)).astype(np.float32)


def stereo(voice: Voice) -> np.ndarray:
    """(6 N, 2) float32 at 96 kHz: louder on the left, 0.3 ms later on the right."""
    fine = scipy.signal.resample_poly(voice, 6, 1)
    return np.stack([fine, 0.6 * np.roll(fine, 29)], axis=1).astype(np.float32)


def _over(sound: Callable[[int, Sequence[Voice], np.random.Generator], Voice], decibels: float):
    """Under the voice, softer by so many decibels than its speech."""

    def apply(voice: Voice, others: Sequence[Voice], rng: np.random.Generator) -> np.ndarray:
        under = sound(len(voice), others, rng)
        return _mono(voice + under * (_loudness(voice) / _loudness(under) * 10 ** (-decibels / 20)))

    return apply


def _in_room(seconds: float):
    return lambda voice, others, rng: _mono(room(voice, seconds, rng))


def _loudness(voice: Voice) -> float:
    """RMS of the louder half of its 20 ms steps, which leaves pauses out."""
    steps = voice[: len(voice) // 320 * 320].reshape(-1, 320)
    power = np.square(steps, dtype=np.float64).mean(axis=1)
    return float(np.sqrt(power[power >= np.median(power)].mean()))


def _mono(voice: Voice) -> np.ndarray:
    """(N, 1), its peak at most full scale."""
    return (voice / max(1.0, float(np.abs(voice).max())))[:, None].astype(np.float32)
