"""`garrick edit` as a user runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.cli import app
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.performance import CHANNELS, AudioReference, Performance
from typer.testing import CliRunner

FPS = Fraction(25)
JAW = ARKIT_INDEX["jawOpen"]
PHONES = [
    ["SIL", 0.0, 0.2, 1.0],
    ["M", 0.2, 0.4, 1.0],
    ["AA", 0.4, 1.2, 1.0],
    ["P", 1.2, 1.4, 1.0],
    ["SIL", 1.4, 2.0, 1.0],
]


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """A shot folder: two seconds in which the jaw opens and closes; what is said lies beside it."""
    folder = tmp_path / "shot"
    folder.mkdir()
    times = np.arange(50) / 25
    face = np.zeros((50, 52), np.float32)
    face[:, JAW] = np.interp(times, [0.3, 0.8, 1.3], [0, 0.6, 0])
    turn = np.stack([0.1 * np.sin(3 * times), 0.2 + 0 * times, 0 * times], axis=1)
    clip = replace(Performance.rest(50, FPS), face=face, head_rotation=turn, audio=AudioReference("audio.wav"))
    clip.save(folder / "performance.npz")
    (folder / "speech.json").write_text(json.dumps({"words": [], "phones": PHONES}))
    return folder


def edited(shot: Path, *arguments: object) -> Performance:
    to = shot.parent / "made.npz"
    done = run("edit", shot, "--to", to, *arguments)
    assert done.exit_code == 0, done.output
    return Performance.load(to)


def test_gains_of_groups_in_one_go(shot):
    clip = Performance.load(shot / "performance.npz")
    made = edited(shot, "--gain", "jaw=0.5,head=2")
    np.testing.assert_allclose(made.face[:, JAW], clip.face[:, JAW] / 2, atol=1e-6)
    np.testing.assert_allclose(made.head_rotation, 2 * clip.head_rotation, atol=1e-6)
    assert made.tracks == {"face.jawOpen": "edited", "head_rotation": "edited"}


def test_steps_are_taken_in_the_stated_order(shot):
    """Gain before offset: half of the opening, and then a tenth more, whatever order they are written in."""
    clip = Performance.load(shot / "performance.npz")
    made = edited(shot, "--offset", "jawOpen=0.1,head.yaw=-10", "--gain", "jaw=.5", "--trim", "0.4-1.2")
    np.testing.assert_allclose(made.face[:, JAW], clip.face[10:30, JAW] / 2 + 0.1, atol=1e-6)
    assert made.audio == AudioReference("audio.wav", -0.4)
    ahead = made.head_rotation[:, 1] - clip.head_rotation[10:30, 1]
    np.testing.assert_allclose(ahead, np.radians(-10), atol=0.01)


def test_motion_goes_where_another_voice_says_it(shot, tmp_path):
    (tmp_path / "slow.json").write_text(
        json.dumps({"words": [], "phones": [[name, 2 * start, 2 * end, 1] for name, start, end, _ in PHONES]})
    )
    (tmp_path / "slow.wav").write_bytes(b"RIFF")
    made = edited(shot, "--voice", tmp_path / "slow.json")
    assert len(made) == 100
    assert np.argmax(made.face[:, JAW]) == 40
    assert made.audio == AudioReference("slow.wav")


def test_another_voice_needs_to_be_known(shot, tmp_path):
    (shot / "speech.json").unlink()
    done = run("edit", shot, "--to", tmp_path / "a.npz", "--voice", tmp_path / "slow.json")
    assert done.exit_code == 2
    assert "Nobody knows what is said in performance.npz." in done.stderr


def test_a_layer_keeps_what_an_artist_edited(shot, tmp_path):
    theirs = edited(shot, "--gain", "jaw=0")
    theirs.save(tmp_path / "theirs.npz")
    made = edited(shot, "--layer", tmp_path / "theirs.npz", "--gain", "head=0")
    assert not made.face[:, JAW].any()
    assert made.tracks["face.jawOpen"] == "edited"


def test_a_blend_takes_groups_at_their_own_shares(shot, tmp_path):
    clip = Performance.load(shot / "performance.npz")
    Performance.rest(50, FPS).save(tmp_path / "rest.npz")
    made = edited(shot, "--blend", tmp_path / "rest.npz", "--share", "jaw=1,head=0.25")
    assert not made.face[:, JAW].any()
    np.testing.assert_allclose(made.head_rotation, 0.75 * clip.head_rotation, atol=1e-6)


def test_smoothing_knows_where_lips_close_and_few_keys_keep_it(shot, tmp_path):
    clip = Performance.load(shot / "performance.npz")
    made = edited(shot, "--smooth", "face=0.2", "--reduce", "0.02", "--keys", tmp_path / "keys.json")
    shut = round(1.3 * 25)
    assert made.face[shut, JAW] == clip.face[shut, JAW]
    assert made.face[25, JAW] != clip.face[25, JAW]
    keys = json.loads((tmp_path / "keys.json").read_text())["curves"]
    assert shut in keys["face.jawOpen"]["frames"]
    frames, values = (keys["face.jawOpen"][name] for name in ("frames", "values"))
    np.testing.assert_allclose(np.interp(np.arange(50), frames, np.ravel(values)), made.face[:, JAW], atol=1e-5)


def test_a_loop_begins_where_it_ends(shot):
    made = edited(shot, "--loop", "0.4")
    assert (len(made), made.audio) == (40, None)


def test_without_a_change_nothing_changes(shot):
    clip, made = Performance.load(shot / "performance.npz"), edited(shot)
    assert all(np.array_equal(getattr(made, name), getattr(clip, name)) for name in CHANNELS)
    assert made.tracks == {}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--gain", "loud"), "--gain loud cannot be read"),
        (("--gain", "jaw="), "cannot be read"),
        (("--gain", "nose=1"), "no group or face weight 'nose'"),
        (("--gain", "-1"), "out of range"),
        (("--blend", "shot", "--share", "1.5"), "from 0 to 1"),
        (("--offset", "0.1"), "needs the curves"),
        (("--offset", "head.nod=4"), "cannot be shifted"),
        (("--trim", "two"), "no span of seconds"),
        (("--trim", "5-9"), "leaves nothing of 2 seconds"),
        (("--loop", "1.5"), "at most 1 s"),
        (("--keys", "a.json"), "--keys writes the keys of --reduce"),
        (("--layer", "none.npz"), "no file none.npz"),
        (("--voice", "none.json"), "no file none.json"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(arguments, why, shot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("edit", shot, "--to", "made.npz", *arguments)
    assert done.exit_code == 2, done.output
    assert why in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "made.npz").exists()


def test_the_performance_itself_is_never_written_over(shot):
    done = run("edit", shot, "--to", shot / "performance.npz", "--gain", "2")
    assert done.exit_code == 2
    assert "is the one to read" in done.stderr
