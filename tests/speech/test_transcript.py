"""A text in its recording: right, wrong in parts, and quite another one. The recordings are synthesised."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.alphabet import SILENCE
from garrick.speech.reading import SpokenWord, read
from garrick.speech.speech import Speech, Word
from garrick.speech.transcript import Transcript, place_transcript
from garrick.speech.voices import speak

FIRST = "Bob made my puppy very happy."
SECOND = "Every big problem becomes a beautiful memory."
THIRD = "Please move the blue vase before people arrive."
OTHER = "Nine thin cats sat near the old station, looking at the green door."


@pytest.fixture(scope="module")
def voice() -> Speech:
    return speak(f"{FIRST} {SECOND} {THIRD}", RunContext())


def words_of(text: str) -> list[SpokenWord]:
    return [word for passage in read(text) for word in passage.words]


def place(voice: Speech, text: str) -> Transcript:
    return place_transcript(voice.waveform, words_of(text))


def covers(found: Transcript, voice: Speech) -> None:
    assert found.phones[0].start == 0
    assert found.phones[-1].end == pytest.approx(len(voice.waveform) / 16000)
    assert all(before.end == after.start for before, after in pairwise(found.phones))


def near(word: Word | None, other: Word) -> bool:
    return word is not None and abs(word.start - other.start) < 0.06 and abs(word.end - other.end) < 0.06


def test_the_right_text_is_placed_whole_and_without_a_warning(voice: Speech) -> None:
    found = place(voice, f"{FIRST} {SECOND} {THIRD}")
    assert found.warnings == ()
    covers(found, voice)
    assert all(near(word, true) for word, true in zip(found.words, voice.words, strict=True))


def test_a_sentence_that_was_not_said_is_named_and_has_no_times(voice: Speech) -> None:
    found = place(voice, f"{FIRST} {OTHER} {SECOND} {THIRD}")
    first, added = len(words_of(FIRST)), len(words_of(OTHER))
    assert found.words[first : first + added] == (None,) * added
    assert [word.text for word in found.words if word] == [word.text for word in voice.words]
    assert "thin cats sat near the old station" in found.warnings[0]
    covers(found, voice)


def test_a_sentence_that_the_text_lacks_is_heard(voice: Speech) -> None:
    found = place(voice, f"{FIRST} {THIRD}")
    covers(found, voice)
    assert None not in found.words
    lacking = next(word for word in voice.words if word.text == "Every"), voice.words[-9]
    assert "says something that the text lacks" in found.warnings[0]
    start, end = (float(number) for number in found.warnings[0].split() if number[0].isdigit())
    assert start == pytest.approx(lacking[0].start, abs=0.4)
    assert end == pytest.approx(lacking[1].end, abs=0.4)
    heard = [phone for phone in found.phones if start <= phone.start < end and phone.symbol != SILENCE]
    assert len(heard) > 20
    assert {"B", "M"} <= {phone.symbol for phone in heard}  # its lips close


def test_other_words_in_the_middle_give_way_to_what_is_heard(voice: Speech) -> None:
    found = place(voice, f"{FIRST} {OTHER} {THIRD}")
    first, other = len(words_of(FIRST)), len(words_of(OTHER))
    said = [word is not None for word in found.words]
    assert sum(said[:first]) >= first - 1
    assert sum(said[first : first + other]) <= 2
    assert sum(said[first + other :]) >= len(words_of(THIRD)) - 1
    assert "but something else" in " ".join(found.warnings)
    covers(found, voice)


@pytest.mark.parametrize(
    "text",
    [
        f"{OTHER} {OTHER}",
        "Der alte Fischer fuhr jeden Morgen früh hinaus aufs Meer und verkaufte am Abend seine Beute auf dem Markt.",
        "seven",
    ],
)
def test_another_text_is_left_aside_whole(voice: Speech, text: str) -> None:
    found = place(voice, text)
    assert set(found.words) == {None}
    assert len(found.warnings) == 1
    assert "not what the recording says" in found.warnings[0]
    assert sum(phone.symbol != SILENCE for phone in found.phones) > 50
    covers(found, voice)


def test_a_text_in_another_order_is_no_garbage(voice: Speech) -> None:
    found = place(voice, f"{THIRD} {SECOND} {FIRST}")
    covers(found, voice)
    assert found.warnings
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(word for word in found.words if word))


def test_a_text_of_a_hundred_thousand_letters_is_searched(voice: Speech) -> None:
    found = place_transcript(voice.waveform, words_of(f"{FIRST} {SECOND} {THIRD}") * 100)
    assert found.words.count(None) >= len(voice.words) * 98
    covers(found, voice)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_where_nobody_speaks_no_text_is_placed(noise: float) -> None:
    waveform = (noise * np.random.default_rng(0).standard_normal(32000)).astype(np.float32)
    with pytest.raises(InputError, match="Nobody speaks"):
        place_transcript(waveform, words_of(FIRST))


@pytest.mark.parametrize("samples", [3200, 8000])
def test_a_sound_far_too_short_for_its_text_is_still_covered(voice: Speech, samples: int) -> None:
    start = round(voice.words[0].start * 16000)
    cut = replace(voice, waveform=voice.waveform[start : start + samples])
    found = place(cut, f"{FIRST} {SECOND} {THIRD}")
    covers(found, cut)
    assert found.words.count(None) > len(words_of(f"{SECOND} {THIRD}"))
    assert found.warnings
