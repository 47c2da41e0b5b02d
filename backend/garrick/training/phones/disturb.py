"""What rooms, microphones and people add to speech: applied to waveforms, once a copy of a clip.

Everything is made here from random numbers; no recording is used.
"""

from __future__ import annotations

import numpy as np
import scipy.signal

from garrick.speech.acoustic import BREATH, LAUGH
from garrick.speech.alphabet import SILENCE
from garrick.training.phones.clip import RATE, Clip

_FASTEST, _SLOWEST = 1.2, 0.85
_PAUSE = (0.1, 0.9)  # seconds of silence around a clip
_BREATHS, _LAUGHS = 0.35, 0.08  # share of copies with one
_ROOMS, _BANDS, _CLIPPED = 0.45, 0.3, 0.05


def surrounded(clip: Clip, rng: np.random.Generator) -> Clip:
    """The clip between silences, with a breath or a laugh in some of them."""
    level = float(np.sqrt(np.mean(np.square(clip.waveform)))) or 1e-3
    before, after = _gap(level, rng), _gap(level, rng)
    offset = before[-1][2]
    waveform = np.concatenate([*(part for part, _, _ in before), clip.waveform, *(part for part, _, _ in after)])
    phones = [(symbol, end) for _, symbol, end in before]
    phones += [(symbol, offset + end) for symbol, end in clip.phones[:-1]]
    phones.append((clip.phones[-1][0], offset + clip.duration))
    phones += [(symbol, offset + clip.duration + end) for _, symbol, end in after]
    return Clip(waveform.astype(np.float32), tuple(phones), clip.voice)


def disturbed(clip: Clip, rng: np.random.Generator) -> Clip:
    """The clip at another speed (pitch and formants move with it), in a room, through a band, clipped; each by chance."""
    waveform, phones = clip.waveform, clip.phones
    speed = rng.uniform(_SLOWEST, _FASTEST)
    count = round(len(waveform) / speed)
    waveform = np.interp(np.arange(count) * speed, np.arange(len(waveform)), waveform)
    phones = tuple((symbol, end / speed) for symbol, end in phones)
    if rng.random() < _ROOMS:
        waveform = scipy.signal.fftconvolve(waveform, _room(rng))[:count]
    if rng.random() < _BANDS:
        waveform = scipy.signal.sosfilt(_band(rng), waveform)
    if rng.random() < _CLIPPED:
        limit = float(np.percentile(np.abs(waveform), rng.uniform(95, 99.5)))
        waveform = np.clip(waveform, -limit, limit)
    return Clip(np.asarray(waveform, np.float32), phones, clip.voice)


def _gap(level: float, rng: np.random.Generator) -> list[tuple[np.ndarray, str, float]]:
    """Silence, perhaps with a sound of breath or laughter in its middle -> (samples, class, end in seconds)."""
    parts = [(np.zeros(round(rng.uniform(*_PAUSE) * RATE)), SILENCE)]
    drawn = rng.random()
    if drawn < _BREATHS + _LAUGHS:
        sound = _breath(rng) if drawn < _BREATHS else _laughter(rng)
        loud = level * 10 ** (rng.uniform(-30, -6) / 20 if drawn < _BREATHS else rng.uniform(-12, 3) / 20)
        sound *= loud / max(float(np.sqrt(np.mean(np.square(sound)))), 1e-9)
        parts += [
            (sound, BREATH if drawn < _BREATHS else LAUGH),
            (np.zeros(round(rng.uniform(0.05, 0.4) * RATE)), SILENCE),
        ]
    ends = np.cumsum([len(samples) for samples, _ in parts]) / RATE
    return [(samples, symbol, float(end)) for (samples, symbol), end in zip(parts, ends, strict=True)]


def _breath(rng: np.random.Generator) -> np.ndarray:
    """Noise through the resonances of an open throat (in- and out-breaths), or a short burst (click, cough)."""
    seconds = rng.uniform(0.2, 0.8) if rng.random() < 0.8 else rng.uniform(0.03, 0.15)
    noise = rng.normal(size=round(seconds * RATE))
    shape = np.sin(np.pi * np.linspace(0, 1, len(noise)) ** rng.uniform(0.5, 1.6)) ** rng.uniform(0.7, 2)
    return _throat(noise, rng.uniform(0.8, 1.25), rng) * shape


def _laughter(rng: np.random.Generator) -> np.ndarray:
    """Bursts of voice and breath, four to six a second, their pitch falling (Bachorowski et al. 2001)."""
    syllables = []
    pitch, rate, tract = rng.uniform(160, 450), rng.uniform(4, 6), rng.uniform(0.85, 1.3)
    for _ in range(int(rng.integers(3, 9))):
        period = round(RATE / rate)
        voiced = round(period * rng.uniform(0.4, 0.6))
        glide = pitch * np.linspace(1.08, 0.88, voiced)
        pulses = np.diff(np.floor(np.cumsum(glide) / RATE), prepend=0.0)
        source = np.concatenate(
            [np.asarray(scipy.signal.lfilter([1], [1, -0.9], pulses)) * 6, np.zeros(period - voiced)]
        )
        source += rng.normal(size=period) * rng.uniform(0.05, 0.3)
        syllables.append(_throat(source, tract, rng) * np.hanning(period + 2)[1:-1])
        pitch *= rng.uniform(0.9, 1.02)
    return np.concatenate(syllables)


def _throat(source: np.ndarray, tract: float, rng: np.random.Generator) -> np.ndarray:
    """Three resonances of a neutral, open vowel."""
    for middle, width in ((650, 150), (1350, 200), (2600, 300)):
        frequency = middle * tract * rng.uniform(0.85, 1.15)
        radius = np.exp(-np.pi * width / RATE)
        feedback = [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2]
        source = np.asarray(scipy.signal.lfilter([1 - radius], feedback, source))
    return source


def _room(rng: np.random.Generator) -> np.ndarray:
    """(N,) impulse response: the direct sound at 0, a few reflections, an exponential tail of 0.1 to 0.8 s."""
    seconds = rng.uniform(0.1, 0.8)
    time = np.arange(round(seconds * RATE)) / RATE
    tail = rng.normal(size=len(time)) * 10 ** (-3 * time / seconds)
    tail[: round(rng.uniform(0.002, 0.015) * RATE)] = 0
    tail *= rng.uniform(0.1, 0.9) / max(float(np.sqrt(np.square(tail).sum())), 1e-9)
    tail[0] = 1.0
    return tail


def _band(rng: np.random.Generator) -> np.ndarray:
    low, high = rng.uniform(50, 350), rng.uniform(3200, 7000)
    return np.asarray(scipy.signal.butter(int(rng.integers(2, 6)), [low, high], "bandpass", fs=RATE, output="sos"))
