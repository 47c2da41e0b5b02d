"""`garrick export` and `garrick convert` as a user runs them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.cli import app
from garrick.core.performance import Performance
from typer.testing import CliRunner


@pytest.fixture
def performance(tmp_path: Path) -> Path:
    """A shot folder's performance.npz: 40 frames at 29.97, the face moving."""
    clip = Performance.rest(40, Fraction(30000, 1001), np.zeros(4, np.float32))
    clip = replace(clip, face=np.random.default_rng(0).uniform(0, 1, (40, 52)))
    clip.save(tmp_path / "performance.npz")
    return tmp_path / "performance.npz"


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("name", ["take.csv", "take.npz"])
def test_what_was_exported_converts_back(performance, tmp_path, name):
    done = run("export", performance, "--to", tmp_path / "new" / name)
    assert done.exit_code == 0, done.output
    assert "40 frames at 29.97 a second" in done.stdout
    done = run("convert", tmp_path / "new" / name, "--to", tmp_path / "back.npz", "--fps", "29.97")
    assert done.exit_code == 0, done.output
    back, clip = Performance.load(tmp_path / "back.npz"), Performance.load(performance)
    assert back.fps == clip.fps
    np.testing.assert_array_equal(back.face, clip.face)


def test_a_shot_folder_is_taken_for_its_performance(performance, tmp_path):
    done = run("export", tmp_path, "--to", tmp_path / "take.bvh")
    assert done.exit_code == 0, done.output
    done = run("convert", tmp_path / "take.bvh", "--to", tmp_path / "back.npz")
    assert "does not move: face" in done.stderr


def test_mistakes_are_one_line_and_change_nothing(performance, tmp_path):
    (tmp_path / "bad.csv").write_text("no\n")
    before = performance.read_bytes()
    for arguments, why in (
        (("export", performance, "--to", tmp_path / "a.fbx"), "must end in"),
        (("export", tmp_path / "none.npz", "--to", tmp_path / "a.csv"), "cannot be read"),
        (("export", performance, "--to", performance), "is the performance itself"),
        (("convert", tmp_path / "bad.csv", "--to", tmp_path / "a.npz"), "not a Live Link Face recording"),
        (("convert", tmp_path / "bad.csv", "--to", tmp_path / "a.csv"), "must end in .npz"),
        (("convert", tmp_path / "bad.csv", "--to", tmp_path / "a.npz", "--fps", "fast"), "not a frame rate"),
        (("convert", tmp_path / "none.bvh", "--to", tmp_path / "a.npz"), "cannot be read"),
    ):
        done = run(*arguments)
        assert done.exit_code == 2, done.output
        assert why in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert performance.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "performance.npz"]


def test_a_folder_that_cannot_be_made_is_said(performance, tmp_path):
    (tmp_path / "file").write_text("")
    done = run("export", performance, "--to", tmp_path / "file" / "a.csv")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error:")
