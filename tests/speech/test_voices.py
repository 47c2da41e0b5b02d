import socket

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.errors import InputError, MissingError
from garrick.speech.alphabet import SILENCE
from garrick.speech.catalogue import find_voice
from garrick.speech.pcm import to_float
from garrick.speech.reading import LONGEST_TEXT
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
    assert np.abs(to_float(line.playback)).max() == pytest.approx(0.7, abs=1e-4)  # room for the mix


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
     ("Hallo こ", "cannot say 'こ'"),
     ("привет", "cannot say 'п', 'р', 'и', 'в', 'е', ...")],
)  # fmt: skip
def test_what_cannot_be_spoken_is_named(ctx: RunContext, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words.replace("?", r"\?").replace(".", r"\.")) as error:
        speak(text, ctx)
    assert error.value.fix


def test_one_endless_word_is_still_said(ctx: RunContext) -> None:
    assert speak("ba" * 300, ctx).duration > 1


def pauses(speech: Speech) -> list[float]:
    return [phone.end - phone.start for phone in speech.phones if phone.symbol == SILENCE]


def test_breaks_are_as_long_as_they_say(ctx: RunContext) -> None:
    speech = speak('Stop. <break time="1500ms"/> Go on.', ctx)
    assert pauses(speech)[1] == pytest.approx(1.5, abs=0.25)
    assert speech.text == "Stop. Go on."


def test_marks_lie_where_the_word_before_them_ends(ctx: RunContext) -> None:
    speech = speak("[breath] Hello there [laugh], my friend. [sigh]", ctx)
    hello, there, _, friend = speech.words
    assert [mark.name for mark in speech.marks] == ["breath", "laugh", "sigh"]
    assert [mark.time for mark in speech.marks] == [pytest.approx(0.25), there.end, pytest.approx(friend.end, abs=0.5)]
    assert speech.marks[0].time <= hello.start


def median_pitch(speech: Speech) -> float:
    """Hz of the voiced frames."""
    import parselmouth

    pitch = parselmouth.Sound(speech.playback[:, 0].astype(float), speech.playback_rate).to_pitch_ac(
        0.01, 65, pitch_ceiling=450
    )
    frequency = pitch.selected_array["frequency"]
    return float(np.median(frequency[frequency > 0]))


@pytest.mark.parametrize("semitones", [-3.0, 2.0])
def test_pitch_moves_the_melody_and_nothing_else(ctx: RunContext, line: Speech, semitones: float) -> None:
    moved = speak(line.text, ctx, pitch=semitones)
    assert 12 * np.log2(median_pitch(moved) / median_pitch(line)) == pytest.approx(semitones, abs=0.5)
    assert moved.duration == pytest.approx(line.duration, abs=0.05)
    assert [word.text for word in moved.words] == [word.text for word in line.words]


def test_speech_is_as_fast_as_it_was_told_to_be(ctx: RunContext, line: Speech) -> None:
    for speed in (0.8, 1.3):
        changed = speak(line.text, ctx, speed=speed)
        assert (changed.duration - 1.0) * speed == pytest.approx(line.duration - 1.0, rel=0.04)  # 1 s are pauses


def test_emphasis_makes_a_word_longer_and_louder(ctx: RunContext) -> None:
    plain = speak("I saw the big dog today.", ctx)
    strong = speak("I saw the <emphasis level='strong'>big</emphasis> dog today.", ctx)
    before, after = plain.words[3], strong.words[3]
    assert before.text == after.text == "big"
    assert after.end - after.start > 1.05 * (before.end - before.start)
    assert loudness(strong, after) - loudness(plain, before) > 0.5


def loudness(speech: Speech, word) -> float:
    """dB over the whole line."""
    inside = speech.waveform[round(word.start * 16000) : round(word.end * 16000)]
    return 10 * np.log10(np.mean(np.square(inside)) / np.mean(np.square(speech.waveform)))


@pytest.mark.parametrize(
    ("how", "words"),
    [({"speed": 3.0}, "speed"), ({"speed": float("nan")}, "speed"), ({"pitch": 13.0}, "pitch"),
     ({"voice": "nobody"}, "no voice"), ({"language": "de"}, "hibari does not speak de")],
)  # fmt: skip
def test_settings_out_of_range_are_refused(ctx: RunContext, how: dict, words: str) -> None:
    if "language" in how:
        pytest.importorskip("espeakng_loader", reason="espeak-ng is not installed")
    with pytest.raises(InputError, match=words):
        speak("Hello.", ctx, **how)


@pytest.mark.parametrize(
    ("voice", "language", "text"),
    [("joe", None, "Bob paid $5."), ("kokoro:af_heart*0.7+bm_george*0.3", None, "Bob paid $5."),
     ("kokoro:ef_dora", None, "Mi mamá."), ("espeak", None, "Bob paid $5."), ("espeak:f3", "de", "Der Bär mag 25 Äpfel."),
     ("espeak", "cmn", "妈妈爱我。")],
)  # fmt: skip
def test_every_engine_speaks_the_same_twice_and_is_aligned(
    ctx: RunContext, voice: str, language: str | None, text: str
) -> None:
    try:
        find_voice(voice).check()
        first = speak(text, ctx, voice, language)
    except MissingError as error:
        pytest.skip(str(error))
    second = speak(text, ctx, voice, language)
    np.testing.assert_array_equal(first.playback, second.playback)
    assert first.phones == second.phones
    assert first.words
    assert first.phones[-1].end == pytest.approx(first.duration, abs=0.001)
    for word in first.words:
        inside = first.waveform[round(word.start * 16000) : round(word.end * 16000)]
        assert np.sqrt(np.mean(np.square(inside))) > 0.01
