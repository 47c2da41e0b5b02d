"""`garrick enhance` and `garrick retarget`: a spoilt film of known motion, and performances part by part."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from garrick.cli import app
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.core.rotation import rotation_matrices
from garrick.enhance import most_alike, read_poses
from garrick.errors import InputError
from garrick.outputs.video import Segment
from garrick.perception import analyse
from garrick.perception.video import Video
from garrick.rendering import render
from typer.testing import CliRunner

FRAMES, FPS, SIZE = 30, Fraction(25), (256, 256)
JAW = ARKIT_INDEX["jawOpen"]


def run(*arguments: str | Path):
    return CliRunner().invoke(app, [*map(str, arguments)])


def film(path: Path, pictures: list[np.ndarray]) -> Path:
    segment = Segment((pictures[0].shape[1], pictures[0].shape[0]), FPS)
    for picture in pictures:
        segment.add(np.ascontiguousarray(picture))
    path.write_bytes(segment.finish())
    return path


@pytest.fixture(scope="module")
def truth(sample_portrait) -> tuple[Performance, list[np.ndarray]]:
    """The sample portrait speaks and nods: curves and pictures; the first is the photo."""
    portrait = analyse.run(sample_portrait, SIZE, None, RunContext())
    clock = np.arange(FRAMES) / FRAMES
    face = portrait.face[None].repeat(FRAMES, axis=0)
    face[:, JAW] += 0.6 * np.sin(3 * np.pi * clock) ** 2
    turn = np.zeros((FRAMES, 3))
    turn[:, 1] = np.radians(8) * np.sin(2 * np.pi * clock)
    performance = replace(
        Performance.rest(FRAMES, FPS, portrait.identity),
        face=face,
        head_rotation=(portrait.head_rotation + turn).astype(np.float32),
        gaze=portrait.gaze[None].repeat(FRAMES, axis=0),
    )
    take = render.run(portrait, performance, CameraPath.still(portrait.camera, FRAMES, FPS), RunContext())
    return performance, [take.render(index).plate for index in range(FRAMES)]


@pytest.fixture(scope="module")
def spoilt(truth, tmp_path_factory) -> Path:
    """The same as another tool would leave it: coarse."""
    soft = [cv2.resize(cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA), SIZE) for picture in truth[1]]
    return film(tmp_path_factory.mktemp("films") / "spoilt.mp4", soft)


@pytest.fixture(scope="module")
def shot(spoilt, sample_portrait, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("out") / "shot"
    said = run("enhance", spoilt, "--portrait", sample_portrait, "--out", out, "--size", 256, "--no-scene", "--json")
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout.splitlines()[-1])
    assert {"enhanced.mp4", "preview.mp4", "performance.npz"} <= set(result["files"])
    return out


def frames(path: Path) -> list[np.ndarray]:
    with Video(path) as video:
        return [picture for picture in video if picture is not None]


def error(pictures: list[np.ndarray], truth: list[np.ndarray]) -> float:
    pairs = list(zip(pictures, truth, strict=False))[2:]
    return float(np.mean([np.square(one.astype(float) - other).mean() for one, other in pairs]))


def test_the_performance_is_the_film_s(shot, truth):
    performance = Performance.load(shot / "performance.npz")
    assert (len(performance), performance.fps) == (FRAMES, FPS)
    assert np.corrcoef(performance.face[:, JAW], truth[0].face[:, JAW])[0, 1] > 0.9
    turned = np.degrees(performance.head_rotation[:, 1] - truth[0].head_rotation[:, 1])
    assert np.abs(turned).max() < 2.5


def test_the_film_comes_back_nearer_to_the_truth(shot, spoilt, truth):
    before, after = frames(spoilt), frames(shot / "enhanced.mp4")
    assert [picture.shape for picture in after] == [picture.shape for picture in before]
    assert error(after, truth[1]) < 0.6 * error(before, truth[1])


def test_the_user_s_matrices_turn_the_head(spoilt, sample_portrait, tmp_path):
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_matrices(np.array([0, np.radians(20), 0]))
    (tmp_path / "turn.json").write_text(json.dumps({"head": matrix.tolist()}))
    where = ("--pose", tmp_path / "turn.json", "--out", tmp_path / "o")
    said = run("enhance", spoilt, "--portrait", sample_portrait, *where, "--size", 128, "--no-scene")
    assert said.exit_code == 0, said.output
    performance = Performance.load(tmp_path / "o" / "performance.npz")
    np.testing.assert_allclose(performance.head_rotation, [[0, np.radians(20), 0]] * FRAMES, atol=1e-5)
    assert performance.face[:, JAW].std() > 0.1
    assert not (tmp_path / "o" / "enhanced.mp4").exists()  # the video does not show it from there


def test_a_video_of_somebody_else_has_no_frame_like_the_photo(shot, truth):
    marks = analyse.faces_in(analyse.Photo(truth[1][0], 1.0))[0]
    rng = np.random.default_rng(0)
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    moved = np.stack([marks @ turn * 1.7 + 40, marks + rng.normal(0, 8, marks.shape), np.full_like(marks, np.nan)])
    assert most_alike(moved, marks) == 0
    assert most_alike(moved[1:], marks) is None
    assert most_alike(moved[::-1], marks) == 2


@pytest.mark.parametrize(
    "words",
    [
        "",
        "[]",
        '{"head": []}',
        '{"head": [[1, 2], [3, 4]]}',
        '{"head": "x"}',
        '{"head": null}',
        '{"head": [[[0,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,0]]]}',
    ],
)
def test_what_is_no_poses_is_refused(tmp_path, words):
    path = tmp_path / "poses.json"
    path.write_text(words)
    with pytest.raises(InputError, match=r"poses\.json holds no head poses"):
        read_poses(path, FPS)


def test_a_silent_pose_file_s_rate_is_kept(tmp_path):
    path = tmp_path / "poses.json"
    path.write_text(json.dumps({"head": [np.eye(4).tolist()] * 3, "fps": [30000, 1001]}))
    assert read_poses(path, FPS).fps == Fraction(30000, 1001)
    with pytest.raises(InputError, match="no file"):
        read_poses(tmp_path / "none.json", FPS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.mp4", "--portrait", "PORTRAIT"), "no file"),
        (("SPOILT", "--portrait", "none.png"), "none.png"),
        (("SPOILT", "--portrait", "PORTRAIT", "--size", "7"), "between 128 and 2048"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(spoilt, sample_portrait, tmp_path, arguments, words):
    given = {"SPOILT": spoilt, "PORTRAIT": sample_portrait}
    said = run("enhance", *(given.get(word, word) for word in arguments), "--out", tmp_path / "o")
    assert said.exit_code == 2
    assert words in said.stderr
    assert "Traceback" not in said.output
    assert not (tmp_path / "o").exists()


def test_retarget_takes_parts_from_rest_in_a_range(truth, tmp_path):
    driver, base, like, to = (tmp_path / f"{name}.npz" for name in ("driver", "base", "like", "made"))
    truth[0].save(driver)
    Performance.rest(50, FPS).save(base)
    wide = truth[0].face.copy()
    wide[:, JAW] = np.clip(0.5 * (wide[:, JAW] - wide[0, JAW]), 0, 1)
    replace(truth[0], face=wide).save(like)
    said = run("retarget", driver, "--to", to, "--onto", base, "--like", like, "--parts", "face, eyes")
    assert said.exit_code == 0, said.output
    made = Performance.load(to)
    assert len(made) == 50
    assert not made.head_rotation.any()
    moved = truth[0].face[:, JAW] - truth[0].face[0, JAW]
    np.testing.assert_allclose(made.face[:FRAMES, JAW], 0.5 * moved, atol=0.02)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "made.txt"), "must end in .npz"),
        (("--to", "made.npz", "--parts", "nose"), "no group or face weight 'nose'"),
        (("--to", "made.npz", "--parts", ","), "No group is named"),
        (("--to", "made.npz", "--onto", "none.npz"), "no file"),
        (("--to", "made.npz", "--like", "DRIVER", "--as-is"), "--as-is"),
    ],
)
def test_bad_retargets_are_refused(truth, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    truth[0].save("driver.npz")
    said = run("retarget", "driver.npz", *(word.replace("DRIVER", "driver.npz") for word in arguments))
    assert said.exit_code == 2
    assert words in said.stderr
    assert not Path("made.npz").exists()
