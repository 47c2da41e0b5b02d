"""`garrick track --camera`: a film filmed now becomes a performance; Ctrl-C ends and writes; no camera is told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.cli import app
from garrick.core.performance import Performance
from garrick.outputs.video import Segment
from PIL import Image
from typer.testing import CliRunner

COMMAND = (sys.executable, "-c", "from garrick.cli import main; main()", "track")


def run(*arguments: str | Path):
    return CliRunner().invoke(app, ["track", *map(str, arguments)])


def film(path: Path, picture: np.ndarray, frames: int) -> Path:
    """The picture, going slowly to the right, ten times a second."""
    segment = Segment((picture.shape[1], picture.shape[0]), Fraction(10))
    for index in range(frames):
        segment.add(np.ascontiguousarray(np.roll(picture, index // 8, axis=1)))
    path.write_bytes(segment.finish())
    return path


@pytest.fixture(scope="module")
def sitter(sample_portrait) -> np.ndarray:
    """(240, 240, 3) of a face."""
    return np.asarray(Image.open(sample_portrait).convert("RGB").resize((240, 240)))


def test_ctrl_c_ends_the_recording_and_writes_it(sitter, tmp_path):
    path, to = film(tmp_path / "long.mp4", sitter, 600), tmp_path / "new" / "take.npz"
    arguments = ["--camera", str(path), "--to", str(to), "--fps", "12.5", "--json"]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as done:
        assert done.stdout is not None
        events, tracked = [], 0
        for line in done.stdout:
            events.append(json.loads(line))
            tracked += " tracking " in events[-1].get("message", "")
            if tracked == 2:
                done.send_signal(signal.SIGINT)
                tracked += 1
        assert done.wait(30) == 0
    performance = Performance.load(to)
    assert performance.fps == Fraction(25, 2)
    assert 3 <= len(performance) < 600
    assert performance.tracks["face"] == performance.tracks["gaze"] == "tracked"
    assert events[0]["message"].startswith("Look calmly into the camera")
    assert "jaw 0.0" in events[-2]["message"]
    assert (events[-1]["event"], events[-1]["frames"], events[-1]["fps"]) == ("result", len(performance), "25/2")
    assert events[-1]["seen"]["face"] > 0.9


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--to", "a.npz"], "Give a video or --camera"),
        (["--to", "a.npz", "film.mp4", "--camera", "0"], "Give a video or --camera"),
        (["--to", "a.npz", "--camera", "63"], "Camera 63 cannot be opened"),
        (["--to", "a.npz", "--camera", "http://example.org/stream"], "There is no camera http"),
        (["--to", "a.npz", "--camera", "/dev/null2"], "There is no camera /dev/null2"),
        (["--to", "a.json", "--camera", "0"], "a.json must end in .npz"),
        (["--to", "a.npz", "--camera", "0", "--body"], "not for a camera"),
        (["--to", "a.npz", "--camera", "0", "--fps", "0"], "0"),
        (["--to", "a.npz", "--camera", "words.mp4"], "not a video"),
        (["--to", "a.npz", "--camera", "grey.mp4"], "No face was tracked"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    Path("words.mp4").write_text("Dear diary")
    film(Path("grey.mp4"), np.full((96, 96, 3), 90, np.uint8), 4)
    said = run(*options)
    assert said.exit_code == 2, said.output
    assert words in " ".join(said.output.split())
    assert "Traceback" not in said.output
    assert not Path("a.npz").exists()
