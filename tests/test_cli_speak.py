"""`garrick speak` and `garrick voices`: files that are whole, metadata that is honest, errors in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from garrick.cli import app
from typer.testing import CliRunner


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("spoken") / "new" / "line.wav"
    done = run("speak", "Hello there [laugh], Bob.", "--speed", "1.1", "--out", str(out), "--json")
    assert done.exit_code == 0, done.output
    event = json.loads(done.stdout.splitlines()[-1])
    assert event["event"] == "result"
    assert (event["words"], event["marks"], event["voice"]) == (3, 1, "hibari")
    return out


def test_the_wav_can_be_played_by_anybody(spoken):
    with wave.open(str(spoken)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, 24000)
        assert wav.getnframes() > 24000


def test_the_wav_says_that_it_is_synthetic(spoken):
    import av

    data = spoken.read_bytes()
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert b"digitalsourcetype/trainedAlgorithmicMedia" in data
    with av.open(str(spoken)) as container:
        assert container.metadata["comment"] == "Synthetic voice made with Garrick: no person said this."
        assert container.metadata["encoder"].startswith("Garrick ")


def test_times_lie_beside_it(spoken):
    times = json.loads(spoken.with_suffix(".json").read_text())
    assert [word[0] for word in times["words"]] == ["Hello", "there", "Bob"]
    assert times["phones"][0][0] == "SIL"
    assert times["marks"][0] == ["laugh", times["words"][1][2]]
    assert times["text"] == "Hello there, Bob."


def test_a_job_file_of_the_same_name_is_not_written_over(tmp_path):
    job = tmp_path / "line.json"
    job.write_text('{"portrait": "me.jpg", "audio": "line.wav"}')
    done = run("speak", "Hi.", "--out", str(tmp_path / "line.wav"))
    assert done.exit_code == 2
    assert "is there already" in done.output
    assert json.loads(job.read_text())["portrait"] == "me.jpg"
    assert not (tmp_path / "line.wav").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["Hi.", "--out", "voice.mp3"], "must end in .wav"), (["Hi.", "--voice", "hibary"], "Did you mean hibari"),
     (["", "--out", "a.wav"], "empty"), (["Hi.", "--speed", "9"], "speed"), (["<b>Hi</b>"], "<b> is not understood")],
)  # fmt: skip
def test_an_error_is_one_line_and_writes_nothing(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    done = run("speak", *arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_every_option_is_heard(tmp_path, spoken):
    pytest.importorskip("espeakng_loader", reason="espeak-ng is not installed")
    out = tmp_path / "line.wav"
    text = 'Guten Tag <break time="700ms"/> <emphasis level="strong">Welt</emphasis> [sigh]'
    how = ["--voice", "espeak:f3", "--language", "de", "--speed", "1.2", "--pitch", "-2", "--out", str(out)]
    done = run("speak", text, *how)
    assert done.exit_code == 0, done.output
    assert f"{out}: " in done.stdout
    assert "3 words by espeak:f3; times in line.json." in done.stdout
    assert "speak ..." in done.stderr
    times = json.loads(out.with_suffix(".json").read_text())
    assert [word[0] for word in times["words"]] == ["Guten", "Tag", "Welt"]
    assert times["words"][2][1] - times["words"][1][2] == pytest.approx(0.7, abs=0.2)
    assert times["marks"] == [["sigh", times["words"][2][2]]]
    with wave.open(str(out)) as wav:
        assert wav.getframerate() == 22050


def test_progress_comes_as_events_for_programs(tmp_path):
    done = run("speak", "One. Two.", "--out", str(tmp_path / "line.wav"), "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["result"]
    steps = [(event["phase"], event["done"], event["total"]) for event in events[:-1]]
    assert steps[0] == ("speak", 0, 3)
    assert steps[-1] == ("speak", 3, 3)
    assert set(events[-1]["files"]) == {"wav", "times"}


def test_an_error_is_an_event_for_programs(tmp_path):
    done = run("speak", "Hi.", "--voice", "hibary", "--out", str(tmp_path / "line.wav"), "--json")
    assert done.exit_code == 2
    (event,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (event["event"], event["fix"], event["exit_code"]) == ("error", "Did you mean hibari?", 2)


def test_a_voice_that_is_not_here_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path / "empty"))
    done = run("speak", "Hi.", "--voice", "joe", "--out", str(tmp_path / "line.wav"))
    assert done.exit_code == 1
    assert "garrick weights pull joe" in done.output
    assert not (tmp_path / "line.wav").exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_a_long_text_at_once_and_writes_nothing(tmp_path):
    command = [sys.executable, "-c", "from garrick.cli import main; main()", "speak", "One more line. " * 300, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "progress"
        process.send_signal(signal.SIGINT)
        events = [json.loads(line) for line in process.stdout]
    assert process.returncode == 130
    assert events[-1]["event"] == "error"
    assert list(tmp_path.iterdir()) == []


def test_voices_are_listed_with_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path))
    pytest.importorskip("espeakng_loader", reason="espeak-ng is not installed")
    voices = {voice["name"]: voice for voice in json.loads(run("voices", "--json").stdout)}
    assert voices["hibari"]["here"]
    assert voices["joe"]["fix"] == "Run: garrick weights pull joe"
    assert voices["kokoro:bf_emma"]["languages"][0] == "en-gb"
    assert {"de", "fr-fr", "cmn"} < set(voices["espeak"]["languages"])
    table = run("voices").stdout
    assert "kokoro:af_heart" in table
    assert "pull kokoro" in table
    assert "garrick weights pull NAME" in table
    assert "German" in run("voices", "--languages").stdout
    assert json.loads(run("voices", "--languages", "--json").stdout)["de"] == "German"


def test_a_doubtful_licence_is_said_beside_the_voice():
    pytest.importorskip("espeakng_loader", reason="espeak-ng is not installed")
    voices = {voice["name"]: voice for voice in json.loads(run("voices", "--json").stdout)}
    assert "for research" in voices["joe"]["notice"]
    assert [name for name, voice in voices.items() if voice["notice"]] == ["joe"]
    assert f"(*) joe: {voices['joe']['notice']}" in run("voices").stdout


def test_a_likeness_asks_for_consent_once_and_tells_how_near_it_came(tmp_path, monkeypatch, spoken):
    from garrick.errors import MissingError
    from garrick.weights import registry

    try:
        registry.path("voiceprint")
    except MissingError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("GARRICK_DATA", str(tmp_path / "data"))
    clip, out = tmp_path / "clip.wav", tmp_path / "out" / "line.wav"
    long = run("speak", "A warm loaf of bread lay beside the open window of the old farm.", "--out", str(clip))
    assert long.exit_code == 0, long.output
    asked = ["speak", "Good morning.", "--like", str(clip), "--voice", "hibari", "--out", str(out), "--json"]
    refused = run(*asked)
    assert refused.exit_code == 2
    assert "may be imitated" in refused.output
    assert not out.parent.exists()
    assert run(*asked, "--consent").exit_code == 0
    done = run(*asked)
    assert done.exit_code == 0, done.output
    event = json.loads(done.stdout.splitlines()[-1])
    assert event["voice"] == "hibari"
    assert 0.7 < event["likeness"]["before"] < event["likeness"]["after"] + 0.1 < 1.1
    data = out.read_bytes()
    assert b"hibari, in a likeness" in data
    assert b"digitalsourcetype/trainedAlgorithmicMedia" in data
