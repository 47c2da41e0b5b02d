import socket

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech.alphabet import SILENCE
from garrick.speech.reading import LONGEST_TEXT, read
from garrick.speech.speech import Speech
from garrick.speech.voices import speak


def test_words_and_phones_are_those_of_the_text(line: Speech) -> None:
    assert [word.text for word in line.words] == (
        ["Bob", "made", "my", "puppy", "poppies", "Every", "big", "problem", "becomes", "a", "beautiful", "memory"]
    )
    said = [phone.symbol for phone in line.phones if phone.symbol != SILENCE]
    assert said[:13] == ["B", "AA", "B", "M", "EY", "D", "M", "AY", "P", "AH", "P", "IY", "P"]
    assert line.text.startswith("Bob made")


def test_words_follow_each_other_and_lie_in_sound(line: Speech) -> None:
    for before, after in zip(line.words, line.words[1:], strict=False):
        assert before.start < before.end <= after.start
    for word in line.words:
        inside = line.waveform[round(word.start * 16000) : round(word.end * 16000)]
        assert np.sqrt(np.mean(np.square(inside))) > 0.01


def test_phones_cover_the_clip(line: Speech) -> None:
    assert line.phones[0].start == 0
    assert line.phones[-1].end == pytest.approx(line.duration)
    assert all(before.end == after.start for before, after in zip(line.phones, line.phones[1:], strict=False))
    assert np.abs(line.playback).max() <= 1


def test_the_same_text_gives_the_same_speech(ctx: RunContext) -> None:
    first, second = speak("Hello there.", ctx), speak("Hello there.", ctx)
    np.testing.assert_array_equal(first.playback, second.playback)
    assert first.phones == second.phones
    assert first.words == second.words


def test_speaking_needs_no_network(ctx: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object) -> None:
        raise AssertionError("something tried to open a connection")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    assert speak("No network.", ctx).words


def test_sentences_are_joined_with_pauses(ctx: RunContext) -> None:
    speech = speak("Stop. Go on.", ctx)
    pauses = [phone for phone in speech.phones if phone.symbol == SILENCE]
    assert len(pauses) == 3  # before, between, after
    assert 0.3 < pauses[1].end - pauses[1].start < 0.8


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "empty"), (" \n\t ", "empty"), ("x" * (LONGEST_TEXT + 1), "5,001 characters"), ("?!...", "nothing to say"),
     ("Hallo こ", "cannot say 'こ'"), ("Fine 😀", "cannot say '😀'"),
     ("привет", "cannot say 'п', 'р', 'и', 'в', 'е', ...")],
)  # fmt: skip
def test_what_cannot_be_spoken_is_named(ctx: RunContext, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words.replace("?", r"\?").replace(".", r"\.")) as error:
        speak(text, ctx)
    assert error.value.fix


def test_numbers_units_and_accents_are_read() -> None:
    (passage,) = read("½ cup at 5°C costs $9.99, naïve café!")
    assert [word.text for word in passage.words][:3] == ["one", "half", "cup"]
    assert "degrees" in [word.text for word in passage.words]


def test_words_carry_no_quotes() -> None:
    (passage,) = read('"Oh my," said (Bob).')
    assert [word.text for word in passage.words] == ["Oh", "my", "said", "Bob"]


def test_long_sentences_are_parted_between_words() -> None:
    clauses = ", ".join(["the quick brown fox jumps over the lazy dog"] * 30) + "."
    plain = " ".join(["word"] * 300)
    for text, count in ((clauses, 270), (plain, 300)):
        passages = read(text)
        assert len(passages) > 1
        assert all(len(passage.letters) <= 420 for passage in passages)
        assert sum(len(passage.words) for passage in passages) == count
        assert [passage.ends_sentence for passage in passages] == [False] * (len(passages) - 1) + [True]
    assert all(passage.letters.endswith(",") for passage in read(clauses)[:-1])


def test_one_endless_word_is_still_said(ctx: RunContext) -> None:
    assert speak("ba" * 300, ctx).duration > 1
