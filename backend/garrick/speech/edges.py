"""From spikes to phones that cover the clip: where each phone begins and ends, and where nobody speaks.

The recogniser gives one instant a phone. Between two of them an edge is placed in two steps: a first guess from both
instants (a spike comes a constant time after its phone's start), then a dynamic programme that moves every edge of a
phrase by at most 50 ms so that the sound inside each phone changes least (the closure of a p, b or m is such a steady
stretch). Pauses are stretches without voice or energy between two spikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.fft

from garrick.speech import features, vad
from garrick.speech.alphabet import SILENCE
from garrick.speech.recogniser import SPIKE_DELAY
from garrick.speech.speech import Phone, Speech

_HOP = features.HOP

_STOPS = frozenset(["P", "B", "T", "D", "K", "G", "CH", "JH"])
_CLOSURE = 0.06  # seconds: a stop after a pause owns this much of it, for its silent closure
_MIN_PAUSE = 0.10
_QUIET = 0.08  # of the way from the noise floor to the loud syllables, in dB
_MAX_RANGE = 40.0  # dB: a digitally silent background does not drag the threshold below breath noise
_UNVOICED = 0.5  # speech probability below which a frame is no speech
_VAD_DELAY = 0.03  # seconds by which the net's answer trails
_MAX_LEAD, _MAX_TAIL = 0.15, 0.35  # seconds that a phrase may begin before its first spike and last after its last one

_REACH = 5  # frames an edge may move either way
_STRAY = 0.02  # seconds: the standard deviation of a guess
_CHANGE = 0.03  # weight of the sound's change inside a phone against straying
_MIN_FRAMES = 2
_NEXT = 0.6  # share of the later spike in a guess
_MID_DELAY = 0.047  # seconds from an edge to the middle of the spikes around it


@dataclass(frozen=True)
class Spike:
    """One heard phone: ARPAbet, the instant at which the recogniser says it (seconds), and how sure it is (0..1)."""

    symbol: str
    time: float
    confidence: float


def place(spikes: Sequence[Spike], waveform: np.ndarray, voice: np.ndarray) -> tuple[Phone, ...]:
    """Give every spike its stretch of time -> phones and "SIL" that cover the waveform without gaps.

    spikes:   in order of time.
    waveform: (N,) float32, 16 kHz mono.
    voice:    (T,) from vad.speech_probability.
    """
    duration = len(waveform) / Speech.SAMPLE_RATE
    if not spikes:
        return (Phone(SILENCE, 0.0, duration),)
    spectrum = features.power_spectrum(waveform)
    cepstrum = _cepstrum(spectrum)
    silent = _silent_frames(spectrum, voice)
    phrases, pauses = _phrases(spikes, silent)
    phones: list[Phone] = []
    for index, phrase in enumerate(phrases):
        start = pauses[index - 1][1] if index else _phrase_start(phrase[0], silent)
        end = pauses[index][0] if index < len(pauses) else _phrase_end(phrase[-1], silent)
        edges = _settle(_guess(phrase, start, end), cepstrum)
        phones += [
            Phone(spike.symbol, float(begin), float(stop), spike.confidence)
            for spike, begin, stop in zip(phrase, edges, edges[1:], strict=False)
        ]
    return _gapless(phones, duration)


def _cepstrum(spectrum: np.ndarray) -> np.ndarray:
    """(T, 13) cepstral coefficients of the mel bands, their mean standard deviation brought to 1."""
    cepstrum = np.asarray(scipy.fft.dct(features.log_mels(spectrum), norm="ortho", axis=1))[:, :13]
    return cepstrum / max(float(cepstrum.std(axis=0).mean()), 1e-6)


def _silent_frames(spectrum: np.ndarray, voice: np.ndarray) -> np.ndarray:
    """(T,) bool: frames near the noise floor, or that the voice-activity net calls no speech."""
    level = 10 * np.log10(spectrum.sum(axis=1) + 1e-9)
    level = np.convolve(np.pad(level, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")
    floor, loud = np.percentile(level, [5, 95])
    floor = max(floor, loud - _MAX_RANGE)
    steps = (np.arange(len(voice)) + 0.5) * vad.HOP / Speech.SAMPLE_RATE
    speech = np.interp(np.arange(len(level)) * _HOP + _VAD_DELAY, steps, voice)
    return (level < floor + _QUIET * (loud - floor)) | (speech < _UNVOICED)


def _phrases(spikes: Sequence[Spike], silent: np.ndarray) -> tuple[list[list[Spike]], list[tuple[float, float]]]:
    """Part the spikes at pauses -> phrases, and the (start, end) seconds of the pause after each but the last."""
    phrases, pauses = [[spikes[0]]], []
    for before, spike in pairwise(spikes):
        # a spike lies well inside its phone: the pause is sought between the two, 40 ms early
        start, end = _longest_run(silent, _frame(before.time - 0.04, silent), _frame(spike.time - 0.04, silent))
        if spike.symbol in _STOPS:
            end -= _CLOSURE
        if end - start >= _MIN_PAUSE:
            pauses.append((start, end))
            phrases.append([])
        phrases[-1].append(spike)
    return phrases, pauses


def _longest_run(silent: np.ndarray, first: int, stop: int) -> tuple[float, float]:
    """The longest silent stretch inside frames first .. stop - 1, as (start, end) seconds."""
    flips = np.flatnonzero(np.diff(np.concatenate([[0], silent[first:stop].astype(np.int8), [0]])))
    if not len(flips):
        return 0.0, 0.0
    starts, ends = flips[::2], flips[1::2]
    longest = int(np.argmax(ends - starts))
    return (first + starts[longest]) * _HOP, (first + ends[longest]) * _HOP


def _phrase_start(spike: Spike, silent: np.ndarray) -> float:
    """Walk back from the clip's first spike to where the sound begins."""
    frame = latest = _frame(spike.time - 0.05, silent)
    while frame > max(0, latest - round(_MAX_LEAD / _HOP)) and not silent[frame - 1]:
        frame -= 1
    start = frame * _HOP - (_CLOSURE if spike.symbol in _STOPS else 0.0)
    return max(0.0, min(start, spike.time - 0.06))


def _phrase_end(spike: Spike, silent: np.ndarray) -> float:
    """Walk on from the clip's last spike to where the sound ends."""
    frame = first = _frame(spike.time - 0.04, silent)
    while frame < min(len(silent) - 1, first + round(_MAX_TAIL / _HOP)) and not silent[frame]:
        frame += 1
    return frame * _HOP


def _frame(time: float, silent: np.ndarray) -> int:
    return int(np.clip(round(time / _HOP), 0, len(silent) - 1))


def _guess(phrase: Sequence[Spike], start: float, end: float) -> np.ndarray:
    """(P + 1,) seconds: the edges of a phrase's phones as its spikes suggest, at least two frames apart."""
    times = np.array([spike.time for spike in phrase])
    inner = _NEXT * (times[1:] - SPIKE_DELAY) + (1 - _NEXT) * ((times[1:] + times[:-1]) / 2 - _MID_DELAY)
    edges = np.concatenate([[start], inner, [end]])
    least = _MIN_FRAMES * _HOP * np.arange(len(edges))
    return np.maximum.accumulate(edges - least) + least


def _settle(guess: np.ndarray, cepstrum: np.ndarray) -> np.ndarray:
    """(P + 1,) seconds: the guessed edges, the inner ones moved to where the sound changes.

    Minimises, over all inner edges together, the squared distance of every frame to the mean of its phone (weight
    _CHANGE) plus the squared stray from the guess in standard deviations.
    """
    moves = np.arange(-_REACH, _REACH + 1)
    frames = np.rint(guess / _HOP).astype(int)
    places = [frames[:1], *(frame + moves for frame in frames[1:-1]), frames[-1:]]
    places = [np.clip(place, 0, len(cepstrum)) for place in places]
    sums = np.concatenate([np.zeros((1, cepstrum.shape[1])), np.cumsum(cepstrum, axis=0, dtype=np.float64)])
    squares = np.concatenate([[0.0], np.cumsum(np.square(cepstrum).sum(axis=1), dtype=np.float64)])
    best, came_from = np.zeros(1), []
    for index, (before, here) in enumerate(pairwise(places), start=1):
        length = here[:, None] - before[None]  # (here, before)
        total = sums[here][:, None] - sums[before][None]
        change = squares[here][:, None] - squares[before] - np.square(total).sum(axis=2) / np.maximum(length, 1)
        cost = best[None] + _CHANGE * np.maximum(change, 0) + np.where(length >= _MIN_FRAMES, 0.0, 1e6)
        came_from.append(np.argmin(cost, axis=1))
        stray = 0.0 if index == len(places) - 1 else np.square((here * _HOP - guess[index]) / _STRAY) / 2
        best = cost.min(axis=1) + stray
    edges, choice = guess.copy(), 0
    for index in range(len(places) - 2, 0, -1):
        choice = int(came_from[index][choice])
        edges[index] = places[index][choice] * _HOP
    return edges


def _gapless(phones: Sequence[Phone], duration: float) -> tuple[Phone, ...]:
    """Fill the gaps with "SIL", make each phone at least a frame long, drop what lies after `duration`."""
    covering: list[Phone] = []
    end = 0.0
    for phone in phones:
        start = max(phone.start, end)
        stop = min(max(phone.end, start + _HOP), duration)
        if stop <= start:
            continue
        if start - end > _HOP / 2:
            covering.append(Phone(SILENCE, end, start))
            end = start
        covering.append(Phone(phone.symbol, end, stop, phone.confidence))
        end = stop
    if duration > end:
        covering.append(Phone(SILENCE, end, duration))
    return tuple(covering)
