from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech import listen
from garrick.speech.alphabet import BILABIALS
from garrick.speech.pcm import to_float
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

EVAL = Path(__file__).parents[3] / "shared" / "data" / "eval"


def test_a_recording_becomes_speech(
    tmp_path: Path, ctx: RunContext, line: Speech, write_sound: Callable[..., Path]
) -> None:
    path = write_sound(tmp_path / "line.m4a", to_float(line.playback), line.playback_rate, "aac")
    speech = listen.run(path, None, ctx)
    assert speech.words == ()
    assert speech.text == ""
    assert speech.playback_rate == line.playback_rate
    assert speech.duration == pytest.approx(line.duration, abs=0.05)
    assert speech.phones[-1].end == pytest.approx(speech.duration, abs=0.001)
    assert (speech.waveform.dtype, speech.playback.dtype) == (np.float32, np.int16)
    said = [phone for phone in line.phones if phone.symbol in BILABIALS]
    heard = [phone for phone in speech.phones if phone.symbol in BILABIALS]
    missed = [p for p in said if not any(abs((p.start + p.end) - (q.start + q.end)) < 0.16 for q in heard)]
    assert len(missed) <= 1  # the codec blurs one closure at most


def test_a_text_becomes_speech(ctx: RunContext) -> None:
    speech = listen.run(None, "Hello there.", ctx)
    assert [word.text for word in speech.words] == ["Hello", "there"]


def test_progress_ends_where_it_said(
    tmp_path: Path, ctx: RunContext, line: Speech, write_sound: Callable[..., Path]
) -> None:
    steps: list[tuple[str, int, int]] = []
    counting = RunContext(cache=ctx.cache, progress=lambda *step: steps.append(step))
    listen.run(
        write_sound(tmp_path / "a.wav", to_float(line.playback), line.playback_rate, "pcm_s16le"), None, counting
    )
    assert steps[-1][1] == steps[-1][2]


def test_noise_is_nobody_speaking(tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]) -> None:
    noise = 0.02 * np.random.default_rng(0).standard_normal((32000, 1))
    with pytest.raises(InputError, match="Nobody speaks"):
        listen.run(write_sound(tmp_path / "noise.wav", noise, 16000, "pcm_s16le"), None, ctx)


def test_neither_is_refused(ctx: RunContext) -> None:
    with pytest.raises(InputError, match="or a voice and the text"):
        listen.run(None, None, ctx)


def test_a_recording_with_its_text_has_words_and_marks(
    tmp_path: Path, ctx: RunContext, line: Speech, write_sound: Callable[..., Path]
) -> None:
    path = write_sound(tmp_path / "line.wav", to_float(line.playback), line.playback_rate, "pcm_s16le")
    text = (
        "[smile] Bob made my puppy poppies. [laugh] Every <emphasis>big</emphasis> problem becomes a beautiful memory!"
    )
    speech = listen.run(path, text, ctx)
    assert speech.warnings == ()
    assert speech.text == "Bob made my puppy poppies. Every big problem becomes a beautiful memory!"
    assert (speech.language, speech.transcribed) == ("en-us", False)
    assert [word.text for word in speech.words] == [word.text for word in line.words]
    assert [word.start for word in speech.words] == pytest.approx([word.start for word in line.words], abs=0.06)
    assert [mark.name for mark in speech.marks] == ["smile", "laugh"]
    assert speech.marks[0].time == speech.words[0].start
    assert speech.marks[1].time == speech.words[4].end


def test_a_recording_with_another_text_warns_and_is_heard(
    tmp_path: Path, ctx: RunContext, line: Speech, write_sound: Callable[..., Path]
) -> None:
    path = write_sound(tmp_path / "line.wav", to_float(line.playback), line.playback_rate, "pcm_s16le")
    speech = listen.run(path, "Nine thin cats sat near the old station [laugh], looking at the green door.", ctx)
    assert "not what the recording says" in speech.warnings[0]
    assert speech.words == ()
    assert speech.phones == listen.run(path, None, ctx).phones
    assert [mark.time for mark in speech.marks] == [0.0]


def test_a_recording_in_another_language_is_read_by_its_rules(
    tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]
) -> None:
    said = speak("Der alte Fischer fuhr früh hinaus aufs Meer.", ctx, "espeak", "de")
    path = write_sound(tmp_path / "de.wav", to_float(said.playback), said.playback_rate, "pcm_s16le")
    speech = listen.run(path, "Der alte Fischer fuhr früh hinaus aufs Meer.", ctx, "de-DE")
    assert (speech.language, speech.warnings) == ("de", ())
    assert [word.start for word in speech.words] == pytest.approx([word.start for word in said.words], abs=0.06)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        (" ", None, "empty"),
        ("😀🎉", None, "nothing to say"),
        ("[laugh]", None, "nothing to say"),
        ("a" * 100_000, None, "100,000"),
        ("Hello.", "xx", "no language"),
        ("ᚠᚢᚦ", None, "cannot say"),
        ("<laughs> Hello.", None, "not understood"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_before_the_sound_is(
    ctx: RunContext, text: str, language: str | None, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        listen.run(Path("none.wav"), text, ctx, language)


@pytest.mark.skipif(not EVAL.exists(), reason="the shared evaluation data is not on this machine")
def test_bilabials_of_aligned_real_speech_are_found(ctx: RunContext) -> None:
    import json

    said = found = 0
    for truth in sorted(EVAL.glob("cmusphinx_pocketsphinx/test/data/librivox/*.phone.json")):
        phones = listen.run(truth.with_name(truth.name.replace(".phone.json", ".wav")), None, ctx).phones
        for word in json.loads(truth.read_text())["w"]:
            for phone in word["w"]:
                if phone["t"] in BILABIALS:
                    said += 1
                    middle = phone["b"] + phone["d"] / 2
                    near = [p for p in phones if p.symbol in BILABIALS and p.start - 0.04 <= middle <= p.end + 0.04]
                    found += bool(near)
    assert said == 29
    assert found >= 29
