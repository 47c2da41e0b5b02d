from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.errors import InputError
from garrick.speech import listen
from garrick.speech.alphabet import BILABIALS
from garrick.speech.speech import Speech

EVAL = Path(__file__).parents[3] / "shared" / "data" / "eval"


def test_a_recording_becomes_speech(
    tmp_path: Path, ctx: RunContext, line: Speech, write_sound: Callable[..., Path]
) -> None:
    path = write_sound(tmp_path / "line.m4a", line.playback, line.playback_rate, "aac")
    speech = listen.run(path, None, ctx)
    assert speech.words == ()
    assert speech.text == ""
    assert speech.playback_rate == line.playback_rate
    assert speech.duration == pytest.approx(line.duration, abs=0.05)
    assert speech.phones[-1].end == pytest.approx(speech.duration, abs=0.001)
    assert speech.waveform.dtype == speech.playback.dtype == np.float32
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
    listen.run(write_sound(tmp_path / "a.wav", line.playback, line.playback_rate, "pcm_s16le"), None, counting)
    assert steps[-1][1] == steps[-1][2]


def test_noise_is_nobody_speaking(tmp_path: Path, ctx: RunContext, write_sound: Callable[..., Path]) -> None:
    noise = 0.02 * np.random.default_rng(0).standard_normal((32000, 1))
    with pytest.raises(InputError, match="Nobody speaks"):
        listen.run(write_sound(tmp_path / "noise.wav", noise, 16000, "pcm_s16le"), None, ctx)


@pytest.mark.parametrize(("audio", "text"), [(None, None), (Path("a.wav"), "a")])
def test_both_or_neither_is_refused(ctx: RunContext, audio: Path | None, text: str | None) -> None:
    with pytest.raises(InputError):
        listen.run(audio, text, ctx)


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
