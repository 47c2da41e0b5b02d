"""Text -> what is spoken: passages, words and phones, to be said by a voice or found in a recording.

English is read by hibari's rules, every other language by espeak-ng's (about 130). Letters of another script than the
language's own are read by the language of that script, so "I met Анна in Москва" is English and Russian.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from garrick.errors import InputError
from garrick.speech.markup import Break, Cue, Piece, parse_markup
from garrick.speech.reading import english
from garrick.speech.reading.languages import ENGLISH, language_code
from garrick.speech.reading.passage import ANCHOR, BREATH_PAUSE, Draft, Passage, SpokenWord
from garrick.speech.reading.plain import plain
from garrick.speech.reading.scripts import runs

__all__ = ["LONGEST_TEXT", "LONGEST_TRANSCRIPT", "Passage", "SpokenWord", "read"]

LONGEST_TEXT, LONGEST_TRANSCRIPT = 5000, 50000  # characters: to be said, and of what somebody has said
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "।")


def read(
    text: str,
    language: str = "en-us",
    only: Collection[str] | None = None,
    by_espeak: bool = False,
    longest: int = LONGEST_TEXT,
) -> list[Passage]:
    """Part a text, with or without SSML-lite (`garrick.speech.markup`), into passages with words and phones.

    language:  such as "en", "en-gb", "de" or "zh-CN".
    only:      languages that the voice can say; all when None.
    by_espeak: English too is read by espeak-ng's rules, for its own voice.
    longest:   characters that the text may have.
    Raises InputError for an empty or too long text, markup or a language that is not known, letters that the voice
    cannot say, or nothing to say; MissingError.
    """
    code = language_code(language)
    _check_length(text, longest)
    passages: list[Passage] = []
    for pieces, pause in _chunks(parse_markup(text)):
        passages += _chunk(pieces, code, only, by_espeak)
        if pause is not None:
            if not passages:
                passages.append(Passage("", "", (), code, 0.0))
            passages[-1] = replace(passages[-1], pause=pause)
    if not any(passage.words for passage in passages):
        raise InputError("There is nothing to say in the text.", "Write at least one word.")
    return passages


def _check_length(text: str, longest: int) -> None:
    if not text.strip():
        raise InputError("The text is empty.", "Write what is to be said.")
    if len(text) > longest:
        raise InputError(
            f"The text has {len(text):,} characters; it may have {longest:,} at most.",
            "Cut it into shorter parts.",
        )


def _chunks(items: list[Piece | Cue | Break]) -> Iterator[tuple[list[Piece | Cue], float | None]]:
    """The items between breaks, each with the seconds of the break after it."""
    chunk: list[Piece | Cue] = []
    for item in items:
        if isinstance(item, Break):
            yield chunk, item.seconds
            chunk = []
        else:
            chunk.append(item)
    yield chunk, None


def _chunk(pieces: list[Piece | Cue], language: str, only: Collection[str] | None, by_espeak: bool) -> list[Passage]:
    """Passages of a text without breaks."""
    text, meanings = "", []
    for piece in pieces:
        if isinstance(piece, Cue):
            text += f" {ANCHOR} "
            meanings.append(piece)
            continue
        written = plain(piece.text.replace(ANCHOR, " "), language)
        if piece.emphasis:
            text += f" {ANCHOR} {written.strip()} {ANCHOR} "
            meanings += [piece, None]
        else:
            text += written
    drafts: list[Draft] = []
    parts = runs(text, language)
    _refuse(parts, language, only)
    for index, (code, part) in enumerate(parts):
        if code in ENGLISH and not by_espeak:
            read_part = english.read_english(part, code)
        else:
            from garrick.speech.reading import amounts, foreign  # here: hibari's English needs neither

            if code in ENGLISH:
                readable = english.money_in_words(english.written_out(part))
            else:
                readable = amounts.written_out(part, code)
            read_part = foreign.read_foreign(readable, code)
        goes_on = index + 1 < len(parts) and not part.rstrip().endswith(_SENTENCE_ENDS)
        if read_part and goes_on:  # in another script
            read_part[-1] = (replace(read_part[-1][0], pause=BREATH_PAUSE), read_part[-1][1])
        drafts += read_part
    return _with_meanings(drafts, meanings)


def _refuse(parts: list[tuple[str, str]], language: str, only: Collection[str] | None) -> None:
    """Raises InputError for letters that nobody, or not this voice, can say."""
    unknown = [part for code, part in parts if not code or (only is not None and code not in only)]
    letters = list(dict.fromkeys(letter for part in unknown for letter in part if letter.isalpha()))
    if letters:
        named = ", ".join(f"{letter!r}" for letter in letters[:5]) + (", ..." if len(letters) > 5 else "")
        raise InputError(
            f"The voice cannot say {named}.", "Choose a voice that speaks the language: garrick voices lists them."
        )


def _with_meanings(drafts: list[Draft], meanings: list[Cue | Piece | None]) -> list[Passage]:
    """Put marks and emphasis where the anchors are. A Piece begins emphasis, None ends it."""
    passages = []
    pending = iter(meanings)
    emphasis = ""
    for passage, anchors in drafts:
        marks: list[tuple[int, str]] = []
        words = [replace(word, emphasis=emphasis) for word in passage.words]
        for index in anchors:
            meaning = next(pending)
            if isinstance(meaning, Cue):
                marks.append((index, meaning.name))
                continue
            emphasis = "" if meaning is None else meaning.emphasis
            words[index:] = [replace(word, emphasis=emphasis) for word in words[index:]]
        passages.append(replace(passage, words=tuple(words), marks=tuple(marks)))
    return passages
