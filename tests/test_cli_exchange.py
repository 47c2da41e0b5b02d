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


def test_a_head_goes_out_with_the_motion_and_the_motion_comes_back(performance, tmp_path):
    from garrick.bodies.head import load_head
    from garrick.core.gltf import GltfFile

    clip = replace(Performance.load(performance), identity=load_head().average_adult)
    clip.save(performance)
    done = run("export", performance, "--to", tmp_path / "take.glb")
    assert done.exit_code == 0, done.output
    head = GltfFile(tmp_path / "take.glb").document
    assert head["materials"][0]["name"] == "skin"
    assert "images" not in head
    done = run("convert", tmp_path / "take.glb", "--to", tmp_path / "back.npz")
    assert done.exit_code == 0, done.output
    back = Performance.load(tmp_path / "back.npz")
    assert back.fps == clip.fps
    np.testing.assert_array_equal(back.face, clip.face)


def test_a_shot_s_own_rig_and_texture_go_into_its_glb(performance, tmp_path):
    from garrick.bodies.head import load_head
    from garrick.bodies.rig import identity_rig
    from garrick.core.archive import save_arrays
    from garrick.core.gltf import GltfFile

    rig = identity_rig(load_head(), np.zeros(100, np.float32))
    rig["joint_names"][1] = "hals"
    save_arrays(tmp_path / "rig.npz", rig)
    (tmp_path / "head.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = run("export", tmp_path, "--to", tmp_path / "take.glb")
    assert done.exit_code == 0, done.output
    head = GltfFile(tmp_path / "take.glb").document
    assert "hals" in [node["name"] for node in head["nodes"]]
    assert head["images"][0]["mimeType"] == "image/png"


def test_keys_of_other_characters_over_time(performance, tmp_path):
    for keys, count in (("oculus", 15), ("vrm", 11), ("arkit", 52)):
        done = run("export", performance, "--to", tmp_path / "keys.csv", "--keys", keys)
        assert done.exit_code == 0, done.output
        table = np.genfromtxt(tmp_path / "keys.csv", delimiter=",", names=True)
        assert len(table.dtype.names) == 1 + count
        assert table["time"][30] == pytest.approx(30 * 1001 / 30000, abs=1e-5)
    np.testing.assert_allclose(table["jawOpen"], Performance.load(performance).face[:, 17], atol=1e-5)


def test_mistakes_are_one_line_and_change_nothing(performance, tmp_path):
    (tmp_path / "bad.csv").write_text("no\n")
    before = performance.read_bytes()
    for arguments, why in (
        (("export", performance, "--to", tmp_path / "a.fbx"), "must end in"),
        (("export", tmp_path / "none.npz", "--to", tmp_path / "a.csv"), "cannot be read"),
        (("export", performance, "--to", performance), "is the performance itself"),
        (("export", performance, "--to", tmp_path / "a.glb"), "identity is of another head: 4 numbers"),
        (("export", performance, "--to", tmp_path / "a.csv", "--keys", "faces"), "no keys of 'faces'"),
        (("export", performance, "--to", tmp_path / "a.bvh", "--keys", "vrm"), "are a .csv"),
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
