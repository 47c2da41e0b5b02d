"""Voices by name, mixes of them, and what is said of those that are not there."""

from pathlib import Path

import pytest
from garrick.errors import InputError, MissingError
from garrick.job import Job
from garrick.speech.catalogue import VOICES, find_voice, mix_of
from garrick.weights.entries import REGISTRY
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

STYLES = [name.removeprefix("kokoro:") for name in VOICES if name.startswith("kokoro:")]


def test_every_voice_is_found_by_its_name() -> None:
    assert len(VOICES) > 60
    for name, voice in VOICES.items():
        assert find_voice(name) is voice
        assert set(voice.weights) <= set(REGISTRY)
        assert voice.sex in ("female", "male", "")


@given(st.lists(st.tuples(st.sampled_from(STYLES), st.integers(1, 99)), min_size=1, max_size=4))
def test_shares_of_a_mix_sum_to_one(parts: list[tuple[str, int]]) -> None:
    mix = mix_of("+".join(f"{style}*{share / 100}" for style, share in parts))
    assert [style for style, _ in mix] == [style for style, _ in parts]
    assert sum(share for _, share in mix) == pytest.approx(1)
    assert mix[0][1] * sum(share for _, share in parts) == pytest.approx(parts[0][1])


def test_a_mix_is_a_voice() -> None:
    voice = find_voice("kokoro:bf_emma*0.6+af_heart*0.4")
    assert voice.languages[0] == "en-gb"
    assert voice.sex == "female"
    assert find_voice("kokoro:bf_emma+am_adam").sex == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [("hibary", "Did you mean hibari"), ("", "no voice ''"), ("kokoro:af_hart", "no Kokoro voice 'af_hart'"),
     ("kokoro:", "no Kokoro voice ''"), ("kokoro:af_heart*0", "all zero"), ("kokoro:af_heart*-1", "no Kokoro voice"),
     ("espeak:f99", "no voice 'espeak:f99'")],
)  # fmt: skip
def test_an_unknown_voice_is_refused(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        find_voice(name)
    assert error.value.fix


@pytest.mark.parametrize(("voice", "extra"), [("joe", "joe"), ("kokoro:af_sky", "kokoro")])
def test_a_voice_that_was_not_pulled_names_the_command(
    voice: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path))
    with pytest.raises(MissingError) as error:
        find_voice(voice).check()
    assert error.value.fix == f"Run: garrick weights pull {extra}"
    find_voice("hibari").check()


def test_a_job_takes_names_and_mixes_of_voices() -> None:
    assert Job(portrait=Path("a.png"), text="Hi.").voice == "hibari"
    mix = "kokoro:af_heart*0.6+bf_emma*0.4"
    assert Job(portrait=Path("a.png"), text="Hi.", voice=mix).voice == mix
    with pytest.raises(ValidationError, match="no voice 'bob'"):
        Job(portrait=Path("a.png"), text="Hi.", voice="bob")
    assert Job.model_json_schema()["properties"]["voice"]["enum"] == list(VOICES)
