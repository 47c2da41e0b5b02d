"""`garrick preview`: a film and a sheet of the clay figure, and what is no performance."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from garrick.cli import app
from garrick.core.performance import BODY_JOINTS, AudioReference, Performance
from garrick.motion.gestures.arms import arm_turns
from garrick.outputs.sound import write_wav
from typer.testing import CliRunner


@pytest.fixture
def shot(tmp_path):
    """Four frames: the right hand is raised in the last two."""
    still = Performance.rest(4, Fraction(8))
    pose = np.zeros((4, len(BODY_JOINTS), 3), np.float32)
    for side in ("left", "right"):
        rows = [BODY_JOINTS.index(f"{side}_{joint}") for joint in ("collar", "shoulder", "elbow", "wrist")]
        pose[:, rows] = arm_turns("hang", side)
        if side == "right":
            pose[2:, rows] = arm_turns("raise", side)
    replace(still, body_pose=pose, audio=AudioReference("audio.wav")).save(tmp_path / "performance.npz")
    write_wav(tmp_path / "audio.wav", np.full((8000, 1), 1000, np.int16), 16000)
    return tmp_path


def preview(*words: object):
    return CliRunner().invoke(app, ["preview", *map(str, words)])


def test_a_film_with_its_voice_and_a_sheet(shot, body_data) -> None:
    done = preview(shot, "--to", shot / "a.mp4", "--sheet", shot / "a.png", "--size", "128x160")
    assert done.exit_code == 0, done.output
    with av.open(str(shot / "a.mp4")) as film:
        video, sound = film.streams.video[0], film.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (128, 160, 8)
        assert float(sound.duration * sound.time_base) == pytest.approx(0.5, abs=0.1)
        pictures = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert len(pictures) == 4
    beside = np.s_[30:60, 10:45]  # where the raised hand is: the figure's right is on the left of the picture
    assert np.abs(pictures[2] - pictures[1])[beside].max() > 60
    assert np.abs(pictures[1] - pictures[0]).max() < 12
    assert cv2.imread(str(shot / "a.png")).shape == (250, 8 * 200, 3)


def test_from_its_side_it_looks_otherwise_and_without_a_voice_it_is_silent(shot, body_data) -> None:
    (shot / "audio.wav").unlink()
    for yaw in (0, 90):
        assert preview(shot, "--to", shot / f"{yaw}.mp4", "--yaw", yaw, "--size", "128").exit_code == 0
    first = []
    for yaw in (0, 90):
        with av.open(str(shot / f"{yaw}.mp4")) as film:
            assert not film.streams.audio
            first.append(next(film.decode(video=0)).to_ndarray(format="rgb24").astype(int))
    assert (np.abs(first[0] - first[1]).max(axis=2) > 60).mean() > 0.02


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.npz", "--to", "a.mp4"], "There is no file"),
        ([".", "--to", "a.avi"], "must end in .mp4"),
        ([".", "--to", "a.mp4", "--size", "31"], "must be even"),
        ([".", "--to", "a.mp4", "--size", "wide"], "--size"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(words: list[str], said: str, shot, monkeypatch) -> None:
    monkeypatch.chdir(shot)
    done = preview(*words)
    assert done.exit_code == 2
    assert said in done.output
