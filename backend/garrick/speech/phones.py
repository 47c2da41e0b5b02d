"""A voice -> its phones with times, with or without knowing what is said.

What is heard: the evidence of our own net, of hama and of the senones, added (`fusion`). What is known is placed by the own
net, and English by the senones too (`alignment`). Measured on 102 s of real speech with aligned phones, clean reading (25 s)
and noisy conversation (77 s), by `python -m garrick.benchmarks speech`:

                                                         heard            with its text (`transcript`)
                                                         reading  talk    reading  talk
    frames with the right viseme, of 15                  84 %     71 %    92 %     82 %
    speech frames with the right viseme                  82 %     66 %    91 %     80 %
    bilabial closures within 40 ms, recall               1.00     0.84    1.00     0.95
    bilabial closures within 40 ms, precision            1.00     0.67    1.00     0.94
    edge to the nearest found edge, median               10 ms    10 ms   0 ms     10 ms

(The phones of the reading are pocketsphinx's, whose model the senones are.) A phone's confidence is the mean share of the
evidence that speaks for it. Of the phones heard in those recordings with a confidence below 0.2 one in twenty-five has the
right viseme through most of its length, half of those at 0.35, six in ten at 0.55, nine above 0.7, all but one in twenty
above 0.8. Of a phone that is placed because the text has it, it only says how clearly the own net heard it: even below 0.1
seven in ten are right, above 0.7 nearly all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from garrick.speech import acoustic, alignment, features, fusion, vad
from garrick.speech.alignment import Sounds
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.pauses import rows_for_text
from garrick.speech.presence import find_speech
from garrick.speech.recogniser import phone_log_probabilities
from garrick.speech.senones.cepstra import cepstra
from garrick.speech.senones.model import load_senones
from garrick.speech.speech import Phone, Speech

_SYMBOLS = (*ARPABET, SILENCE)


def hear_phones(waveform: np.ndarray) -> tuple[Phone, ...]:
    """The phones heard in a voice, gapless, pauses as "SIL"; one "SIL" when nobody speaks.

    waveform: (N,) float32, 16 kHz mono, at least one sample.
    """
    rows = acoustic.with_silence(acoustic.phone_log_probabilities(waveform))
    duration = len(waveform) / Speech.SAMPLE_RATE
    voice, spans = find_speech(vad.speech_probability(waveform), rows, duration)
    return gapless(heard_in(rows, waveform, voice, spans), duration)


def heard_in(
    rows: np.ndarray, waveform: np.ndarray, voice: np.ndarray, spans: list[tuple[float, float]]
) -> list[Phone]:
    """The phones heard in some spans of a voice, "SIL" everywhere else.

    rows:         (T, 40) log probabilities of ARPABET and silence.
    waveform:     (N,) float32, 16 kHz mono.
    voice, spans: from `presence.find_speech`; perhaps fewer spans.
    """
    if not spans:
        return [Phone(SILENCE, 0.0, len(waveform) / Speech.SAMPLE_RATE)]
    inside = fusion.frames_in(spans, len(rows))
    likely = load_senones().heard(cepstra(waveform), inside)
    path, sure = fusion.decode(rows, phone_log_probabilities(waveform, spans), likely, voice, inside)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(path)) + 1, [len(path)]])
    phones = []
    for first, stop in pairwise(edges):
        start, end = (float(frame) * features.HOP - acoustic.LEAD for frame in (first, stop))
        phones.append(Phone(_SYMBOLS[path[first]], start, end, float(sure[first:stop].mean())))
    return phones


def align_phones(
    waveform: np.ndarray, passages: Sequence[tuple[float, float, Sequence[str]]], natural: bool
) -> tuple[Phone, ...]:
    """Known phones placed in the voice that says them, gapless, pauses as "SIL".

    passages: (start, end, phones), one a passage, in order; seconds and ARPAbet. "SIL" among the phones is where a pause
        may be, if one is heard.
    natural: whether it is English in a voice that was made from a person's; the senones know no formant voice.
    Returns exactly the known phones, in order, between the silences.
    """
    _, rows, _ = rows_for_text(waveform)
    sounds = Sounds(rows, cepstra(waveform) if natural else None)
    phones: list[Phone] = []
    first = 0
    for index, (_, end, known) in enumerate(passages):
        # a passage may use the silence up to the middle of the gap before the next one
        last = index + 1 == len(passages)
        stop = len(rows) if last else round((end + passages[index + 1][0]) / 2 / features.HOP)
        phones += alignment.align(sounds.part(first, stop), _words(known), first * features.HOP)
        first = stop
    return gapless(phones, len(waveform) / Speech.SAMPLE_RATE)


def _words(known: Sequence[str]) -> list[list[str]]:
    """The phones between the places where a pause may be."""
    words: list[list[str]] = [[]]
    for symbol in known:
        if symbol == SILENCE:
            words.append([])
        else:
            words[-1].append(symbol)
    return [word for word in words if word]


def gapless(phones: Sequence[Phone], duration: float) -> tuple[Phone, ...]:
    """Phones in order cut to 0..duration, silences in a row made one, no gap between one phone and the next."""
    covering: list[Phone] = []
    for phone in phones:
        start = covering[-1].end if covering else 0.0
        end = min(phone.end, duration)
        if phone.symbol == SILENCE and covering and covering[-1].symbol == SILENCE:
            before = covering.pop()
            start = before.start
        if end > start:
            covering.append(Phone(phone.symbol, start, end, phone.confidence))
    if not covering or (covering[-1].symbol != SILENCE and duration - covering[-1].end > features.HOP):
        covering.append(Phone(SILENCE, covering[-1].end if covering else 0.0, duration))
    else:
        last = covering[-1]
        covering[-1] = Phone(last.symbol, last.start, duration, last.confidence)
    return tuple(covering)
