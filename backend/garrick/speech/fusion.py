"""Several ears are better than one: our own net knows when, hama knows what, the voice detector knows whether.

hama names a phone in a spike near its end; the own net says in each 10 ms how likely each phone is, and so do the senones,
which have heard people. Their log evidence is added. Which lips close is hama's to decide, as it misses few closures: where
it hears one the own net may not rule it out, and where it hears none the own net has to be much surer than of anything else.

All constants were chosen on coarse grids; neighbouring values score within a point (see garrick.benchmarks.speech_scores).
"""

from __future__ import annotations

import numpy as np

from garrick.speech import features, trellis, vad
from garrick.speech.acoustic import SILENT
from garrick.speech.alphabet import ARPABET, BILABIALS, LABIODENTALS, VOWELS
from garrick.speech.recogniser import FRAME, best_path
from garrick.speech.speech import Speech

_OWN, _KIN, _ANY = 0.9, 0.09, 0.01
"""How much probability counts that the own net gives to the phone itself, to its kind (vowel or consonant), and to
anything but silence."""
_LEAST_EVIDENCE = 1e-4
_UNHEARD = 0.1  # probability that a phone has which hama does not name: it misses some
_SILENT = 0.1  # the same for silence, of which hama says nothing
_EARLIEST, _LATEST = -0.02, 0.08  # seconds from a frame of a phone to its spike
_CLOSED_LEAST, _CLOSED_BONUS, _OPEN_COST = -2.5, 1.0, 3.0  # log evidence of a closure that hama hears, or does not
_VOICE_WEIGHT, _VOICE_DOUBT = 0.5, 0.05
_VOICE_DELAY = 0.03  # seconds by which the detector's answer trails
CHANGE, LEAST = 2.0, 3
"""Log cost of another phone; frames of a phone."""
_SENONES, _UNLIKELY = 0.3, -40.0  # what the senones' log likelihood counts; how far below the best it goes
_NOWHERE = 50.0  # log cost of a phone outside what the detector calls speech
_CLOSURES = tuple([ARPABET.index(symbol) for symbol in sorted(kind)] for kind in (BILABIALS, LABIODENTALS))
_IS_VOWEL = np.array([symbol in VOWELS for symbol in ARPABET])


def decode(
    rows: np.ndarray, heard: np.ndarray, likely: np.ndarray, voice: np.ndarray, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest of ARPABET and silence in each frame, (T,) int64, and how sure that is, (T,) float32 0..1.

    rows:  (T, 40) log probabilities of the own net, every features.HOP seconds.
    heard: (U, 40) log probabilities of hama, every FRAME seconds, from the same instant.
    likely: (T, 40) log likelihoods of the senones' phones (`SenoneModel.heard`).
    voice: (V,) 0..1 of the voice detector, every vad.HOP samples.
    inside: (T,) bool, where there may be speech at all; elsewhere is silence.
    """
    together = with_senones(combined(rows, heard, _voice(voice, len(rows)), inside), likely)
    path = trellis.decode(together, CHANGE, LEAST)
    best = together[np.arange(len(path)), path]
    return path, np.exp(best - np.logaddexp.reduce(together, axis=1))


def with_senones(evidence: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """(T, 40) log evidence of ARPABET and silence, and what `SenoneModel.heard` says, together."""
    return evidence + _SENONES * np.maximum(likely - likely.max(axis=1, keepdims=True), _UNLIKELY)


def frames_in(spans: list[tuple[float, float]], count: int) -> np.ndarray:
    """(count,) bool: the frames within spans of seconds."""
    inside = np.zeros(count, bool)
    for start, end in spans:
        inside[round(start / features.HOP) : round(end / features.HOP) + 1] = True
    return inside


def combined(
    rows: np.ndarray, heard: np.ndarray, spoken: np.ndarray, inside: np.ndarray, known: float = np.inf
) -> np.ndarray:
    """(T, 40) float32 log evidence of ARPABET and silence: all that is heard, together.

    rows, heard: as in `decode`.
    spoken:      (T,) 0..1 of the voice detector.
    inside:      (T,) bool, where there may be speech at all.
    known:       seconds up to which hama has heard; that it names no closure after that says nothing.
    """
    together = evidence(rows)
    together[:, :SILENT] += _VOICE_WEIGHT * np.log(spoken + _VOICE_DOUBT)[:, None]
    together[:, SILENT] += _VOICE_WEIGHT * np.log(1 - spoken + _VOICE_DOUBT)
    near = _near_spikes(np.exp(heard[:, :SILENT]), len(rows))
    together[:, :SILENT] += np.log(near + _UNHEARD)
    together[:, SILENT] += np.log(_SILENT)
    named = best_path(heard)
    told = np.clip((known - np.arange(len(rows)) * features.HOP - _EARLIEST) / (_LATEST - _EARLIEST), 0, 1)
    for closure in _CLOSURES:
        closed = _near_spikes(np.isin(named, closure).astype(np.float32)[:, None], len(rows))[:, 0] > 0
        seen = together[:, closure]
        together[:, closure] = np.where(
            closed[:, None], np.maximum(seen + _CLOSED_BONUS, _CLOSED_LEAST), seen - _OPEN_COST * told[:, None]
        )
    together[~inside, :SILENT] -= _NOWHERE
    return together


def evidence(rows: np.ndarray) -> np.ndarray:
    """(T, 40) log probabilities -> float32 log evidence: people do not say every phone as the dictionary has it."""
    probabilities = np.exp(rows)
    phones = probabilities[:, :SILENT]
    vowel = phones[:, _IS_VOWEL].sum(axis=1, keepdims=True)
    consonant = phones[:, ~_IS_VOWEL].sum(axis=1, keepdims=True)
    softened = _OWN * phones + _KIN * np.where(_IS_VOWEL, vowel, consonant) + _ANY * (vowel + consonant)
    return np.log(np.concatenate([softened, probabilities[:, SILENT:]], axis=1) + _LEAST_EVIDENCE).astype(np.float32)


def _near_spikes(spikes: np.ndarray, count: int) -> np.ndarray:
    """(U, K) of hama's frames -> (count, K): the highest value among those that may hold the spike of each frame."""
    fine = np.repeat(spikes, round(FRAME / features.HOP), axis=0)
    near = np.zeros((count, spikes.shape[1]), np.float32)
    for step in range(round(_EARLIEST / features.HOP), round(_LATEST / features.HOP) + 1):
        first, stop = max(0, -step), min(count, len(fine) - step)
        if stop > first:
            near[first:stop] = np.maximum(near[first:stop], fine[first + step : stop + step])
    return near


def _voice(voice: np.ndarray, count: int) -> np.ndarray:
    """(count,) float32, 0..1: the detector's answer for each frame."""
    steps = (np.arange(len(voice)) + 0.5) * vad.HOP / Speech.SAMPLE_RATE
    return np.interp(np.arange(count) * features.HOP + _VOICE_DELAY, steps, voice).astype(np.float32)
