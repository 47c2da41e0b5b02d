"""Text -> a voice that says it, with phones and words placed by listening to it again.

Neural voices know how long they meant each phone to be, and are 30 to 60 ms wrong about it: every voice is aligned anew
with the phones of its text, whatever its engine says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import scipy.signal

from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.alphabet import SILENCE
from garrick.speech.catalogue import DEFAULT, Voice, find_voice
from garrick.speech.markup import without_markup
from garrick.speech.pcm import to_int16
from garrick.speech.phones import align_phones
from garrick.speech.prosody import measure_prosody
from garrick.speech.reading import Passage, read
from garrick.speech.reading.languages import ENGLISH, language_code
from garrick.speech.speech import Mark, Phone, Speech, Word
from garrick.speech.voices.engine import Engine, open_engine

if TYPE_CHECKING:
    from garrick.speech.voices.reshape import Change

__all__ = ["DEFAULT", "FASTEST", "HIGHEST", "SLOWEST", "read_for", "speak"]

SLOWEST, FASTEST = 0.5, 2.0  # times the usual speed
HIGHEST = 12.0  # semitones up or down
_LEAD, _TAIL = 0.25, 0.40  # seconds of silence around the whole
_AUDIBLE = 10 ** (-50 / 20)
_EDGE = 0.05  # seconds kept beyond the first and last audible sample
_UNHEARD = 0.02  # of a length: nobody notices
_PEAK = 0.7  # full scale 1: room for the mix, loud enough for a preview


def speak(
    text: str,
    ctx: RunContext,
    voice: str = DEFAULT,
    language: str | None = None,
    speed: float = 1.0,
    pitch: float = 0.0,
    timbre: Callable[[np.ndarray, int], np.ndarray] | None = None,
) -> Speech:
    """Say a text, which may hold SSML-lite (`garrick.speech.markup`); the same call gives the same Speech, bit for bit.

    voice:    a name of `garrick.speech.catalogue`.
    language: such as "de"; the voice's own when None.
    speed:    SLOWEST .. FASTEST times the voice's usual one.
    pitch:    semitones up, at most HIGHEST either way.
    timbre:   changes the whole sound before it is listened to: (N,) float32 and its rate -> (N,), nothing moved in time.
    Raises InputError for a text that cannot be spoken, MissingError for missing weights, Cancelled.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise InputError(f"The speed must lie between {SLOWEST:g} and {FASTEST:g}, not {speed:g}.")
    if not -HIGHEST <= pitch <= HIGHEST:
        raise InputError(f"The pitch must lie between -{HIGHEST:g} and {HIGHEST:g} semitones, not {pitch:g}.")
    speaker = find_voice(voice)
    passages = read_for(speaker, text, language)
    engine = open_engine(speaker)
    sound, spans = _say_all(passages, engine, speed, pitch, ctx)
    if timbre is not None:
        sound = _levelled(timbre(sound, engine.rate))
    waveform = _to_analysis(sound, engine.rate)
    known = [
        (start, end, _known(passage)) for passage, (start, end) in zip(passages, spans, strict=True) if passage.words
    ]
    phones = align_phones(waveform, known, _is_natural(speaker, passages[0].language))
    ctx.step("speak", len(passages) + 1, len(passages) + 1)
    words = _place_words(passages, phones)
    return Speech(
        waveform=waveform,
        playback=to_int16(sound)[:, None],
        playback_rate=engine.rate,
        phones=phones,
        words=words,
        prosody=measure_prosody(waveform, phones),
        text=without_markup(text),
        marks=_place_marks(passages, words, spans),
        language=passages[0].language,
    )


def read_for(voice: Voice, text: str, language: str | None) -> list[Passage]:
    """The passages of a text as this voice reads them. Raises InputError."""
    own = voice.languages[0] if voice.speaks() else "en-us"
    code = own if language is None else language_code(language)
    spoken = voice.speaks()
    if spoken is not None and code not in spoken:
        raise InputError(
            f"The voice {voice.name} does not speak {code}; it speaks {', '.join(voice.languages)}.",
            f"Use the voice espeak, which speaks {code}, or choose another: garrick voices.",
        )
    return read(text, code, spoken, by_espeak=voice.engine == "espeak")


def _say_all(
    passages: Sequence[Passage], engine: Engine, speed: float, pitch: float, ctx: RunContext
) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """(N,) float32 with its pauses, and where each passage begins and ends in it, seconds."""
    parts: list[np.ndarray] = [_silence(_LEAD, engine.rate)]
    spans: list[tuple[float, float]] = []
    length = len(parts[0])
    for index, passage in enumerate(passages):
        ctx.step("speak", index, len(passages) + 1)
        sound = _say(passage, engine, speed, pitch) if passage.words else _silence(0, engine.rate)
        last = index == len(passages) - 1
        pause = _silence(max(passage.pause, _TAIL) if last else passage.pause, engine.rate)
        spans.append((length / engine.rate, (length + len(sound)) / engine.rate))
        parts += [sound, pause]
        length += len(sound) + len(pause)
    ctx.step("speak", len(passages), len(passages) + 1)
    return _levelled(np.concatenate(parts)), spans


def _levelled(sound: np.ndarray) -> np.ndarray:
    return sound * np.float32(_PEAK / max(float(np.abs(sound).max()), 1e-6))


def _say(passage: Passage, engine: Engine, speed: float, pitch: float) -> np.ndarray:
    """(N,) float32: one passage, from just before it can be heard to just after."""
    sound = _audible_part(engine.say(passage, speed), engine.rate)
    longer = 1.0
    if speed != 1.0:  # nets count in whole frames, and speak up to a sixth slower than they were told to
        longer = len(_audible_part(engine.say(passage, 1.0), engine.rate)) / speed / len(sound)
    stressed = any(word.emphasis for word in passage.words)
    if not pitch and not stressed and abs(longer - 1.0) < _UNHEARD:
        return sound
    from garrick.speech.voices.reshape import reshape

    return reshape(sound, engine.rate, pitch, longer, _changes(passage, sound, engine.rate) if stressed else [])


def _is_natural(voice: Voice, language: str) -> bool:
    """Whether it is English in a voice that was made from a person's: the others are formants, and known by the own net."""
    return voice.engine != "espeak" and language in ENGLISH


def _known(passage: Passage) -> list[str]:
    """ARPAbet, with SILENCE where a pause may be: after each word."""
    return [symbol for word in passage.words for symbol in (*word.phones, SILENCE)]


def _audible_part(sound: np.ndarray, rate: int) -> np.ndarray:
    audible = np.flatnonzero(np.abs(sound) > _AUDIBLE * max(float(np.abs(sound).max()), 1e-6))
    edge = round(_EDGE * rate)
    return sound[max(0, audible[0] - edge) : audible[-1] + edge] if len(audible) else sound


def _changes(passage: Passage, sound: np.ndarray, rate: int) -> list[Change]:
    """How the words with emphasis differ from the others, where they lie in the passage."""
    from garrick.speech.voices.reshape import WEIGHTS, Change

    waveform = _to_analysis(sound, rate)
    phones = align_phones(waveform, [(0.0, len(waveform) / 16000, _known(passage))], natural=False)
    placed = _place_words([passage], phones)
    spoken = zip(passage.words, placed, strict=True)
    changes = []
    for level, same in groupby(spoken, lambda pair: pair[0].emphasis):
        times = [where for _, where in same]
        if level:
            changes.append(Change(times[0].start, times[-1].end, *WEIGHTS[level]))
    return changes


def _silence(seconds: float, rate: int) -> np.ndarray:
    return np.zeros(round(seconds * rate), np.float32)


def _to_analysis(sound: np.ndarray, rate: int) -> np.ndarray:
    """(N,) float32 at 16 kHz."""
    shared = math.gcd(rate, Speech.SAMPLE_RATE)
    return scipy.signal.resample_poly(sound, Speech.SAMPLE_RATE // shared, rate // shared).astype(np.float32)


def _place_words(passages: Sequence[Passage], phones: Sequence[Phone]) -> tuple[Word, ...]:
    """Words over the phones that they are made of; the phones come in the order of the text."""
    spoken = iter([phone for phone in phones if phone.symbol != SILENCE])
    words = []
    for passage in passages:
        for word in passage.words:
            own = [next(spoken) for _ in word.phones]
            words.append(Word(word.text, own[0].start, own[-1].end))
    return tuple(words)


def _place_marks(
    passages: Sequence[Passage], words: Sequence[Word], spans: Sequence[tuple[float, float]]
) -> tuple[Mark, ...]:
    """A mark lies where the word before it ends, or where its passage begins."""
    marks = []
    first = 0
    for passage, (start, _) in zip(passages, spans, strict=True):
        for index, name in passage.marks:
            marks.append(Mark(name, words[first + index - 1].end if index else start))
        first += len(passage.words)
    return tuple(marks)
