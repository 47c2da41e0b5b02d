"""A voice -> its phones with times, with or without knowing what is said.

Measured on 102 s of real speech with aligned phones, clean reading (25 s) and noisy conversation (77 s):

                                                         heard            known
                                                         reading  talk    reading  talk
    speech frames with the right viseme, of 15           75 %     63 %    80 %     74 %
    bilabial closures within 40 ms, recall               1.00     0.79    1.00     0.90
    bilabial closures within 40 ms, precision            1.00     0.65    1.00     0.90
    edge to the nearest found edge, median               10 ms    20 ms   10 ms    10 ms
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from garrick.speech.alphabet import ARPABET, BILABIALS, VOWELS
from garrick.speech.edges import Spike, place
from garrick.speech.recogniser import BLANK, FRAME, phone_log_probabilities
from garrick.speech.speech import Phone

_BLANK_BIAS = -1.0  # log: fast and quiet speech loses fewer phones
_BILABIAL_BIAS = 0.5  # log: a lip seal that is missed shows more than one too many
_SAME, _KIND = (
    0.9,
    0.1,
)  # how much a frame's evidence for the known phone, and for its kind (vowel or consonant), counts
_LEAST = 1e-6


def hear_phones(waveform: np.ndarray, voice: np.ndarray, spans: list[tuple[float, float]]) -> tuple[Phone, ...]:
    """The phones heard in a voice, gapless, pauses as "SIL".

    waveform: (N,) float32, 16 kHz mono.
    voice:    (T,) from vad.speech_probability.
    spans:    from vad.speech_segments.
    """
    return place(_heard_spikes(phone_log_probabilities(waveform, spans)), waveform, voice)


def align_phones(
    waveform: np.ndarray, voice: np.ndarray, passages: Sequence[tuple[float, float, Sequence[str]]]
) -> tuple[Phone, ...]:
    """Known phones placed in the voice that says them, gapless, pauses as "SIL".

    passages: (start, end, phones), one a passage without long pauses, in order; seconds and ARPAbet.
    Returns exactly the known phones, in order, between the silences.
    """
    heard = phone_log_probabilities(waveform, [(start, end) for start, end, _ in passages])
    spikes: list[Spike] = []
    for index, (start, end, known) in enumerate(passages):
        # the net answers late: a passage may use the frames up to the next one's start
        stop = passages[index + 1][0] if index + 1 < len(passages) else len(heard) * FRAME
        first, last = round(start / FRAME), round(min(stop, end + 0.2) / FRAME)
        spikes += _known_spikes(heard[first:last], known, start)
    return place(spikes, waveform, voice)


def _heard_spikes(heard: np.ndarray) -> list[Spike]:
    """Best path through (T, 40) log probabilities: every run of one phone is one spike, at its first frame."""
    best = best_path(heard)
    first = np.flatnonzero((best != BLANK) & (np.diff(best, prepend=BLANK) != 0))
    return [
        Spike(ARPABET[best[frame]], (frame + 0.5) * FRAME, float(np.exp(heard[frame, best[frame]]))) for frame in first
    ]


def best_path(heard: np.ndarray) -> np.ndarray:
    """(T, 40) log probabilities -> (T,) the phone or BLANK that each frame says."""
    biased = heard.copy()
    biased[:, BLANK] += _BLANK_BIAS
    biased[:, [ARPABET.index(symbol) for symbol in BILABIALS]] += _BILABIAL_BIAS
    return biased.argmax(axis=1)


def _known_spikes(heard: np.ndarray, known: Sequence[str], start: float) -> list[Spike]:
    """Viterbi path of a connectionist-temporal-classification net through the known phones (Graves et al. 2006).

    heard: (T, 40) log probabilities of one passage that starts at `start` seconds. A phone that was not heard at all
    still gets a frame, between its neighbours.
    """
    if not known:
        return []
    symbols = np.array([ARPABET.index(symbol) for symbol in known])
    probabilities = np.exp(heard)
    evidence = np.log(_SAME * probabilities[:, symbols] + _KIND * _kind(probabilities, known) + _LEAST)
    frames, count = len(heard), len(known)
    if frames < 2 * count:  # too little sound for every phone: spread them
        times = start + (np.arange(count) + 0.5) * frames * FRAME / count
        return [Spike(symbol, float(time), 0.0) for symbol, time in zip(known, times, strict=True)]
    # states: blank 0, phone 0, blank 1, phone 1, ..., blank `count`
    emission = np.empty((frames, 2 * count + 1))
    emission[:, ::2] = np.log(probabilities[:, BLANK] + _LEAST)[:, None]
    emission[:, 1::2] = evidence
    may_skip = np.zeros(2 * count + 1, bool)
    may_skip[3::2] = symbols[1:] != symbols[:-1]
    score = np.full(2 * count + 1, -np.inf)
    score[:2] = emission[0, :2]
    steps = np.zeros((frames, 2 * count + 1), np.int8)
    for frame in range(1, frames):
        moves = np.stack([score, np.concatenate([[-np.inf], score[:-1]]), np.concatenate([[-np.inf] * 2, score[:-2]])])
        moves[2, ~may_skip] = -np.inf
        steps[frame] = moves.argmax(axis=0)
        score = moves.max(axis=0) + emission[frame]
    state = 2 * count if score[-1] >= score[-2] else 2 * count - 1
    path = np.empty(frames, int)
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        state -= steps[frame, state]
    spikes = []
    for index, symbol in enumerate(known):
        own = np.flatnonzero(path == 2 * index + 1)
        confidence = float(probabilities[own, symbols[index]].max())
        spikes.append(Spike(symbol, start + (float(own[0]) + 0.5) * FRAME, confidence))
    return spikes


def _kind(probabilities: np.ndarray, known: Sequence[str]) -> np.ndarray:
    """(T, P): the probability that the frame says any phone of the same kind (vowel or consonant) as each known one."""
    is_vowel = np.array([symbol in VOWELS for symbol in ARPABET])
    vowel = probabilities[:, :BLANK][:, is_vowel].sum(axis=1)
    consonant = probabilities[:, :BLANK][:, ~is_vowel].sum(axis=1)
    return np.stack([vowel if symbol in VOWELS else consonant for symbol in known], axis=1)
