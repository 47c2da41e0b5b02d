"""How a speaker's head moves: with the melody, on accents, and a little by itself.

Angles here are degrees of pitch (+ down, a nod), yaw (+ to the subject's left) and roll (+ to the subject's right ear),
about the head's own axes and from where the portrait holds it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.core.easing import smoothstep
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.motion.rules.visemes import SILENCE
from garrick.motion.rules.wander import wander
from garrick.speech.speech import Phone, Prosody

_MELODY_HZ = 1.5  # the head follows the phrase (1-2 Hz), the mouth the syllables (3-4 Hz)
_DEGREES_PER_SEMITONE, _MELODY_LIMIT = 0.8, 3.0
_NOD_DOWN, _NOD_UP, _NOD_LAG = 0.15, 0.25, 0.06  # seconds; a nod peaks after its accent (Kim, Cvejic and Davis 2014)
_NOD_SHARE = 0.75  # of the accents get a nod
_NOD_LEAST, _NOD_MOST = 2.0, 6.0  # degrees
_LAST_SHARE, _LAST_DEPTH = 0.5, (1.2, 2.8)  # of the phrases' ends get a nod; degrees
_RISES = 1.5  # semitones by which a phrase that asks, or goes on, rises at its end
_ANSWERED = 0.35  # seconds before a phrase's end in which an accent has its nod already
_DRIFT = np.array([0.7, 1.8, 1.0])  # degrees, standard deviation of the wandering in pitch, yaw, roll
_LISTENS_AFTER = 2.0  # seconds of silence
_LISTENING_EVERY, _LISTENING_NOD, _LISTENING_DEPTH = 3.6, 0.32, (1.5, 3.5)  # seconds, seconds a nod, degrees
_STILL = 0.35  # share of the wandering that is left in silence
_BREATH_HZ = 0.25
_BREATH = np.array([0.0, 0.0008, 0.0004])  # metres


def head_angles(
    prosody: Prosody, times: np.ndarray, talking: np.ndarray, drift: np.random.Generator, nodding: np.random.Generator
) -> np.ndarray:
    """(F,) seconds and (F,) 0..1 slow speech activity -> (F, 3) degrees of pitch, yaw, roll."""
    return sway(prosody, times, talking, drift) + nods(prosody, times, nodding)


def sway(
    prosody: Prosody, times: np.ndarray, talking: np.ndarray, drift: np.random.Generator, start: float = 0.0
) -> np.ndarray:
    """(F, 3) degrees: the head wanders by itself and follows the melody.

    start: seconds at which the times and the prosody begin, for a part of a clip; the wandering is the whole clip's.
    """
    angles = wander(times + start, 3, drift) * _DRIFT * (_STILL + (1 - _STILL) * talking)[:, None]
    angles[:, 0] -= _melody(prosody, times) * talking
    return angles


def turned(rest: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """(3,) axis-angle of the portrait's head and (F, 3) degrees -> (F, 3) absolute axis-angle, radians.

    The head turns about its own axes: yaw first, then pitch, then roll, all inside the rest rotation.
    """
    pitch, yaw, roll = np.radians(angles).T
    zero = np.zeros_like(pitch)
    turns = [np.stack(axis, axis=-1) for axis in ((zero, yaw, zero), (pitch, zero, zero), (zero, zero, roll))]
    matrix = rotation_matrices(np.asarray(rest, np.float64))
    for turn in turns:
        matrix = matrix @ rotation_matrices(turn)
    return axis_angles(matrix)


def breathing(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F,) seconds -> (F, 3) metres: the head rises and sinks with the chest, from 0 at the start."""
    return breath(times, rng)[:, None] * _BREATH


def breath(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F,) -1..1 about how full the lungs are, from 0 at the start: one breath in four seconds."""
    phase = rng.uniform(0, 2 * np.pi)
    return np.sin(2 * np.pi * _BREATH_HZ * times + phase) - np.sin(phase)


def _melody(prosody: Prosody, times: np.ndarray) -> np.ndarray:
    """(F,) degrees upwards: the phrase's melody; a high voice lifts the head."""
    if len(prosody.semitones) == 0:
        return np.zeros(len(times))
    sigma = np.sqrt(np.log(2) / 2) / (np.pi * _MELODY_HZ) / prosody.hop  # a Gaussian that halves the power there
    slow = gaussian_filter1d(prosody.semitones.astype(np.float64), sigma, mode="nearest")
    degrees = _MELODY_LIMIT * np.tanh(slow * _DEGREES_PER_SEMITONE / _MELODY_LIMIT)  # no plateau at the limit
    return np.interp(times, np.arange(len(degrees)) * prosody.hop, degrees)


def nods(prosody: Prosody, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F, 3) degrees: a nod on most accents, deeper on louder ones, with a slight turn to a side."""
    angles = np.zeros((len(times), 3))
    for accent in prosody.accents:
        happens, size, side, tilt = rng.random(), rng.lognormal(-0.06, 0.35), rng.normal(0, 0.3), rng.normal(0, 0.2)
        if happens > _NOD_SHARE:
            continue
        depth = np.clip(2.8 * size * 10 ** (_loudness(prosody, accent) / 40), _NOD_LEAST, _NOD_MOST)
        angles += _nod(times, accent + _NOD_LAG)[:, None] * depth * np.array([1.0, side, tilt])
    angles[:, 0] = np.minimum(angles[:, 0], _NOD_MOST)
    return angles


def last_nods(prosody: Prosody, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F, 3) degrees: small nods with the end of a phrase's last syllable where it does not rise (Ishi et al. 2014)."""
    angles = np.zeros((len(times), 3))
    for end, tone in zip(prosody.phrase_ends, prosody.phrase_tones, strict=True):
        happens, depth, side = rng.random(), rng.uniform(*_LAST_DEPTH), rng.normal(0, 0.3)
        before = end - prosody.accents
        if happens <= _LAST_SHARE and tone < _RISES and not ((before >= 0) & (before < _ANSWERED)).any():
            angles += _nod(times, end)[:, None] * depth * np.array([1.0, side, 0.0])
    return angles


def _nod(times: np.ndarray, peak: float) -> np.ndarray:
    """(F,) 0..1, down to 1 at `peak` seconds and up again."""
    away = times - peak
    return smoothstep(1 + away / _NOD_DOWN) * smoothstep(1 - away / _NOD_UP)


def listening(phones: Sequence[Phone], times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F, 3) degrees: small double nods of somebody who has stopped speaking and listens (Hadar et al. 1985)."""
    angles = np.zeros((len(times), 3))
    for phone in phones:
        if phone.symbol != SILENCE or phone.end - phone.start < _LISTENS_AFTER:
            continue
        time = phone.start + rng.uniform(0.8, 1.6)
        while time < phone.end - 2 * _LISTENING_NOD:
            depth, waves = rng.uniform(*_LISTENING_DEPTH), 2 * np.pi * (times - time) / _LISTENING_NOD
            inside = (waves >= 0) & (waves <= 4 * np.pi)
            fading = np.clip(1.25 - waves / (4 * np.pi), 0, 1)
            angles[:, 0] += np.where(inside, depth * (1 - np.cos(waves)) / 2 * fading, 0)
            time += _LISTENING_EVERY * float(np.exp(0.35 * rng.standard_normal()))
    return angles


def _loudness(prosody: Prosody, time: float) -> float:
    """dB below the loudest syllable at a time."""
    if len(prosody.energy) == 0:
        return 0.0
    return float(prosody.energy[min(round(time / prosody.hop), len(prosody.energy) - 1)])
