"""Phase 1: a recorded voice, with or without the text of what it says, or a text that gets a voice, -> Speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.alphabet import SILENCE
from garrick.speech.audio import Sound, load_sound
from garrick.speech.markup import without_markup
from garrick.speech.phones import hear_phones
from garrick.speech.prosody import measure_prosody
from garrick.speech.reading import LONGEST_TRANSCRIPT, Passage, languages, read
from garrick.speech.speech import Mark, Phone, Speech, Word
from garrick.speech.transcript import ENGLISH, FOREIGN, place_transcript
from garrick.speech.voices import speak

_NOBODY = "Give a recording with a clear voice in it."


def run(
    audio: Path | None, text: str | None, ctx: RunContext, language: str | None = None, transcribe: bool = False
) -> Speech:
    """Listen to a recording, or speak a text. The same input gives the same Speech.

    text:       with a recording, what is said in it: its words are placed in the sound. Where the two disagree the sound
                is believed, and the Speech has a warning.
    language:   of the text, such as "de"; American English when None.
    transcribe: find the text of a recording by listening, in `language` or in the one that is heard.
    Raises InputError for a sound that cannot be used, has nobody speaking in it, or a text that cannot be spoken;
    MissingError for missing weights; Cancelled.
    """
    if audio is None:
        if text is None:
            raise InputError("Give a voice, a text, or a voice and the text of what it says.")
        return speak(text, ctx, language=language)
    passages = [] if text is None else _read(text, language)
    sound = load_sound(audio, ctx)
    if text is None and transcribe:
        return _transcribed(sound, audio.name, language, ctx)
    if text is None:
        return _heard(sound, audio.name, ctx)
    return _placed(sound, passages, text, ctx)


def _read(text: str, language: str | None) -> list[Passage]:
    return read(text, language or "en-us", longest=LONGEST_TRANSCRIPT)


def _heard(sound: Sound, name: str, ctx: RunContext, text: str = "", warnings: tuple[str, ...] = ()) -> Speech:
    """What a recording says when its text is not known, or of no use."""
    ctx.step("listen", 0, 2)
    phones = hear_phones(sound.waveform)
    if all(phone.symbol == SILENCE for phone in phones):
        raise InputError(f"Nobody speaks in {name}.", _NOBODY)
    ctx.step("listen", 1, 2)
    speech = _speech(sound, phones, (), (), text, "", warnings)
    ctx.step("listen", 2, 2)
    return speech


def _placed(sound: Sound, passages: Sequence[Passage], text: str, ctx: RunContext) -> Speech:
    """What a recording says, by its text."""
    ctx.step("listen", 0, 2)
    language = passages[0].language
    doubt = ENGLISH if language in languages.ENGLISH else FOREIGN
    found = place_transcript(sound.waveform, [word for passage in passages for word in passage.words], doubt)
    ctx.step("listen", 1, 2)
    said = tuple(word for word in found.words if word is not None)
    marks = _place_marks(passages, found.words)
    speech = _speech(sound, found.phones, said, marks, without_markup(text), language, found.warnings)
    ctx.step("listen", 2, 2)
    return speech


def _transcribed(sound: Sound, name: str, language: str | None, ctx: RunContext) -> Speech:
    """What a recording says, by a text that is found first; as heard where that text cannot be used."""
    from garrick.speech.transcribe import transcribe

    heard = transcribe(sound.waveform, language, ctx)
    if not heard.text:
        return _heard(sound, name, ctx, warnings=("No words could be made out in the recording.",))
    try:
        passages = _read(heard.text, heard.language)
    except InputError as error:
        warning = f"The words that were made out cannot be placed: {error.user_message}"
        return replace(_heard(sound, name, ctx, heard.text, (warning,)), transcribed=True)
    return replace(_placed(sound, passages, heard.text, ctx), transcribed=True)


def _speech(
    sound: Sound,
    phones: tuple[Phone, ...],
    words: tuple[Word, ...],
    marks: tuple[Mark, ...],
    text: str,
    language: str,
    warnings: tuple[str, ...],
) -> Speech:
    return Speech(
        waveform=sound.waveform,
        playback=sound.playback,
        playback_rate=sound.rate,
        phones=phones,
        words=words,
        prosody=measure_prosody(sound.waveform, phones),
        text=text,
        marks=marks,
        language=language,
        warnings=warnings,
    )


def _place_marks(passages: Sequence[Passage], words: Sequence[Word | None]) -> tuple[Mark, ...]:
    """A mark lies where the last spoken word before it ends, or where the first one begins."""
    begins = next((word.start for word in words if word is not None), 0.0)
    marks: list[Mark] = []
    first = 0
    for passage in passages:
        for index, name in passage.marks:
            before = [word.end for word in words[: first + index] if word is not None]
            marks.append(Mark(name, before[-1] if before else begins))
        first += len(passage.words)
    return tuple(marks)
