"""What differs from speaker to speaker and room to room, applied to mel bands while training: cheap, new every time.

Powers of sounds that know nothing of each other add up, so noise, other voices and music are mixed in the mel domain.
"""

from __future__ import annotations

import numpy as np

from garrick.speech.features import BANDS

_FLOOR = 1e-7
_NOISY, _BABBLE, _MUSIC = 0.6, 0.12, 0.12  # share of crops
_QUIETEST_NOISE, _LOUDEST_NOISE = 45.0, 3.0  # dB below the voice
_WARP = 0.12  # of the mel axis: vocal tracts differ by about this much
_COLOUR = 0.9  # nat, standard deviation of the five points of a microphone's curve
_GAIN = 2.3  # nat, standard deviation
_BAND_HOLES, _TIME_HOLES = 0.3, 0.3
_WIDEST_BAND, _WIDEST_TIME = 6, 12  # bands, frames


def roughened(mels: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(T, 40) log mels -> (T, 40) float32; `other` (T, 40) is another clip, which may be heard behind."""
    power = np.exp(_warped(mels.astype(np.float32), rng))
    level = float(np.quantile(power.sum(axis=1), 0.9))
    drawn = rng.random()
    if drawn < _NOISY:
        power += _noise(len(mels), rng) * level * _below(rng)
    elif drawn < _NOISY + _BABBLE:
        behind = np.exp(other.astype(np.float32))
        power += behind * level / max(float(np.quantile(behind.sum(axis=1), 0.9)), 1e-9) * _below(rng, 8.0)
    elif drawn < _NOISY + _BABBLE + _MUSIC:
        power += _music(len(mels), rng) * level * _below(rng, 6.0)
    colour = np.interp(np.arange(BANDS), np.linspace(0, BANDS - 1, 5), rng.normal(0, _COLOUR, 5)) + rng.normal(0, _GAIN)
    rough = np.log(power * np.exp(colour) + _FLOOR)
    if rng.random() < _BAND_HOLES:
        first = rng.integers(BANDS)
        rough[:, first : first + rng.integers(1, _WIDEST_BAND)] = rough.mean()
    if rng.random() < _TIME_HOLES:
        first = rng.integers(len(rough))
        rough[first : first + rng.integers(1, _WIDEST_TIME)] = rough.mean(axis=0)
    return rough.astype(np.float32)


def _warped(mels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The spectrum of a longer or shorter vocal tract: bands read from scaled places."""
    places = np.clip(np.arange(BANDS) * np.exp(rng.uniform(-_WARP, _WARP)), 0, BANDS - 1)
    low = np.minimum(places.astype(int), BANDS - 2)
    share = (places - low).astype(np.float32)
    return mels[:, low] * (1 - share) + mels[:, low + 1] * share


def _below(rng: np.random.Generator, least: float = _LOUDEST_NOISE) -> float:
    return 10 ** (-rng.uniform(least, _QUIETEST_NOISE) / 10)


def _noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 40) power, mean sum 1: a coloured spectrum, slowly louder and softer, with the spread of a 25 ms window."""
    colour = np.exp(np.interp(np.arange(BANDS), np.linspace(0, BANDS - 1, 4), rng.normal(0, 1.5, 4)))
    swell = np.exp(np.interp(np.arange(count), np.linspace(0, count, 8), rng.normal(0, 0.5, 8)))
    noise = rng.gamma(3.0, 1 / 3.0, (count, BANDS)) * colour * swell[:, None]
    return (noise / noise.sum(axis=1).mean()).astype(np.float32)


def _music(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 40) power, mean sum 1: notes of a few partials that are struck and fade."""
    music = np.full((count, BANDS), 1e-4, np.float32)
    start = 0
    while start < count:
        length = int(rng.integers(12, 60))
        fade = np.exp(-np.arange(min(length, count - start)) / rng.uniform(8, 60))
        for band in rng.integers(0, 28, int(rng.integers(2, 7))):
            music[start : start + length, band : band + 2] += fade[:, None] * rng.uniform(0.2, 1)
        start += length
    return music / music.sum(axis=1).mean()
