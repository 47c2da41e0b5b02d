"""`garrick track`: a performance and an overlay that are whole, errors in one line and nothing written."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from garrick.cli import app
from garrick.core.performance import Performance
from garrick.outputs.video import Segment
from garrick.perception.video import Video
from PIL import Image
from typer.testing import CliRunner

FRAMES = 7


def run(*arguments: str | Path):
    return CliRunner().invoke(app, ["track", *map(str, arguments)])


def film(path: Path, pictures: list[np.ndarray], fps: Fraction = Fraction(25)) -> Path:
    segment = Segment((pictures[0].shape[1], pictures[0].shape[0]), fps)
    for picture in pictures:
        segment.add(np.ascontiguousarray(picture))
    path.write_bytes(segment.finish())
    return path


@pytest.fixture(scope="module")
def sitter(sample_portrait, tmp_path_factory) -> Path:
    """A film of the sample portrait going to the right; of the seven frames two show a card in front of the face."""
    photo = np.asarray(Image.open(sample_portrait).convert("RGB").resize((240, 240)))
    pictures = [np.roll(photo, 2 * index, axis=1) for index in range(FRAMES)]
    for picture in pictures[4:6]:
        picture[50:190, 60:190] = photo.mean(axis=(0, 1))
    return film(tmp_path_factory.mktemp("films") / "sitter.mp4", pictures)


@pytest.fixture(scope="module")
def done(sitter, tmp_path_factory):
    """One run with everything, in new folders: its last event, performance and overlay."""
    folder = tmp_path_factory.mktemp("out")
    to, overlay = folder / "new" / "a.npz", folder / "other" / "b.mp4"
    said = run(sitter, "--to", to, "--overlay", overlay, "--json")
    assert said.exit_code == 0, said.output
    return [json.loads(line) for line in said.stdout.splitlines()], to, overlay


def test_the_npz_is_a_performance_of_the_film(done):
    performance = Performance.load(done[1])
    assert (len(performance), performance.fps) == (FRAMES, 25)
    assert performance.tracks["face"] == performance.tracks["head_rotation"] == "tracked"
    assert list(done[1].parent.iterdir()) == [done[1]]


def test_the_last_event_says_what_was_found(done):
    events = done[0]
    assert events[-1]["event"] == "result"
    assert (events[-1]["frames"], events[-1]["fps"], events[-1]["cuts"]) == (FRAMES, "25", [])
    assert events[-1]["seen"]["face"] == pytest.approx(5 / 7)
    assert events[-1]["gaps"] == [[pytest.approx(4 / 25), pytest.approx(6 / 25)]]
    phases = {event["phase"] for event in events if event["event"] == "progress"}
    assert phases == {"track", "overlay"}
    assert {event["event"] for event in events} <= {"progress", "result", "log"}


def test_the_overlay_is_the_film_with_the_face_drawn_on_it(done, sitter):
    with Video(sitter) as film, Video(done[2]) as drawn:
        assert (drawn.facts.size, drawn.facts.fps) == (film.facts.size, film.facts.fps)
        pairs = list(zip(film, drawn, strict=True))
    assert len(pairs) == FRAMES
    changed = []
    for plain, shown in pairs:
        assert plain is not None
        assert shown is not None
        changed.append((np.abs(plain.astype(int) - shown).max(axis=2) > 60).mean())
    hidden = [4, 5]
    assert max(changed[index] for index in hidden) < 0.001
    assert min(share for index, share in enumerate(changed) if index not in hidden) > 0.003


def test_for_people_it_is_told_in_lines_and_another_rate_is_kept(sitter, tmp_path):
    to = tmp_path / "a.npz"
    said = run(sitter, "--to", to, "--fps", "12.5")
    assert said.exit_code == 0, said.output
    performance = Performance.load(to)
    assert performance.fps == Fraction(25, 2)
    assert f"{len(performance)} frames at 12.5 a second" in " ".join(said.output.split())
    assert len(performance) == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--to", "a.json"], "a.json must end in .npz"),
        (["--to", "a"], "must end in .npz"),
        (["--to", "a.npz", "--overlay", "b.avi"], "b.avi must end in .mp4"),
        (["--to", "a.npz", "--overlay", "film.mp4"], "the video itself"),
        (["--to", "a.npz", "--overlay", "./link.mp4"], "the video itself"),
        (["--to", "a.npz", "--fps", "fast"], "fast"),
        (["--to", "a.npz", "--fps", "0"], "0"),
        (["--to", "a.npz", "--person", "-1"], "--person"),
        (["--to", "a.npz", "--person", "4"], "There is no face 4"),
        ([], "--to"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(sitter, tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    data = sitter.read_bytes()
    Path("film.mp4").write_bytes(data)
    Path("link.mp4").hardlink_to("film.mp4")
    said = run("film.mp4", *options)
    assert said.exit_code == 2, said.output
    assert words in said.output
    assert "Traceback" not in said.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "link.mp4"]
    assert Path("film.mp4").read_bytes() == data


@pytest.mark.parametrize(("name", "words"), [("none.mp4", "There is no file"), ("words.mp4", "not a video")])
def test_what_is_no_film_is_an_error_event(tmp_path, name, words):
    (tmp_path / "words.mp4").write_text("Dear diary")
    said = run(tmp_path / name, "--to", tmp_path / "a.npz", "--json")
    event = json.loads(said.stdout.splitlines()[-1])
    assert (event["event"], event["exit_code"], said.exit_code) == ("error", 2, 2)
    assert words in event["message"]
    assert event["fix"]
    assert not (tmp_path / "a.npz").exists()


def test_a_film_without_a_face_leaves_an_older_file_alone(tmp_path):
    path = film(tmp_path / "grey.mp4", [np.full((96, 96, 3), 90, np.uint8)] * 4)
    to = tmp_path / "a.npz"
    to.write_bytes(b"older")
    said = run(path, "--to", to)
    assert said.exit_code == 2
    assert "No face was found in grey.mp4" in " ".join(said.output.split())
    assert to.read_bytes() == b"older"
