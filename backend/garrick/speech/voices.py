"""Text -> a voice that says it, with phones and words placed by listening to it again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.signal

from garrick.context import RunContext
from garrick.speech import vad
from garrick.speech.alphabet import SILENCE
from garrick.speech.phones import align_phones
from garrick.speech.prosody import measure_prosody
from garrick.speech.reading import Passage, read, synthesiser
from garrick.speech.speech import Phone, Speech, Word

_RATE = 24000  # Hz, the voice's own
_NOISE_SEED = 0  # of the voice's breath noise: the same text gives the same sound
_LEAD, _TAIL = 0.25, 0.40  # seconds of silence around the whole
_SENTENCE_PAUSE, _BREATH_PAUSE = 0.35, 0.15  # seconds between two sentences, and inside a parted one
_AUDIBLE = 10 ** (-50 / 20)
_EDGE = 0.05  # seconds kept beyond the first and last audible sample
_PEAK = 0.7  # full scale 1: room for the mix, loud enough for a preview


def speak(text: str, ctx: RunContext) -> Speech:
    """Say an English text; the same text gives the same Speech, bit for bit.

    Raises InputError for a text that cannot be spoken, MissingError for missing weights, Cancelled.
    """
    passages = read(text)
    parts: list[np.ndarray] = [_silence(_LEAD)]
    spans: list[tuple[float, float]] = []
    length = len(parts[0])
    for index, passage in enumerate(passages):
        ctx.step("speak", index, len(passages) + 1)
        sound = _say(passage)
        last = index == len(passages) - 1
        pause = _silence(_TAIL if last else _SENTENCE_PAUSE if passage.ends_sentence else _BREATH_PAUSE)
        spans.append((length / _RATE, (length + len(sound)) / _RATE))
        parts += [sound, pause]
        length += len(sound) + len(pause)
    playback = np.concatenate(parts)
    playback *= _PEAK / max(float(np.abs(playback).max()), 1e-6)
    waveform = scipy.signal.resample_poly(playback, 2, 3).astype(np.float32)
    ctx.step("speak", len(passages), len(passages) + 1)
    known = [
        (start, end, [symbol for word in passage.words for symbol in (*word.phones, SILENCE)])
        for passage, (start, end) in zip(passages, spans, strict=True)
    ]
    phones = align_phones(waveform, vad.speech_probability(waveform), known)
    ctx.step("speak", len(passages) + 1, len(passages) + 1)
    return Speech(
        waveform=waveform,
        playback=playback[:, None],
        playback_rate=_RATE,
        phones=phones,
        words=_place_words(passages, phones),
        prosody=measure_prosody(waveform, phones),
        text=text.strip(),
    )


def _say(passage: Passage) -> np.ndarray:
    """(N,) float32 at _RATE: one passage, from just before it can be heard to just after."""
    voice = synthesiser()
    sound = voice.from_ids(voice.ids(passage.letters), rng=np.random.default_rng(_NOISE_SEED))
    audible = np.flatnonzero(np.abs(sound) > _AUDIBLE * max(float(np.abs(sound).max()), 1e-6))
    edge = round(_EDGE * _RATE)
    return sound[max(0, audible[0] - edge) : audible[-1] + edge] if len(audible) else sound


def _silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * _RATE), np.float32)


def _place_words(passages: Sequence[Passage], phones: Sequence[Phone]) -> tuple[Word, ...]:
    """Words over the phones that they are made of; the phones come in the order of the text."""
    spoken = iter([phone for phone in phones if phone.symbol != SILENCE])
    words = []
    for passage in passages:
        for word in passage.words:
            own = [next(spoken) for _ in word.phones]
            words.append(Word(word.text, own[0].start, own[-1].end))
    return tuple(words)
