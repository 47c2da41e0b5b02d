"""Words written down by the optional recogniser; the tests that need it are skipped where it is not installed."""

import importlib.util
from pathlib import Path

import pytest
from garrick.context import RunContext
from garrick.errors import Cancelled, InputError, MissingError
from garrick.speech import listen, transcribe
from garrick.speech.pcm import to_float
from garrick.speech.speech import Speech
from garrick.weights import registry


def is_here() -> bool:
    try:
        transcribe.check()
    except MissingError:
        return False
    return True


needs_it = pytest.mark.skipif(not is_here(), reason="faster-whisper or its weights are not here")


def test_without_the_package_the_fix_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "faster_whisper" else find(name))
    with pytest.raises(MissingError) as caught:
        transcribe.check()
    assert "pip install faster-whisper==" in str(caught.value)


def test_without_the_weights_the_fix_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(registry, "store", lambda: tmp_path)
    with pytest.raises(MissingError) as caught:
        transcribe.check()
    assert caught.value.fix == "Run: garrick weights pull whisper"


@needs_it
def test_a_recording_becomes_its_words_and_their_times(line: Speech, write_sound, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "line.wav", to_float(line.playback), line.playback_rate, "pcm_s16le")
    speech = listen.run(path, None, RunContext(), transcribe=True)
    assert speech.transcribed
    assert speech.language == "en-us"
    assert "beautiful memory" in speech.text
    true = next(word for word in line.words if word.text == "beautiful")
    found = next(word for word in speech.words if word.text == "beautiful")
    assert found.start == pytest.approx(true.start, abs=0.05)


@needs_it
def test_words_that_nobody_here_can_read_are_shown_and_the_voice_is_heard(
    line: Speech, write_sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Japanese with kanji, which the reader does not know."""
    path = write_sound(tmp_path / "line.wav", to_float(line.playback), line.playback_rate, "pcm_s16le")
    found = transcribe.Transcription("漢字です", "ja")
    monkeypatch.setattr(transcribe, "transcribe", lambda *_: found)
    speech = listen.run(path, None, RunContext(), transcribe=True)
    assert (speech.text, speech.words, speech.transcribed) == ("漢字です", (), True)
    assert "kanji" in speech.warnings[0]
    assert len(speech.phones) > 30


@needs_it
def test_cancelling_stops_it(line: Speech) -> None:
    ctx = RunContext()
    ctx.cancel.set()
    with pytest.raises(Cancelled):
        transcribe.transcribe(line.waveform, None, ctx)


@needs_it
@pytest.mark.parametrize(("language", "words"), [("xx", "There is no language"), ("om", "cannot be transcribed")])
def test_a_language_that_it_does_not_write_is_refused(line: Speech, language: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        transcribe.transcribe(line.waveform, language, RunContext())
