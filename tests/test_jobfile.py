"""Job files: JSON and TOML say the same, mistakes are named, a dry run writes nothing and tells the truth."""

from __future__ import annotations

import json
import os
import sys
import wave
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import Result
from garrick.cli import app
from garrick.context import RunContext
from garrick.dryrun import look_ahead
from garrick.errors import InputError, OutputError
from garrick.job import Job
from garrick.jobfile import read_job_file
from garrick.pipeline import perform
from typer.testing import CliRunner

TOML = """
name = "Line 3"
portrait = "me.png"
text = "Hello."
size = "256x384"
fps = "30000/1001"
frames = "10-19"
expression = 0.5
"""


@pytest.fixture(scope="module")
def job(sample_portrait, root, tmp_path_factory) -> Job:
    """Two seconds of the sample voice, small pictures."""
    voice = tmp_path_factory.mktemp("voice") / "voice.wav"
    with wave.open(str(root / "assets" / "sample" / "voice.wav")) as whole, wave.open(str(voice), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(2 * whole.getframerate()))
    return Job(portrait=sample_portrait, audio=voice, size=(128, 128), fps="12.5")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["run", *map(str, arguments)])


def test_toml_and_json_say_the_same(tmp_path):
    (tmp_path / "a.toml").write_text(TOML)
    said = {"name": "Line 3", "portrait": "me.png", "text": "Hello.", "size": [256, 384], "fps": 29.97}
    (tmp_path / "a.json").write_text(json.dumps(said | {"frames": [10, 19], "expression": 0.5}))
    toml, json_ = read_job_file(tmp_path / "a.toml"), read_job_file(tmp_path / "a.json")
    assert toml == json_
    assert toml.job.portrait == tmp_path / "me.png"
    assert (toml.job.size, toml.job.fps, toml.job.frames) == ((256, 384), Fraction(30000, 1001), (10, 19))
    assert (toml.name, toml.out) == ("Line 3", tmp_path / "out" / "a")


def test_a_camera_may_be_a_move_as_on_the_command_line(tmp_path):
    (tmp_path / "a.toml").write_text('camera = "orbit"\n' + TOML)
    (tmp_path / "b.toml").write_text('camera = "path.json"\n' + TOML)
    orbit, file = read_job_file(tmp_path / "a.toml").job, read_job_file(tmp_path / "b.toml").job
    assert (orbit.camera, orbit.camera_move) == (None, "orbit")
    assert (file.camera, file.camera_move) == (tmp_path / "path.json", "still")
    dolly = read_job_file(tmp_path / "b.toml", ["camera=dolly"]).job
    assert (dolly.camera, dolly.camera_move) == (None, "dolly")
    still, file = (read_job_file(tmp_path / "a.toml", [change]).job for change in ("camera=", "camera=b.json"))
    assert (still.camera, still.camera_move) == (None, "still")
    assert (file.camera, file.camera_move) == (Path("b.json"), "still")


def test_what_a_job_writes_is_a_job_file(job, tmp_path):
    (tmp_path / "a.json").write_text(job.model_dump_json())
    assert read_job_file(tmp_path / "a.json").job == job


def test_set_counts_instead_of_the_file(tmp_path):
    (tmp_path / "a.toml").write_text(TOML + 'out = "shots/x"\n')
    changes = ["fps=24", "size=512x768", "frames=", "text=", "audio=here.wav", "head-motion=0", "seed=7"]
    file = read_job_file(tmp_path / "a.toml", changes)
    job = file.job
    assert (job.fps, job.size, job.frames, job.text, job.head_motion, job.seed) == (24, (512, 768), None, None, 0, 7)
    assert job.audio == Path("here.wav")  # the caller's path, not the file's
    assert file.out == tmp_path / "shots" / "x"
    assert read_job_file(tmp_path / "a.toml", ["text=a=b"]).job.text == "a=b"


@pytest.mark.parametrize(
    ("text", "change", "words"),
    [
        ("siez = 3", "", ["siez", "size"]),
        ("", "siez=3", ["siez", "size"]),
        ("", "fps=quick", ["fps", "frame rate"]),
        ("", "frames=9-3", ["frame range"]),
        ("", "size=axb", ["size", "512x768"]),
        ("", "expression=7", ["expression"]),
        ("", "portrait=", ["portrait", "missing"]),
        ("", "transcribe=true", ["without its text"]),
        ("", "text=", ["voice", "text", "performance"]),
        ("", "fps", ["--set", "fps=24"]),
        ("out = 3", "", ["out"]),
        ("portrait = [", "", ["understood"]),
        ("x = " + "[" * 5000, "", ["a.toml"]),
    ],
)
def test_mistakes_are_named(tmp_path, text, change, words):
    (tmp_path / "a.toml").write_text('portrait = "a.png"\ntext = "Hi."\n' + text)
    with pytest.raises(InputError) as caught:
        read_job_file(tmp_path / "a.toml", [change] if change else [])
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"3", b'{"portrait": ', b"\xff\xfe", b"[" * 100_000, b'{"size": 1e400}']
)
def test_a_file_that_is_no_job_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError):
        read_job_file(tmp_path / "a.json")


def test_a_dry_run_writes_nothing_and_knows_the_length(job, root, tmp_path):
    out, long = tmp_path / "shot", job.model_copy(update={"audio": root / "assets" / "sample" / "voice.wav"})
    outlook = look_ahead(long, out, 50, RunContext())
    assert not out.exists()
    assert outlook.clip == 165  # 13.15 s at 12.5 frames a second
    assert outlook.parts == (range(50), range(50, 100), range(100, 150), range(150, 165))
    assert (outlook.finished, outlook.notes) == (0, ())
    with pytest.raises(InputError, match="0-164"):
        look_ahead(long.model_copy(update={"frames": (0, 165)}), out, None, RunContext())


def test_a_dry_run_says_when_the_length_is_not_known(job, tmp_path):
    spoken = job.model_copy(update={"audio": None, "text": "Hello."})
    outlook = look_ahead(spoken, tmp_path / "shot", 50, RunContext())
    assert (outlook.clip, outlook.frames, outlook.parts) == (None, None, ())
    assert "spoken" in outlook.notes[0]


def test_a_dry_run_counts_what_is_finished_and_refuses_what_a_run_would(job, tmp_path):
    out = tmp_path / "shot"
    perform(job.model_copy(update={"frames": (3, 6)}), out, RunContext(), scene=False)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert look_ahead(job, out, None, RunContext()).finished == 4
    assert look_ahead(job, out, None, RunContext(), overwrite=True).finished == 0
    with pytest.raises(OutputError, match="seed"):
        look_ahead(job.model_copy(update={"seed": 5}), out, None, RunContext())
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    (out / "performance.npz").unlink()
    (out / "performance.npz").mkdir()
    with pytest.raises(OutputError, match=r"performance\.npz"):
        look_ahead(job, out, None, RunContext())


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_dry_run_sees_a_folder_that_cannot_be_written(job, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="written"):
        look_ahead(job, tmp_path / "file" / "shot", None, RunContext())
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(OutputError, match="written"):
            look_ahead(job, tmp_path / "locked" / "shot", None, RunContext())


def test_the_command_runs_a_part_and_a_farm_can_read_what_it_says(job, tmp_path):
    file = tmp_path / "line.json"
    file.write_text(job.model_dump_json())
    plan = run(file, "--dry-run", "--chunk", "16", "--json")
    facts = json.loads(plan.stdout)
    assert (plan.exit_code, facts["parts"], facts["dry_run"]) == (0, [[0, 15], [16, 24]], True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["line.json"]
    part = run(file, "--frames", "16-23", "--chunk", "4", "--set", "seed=3", "--no-scene", "--json")
    events = [json.loads(line) for line in part.stdout.splitlines()]
    assert part.exit_code == 0, part.stderr
    assert {"event": "log", "message": "frames: 16-19 are finished"} in events
    assert events[-1]["frames"] == {"first": 16, "last": 23, "rendered": 8, "kept": 0}
    assert events[-1]["out"] == str(tmp_path / "out" / "line")
    held = json.loads((tmp_path / "out" / "line" / "job.json").read_text())
    assert held["owner"]["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("nothing.json",), 2), (("job.txt",), 2), (("--chunk", "0", "a.json"), 2), (("--dry-run", "a.json"), 2)],
)
def test_exit_codes(tmp_path, monkeypatch, arguments, code):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == code
