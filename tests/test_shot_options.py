"""What a job may ask of its pictures: a camera that moves, a draft, passes and a film with alpha, all of one performance."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import OpenEXR
import pytest
from garrick.cli_job import _job
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.errors import InputError, OutputError
from garrick.job import Job
from garrick.outputs.camera import read_camera
from garrick.perception import analyse
from garrick.pipeline import Result, perform
from garrick.rendering.camera_moves import camera_move
from garrick.stages import StageCache

FPS, FRAMES = Fraction(25, 2), 8


@pytest.fixture(scope="module")
def stages(tmp_path_factory) -> StageCache:
    return StageCache(tmp_path_factory.mktemp("stages"))


@pytest.fixture(scope="module")
def nodding(tmp_path_factory) -> Path:
    """A second of somebody who moves the jaw, in silence."""
    face = np.zeros((FRAMES, 52), np.float32)
    face[:, 17] = np.linspace(0, 0.4, FRAMES)
    path = tmp_path_factory.mktemp("given") / "performance.npz"
    replace(Performance.rest(FRAMES, FPS), face=face).save(path)
    return path


@pytest.fixture
def made(sample_portrait, nodding, stages, tmp_path):
    """made(name, **options) -> job, folder and result."""

    def make(name: str, **options) -> tuple[Job, Path, Result]:
        job = Job(portrait=sample_portrait, performance=nodding, size=(128, 160), fps=FPS, **options)
        return job, tmp_path / name, perform(job, tmp_path / name, RunContext(), scene=False, stages=stages)

    return make


def frame(folder: Path, index: int) -> np.ndarray:
    return cv2.imread(str(folder / "frames" / f"frame_{index:06d}.png"), cv2.IMREAD_UNCHANGED)


def test_an_orbit_moves_the_picture_and_is_written_as_the_camera(made):
    _, still, _ = made("still", frames=(0, 0))
    job, orbit, result = made("orbit", camera_move="orbit", camera_amount=24.0)
    camera = read_camera(orbit / "camera.json", job.size, FPS)
    assert len(camera) == FRAMES
    turned = np.degrees(np.arcsin(camera.world_to_camera[:, 0, 2]))
    assert np.ptp(turned) == pytest.approx(48)
    assert np.abs(frame(orbit, 0)[..., 3].astype(int) - frame(still, 0)[..., 3]).mean() > 3
    assert any("degrees from the photo's view" in warning for warning in result.warnings)
    assert result.warnings == tuple(json.loads((orbit / "report.json").read_text())["warnings"])
    _, again, _ = made("again", camera=orbit / "camera.json", frames=(0, 0))
    np.testing.assert_array_equal(frame(again, 0), frame(orbit, 0))


def test_the_hands_sway_is_the_seeds(made):
    job, folder, _ = made("hand", camera_move="handheld", seed=1, frames=(0, 0))
    portrait = analyse.run(job.portrait, job.size, None, RunContext())
    one, other = (
        camera_move(portrait, "handheld", None, FRAMES, FPS, RunContext(seed=seed).rng("camera")) for seed in (1, 0)
    )
    written = read_camera(folder / "camera.json", job.size, FPS).world_to_camera
    np.testing.assert_array_equal(written, one.world_to_camera)
    assert np.abs(written - other.world_to_camera).max() > 1e-3


def test_a_draft_is_the_same_take_at_half_the_size(made):
    job, final, _ = made("final")
    _, draft, _ = made("draft", quality="draft")
    assert (draft / "performance.npz").read_bytes() == (final / "performance.npz").read_bytes()
    assert (draft / "camera.json").read_bytes() == (final / "camera.json").read_bytes()
    assert json.loads((draft / "shot.json").read_text())["size"] == [64, 80]
    small, large = frame(draft, 7).astype(float), frame(final, 7)
    assert small.shape == (80, 64, 4)
    shrunk = cv2.resize(large, (64, 80), interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(small - shrunk)[..., 3].mean() < 4
    assert np.abs(small - shrunk)[shrunk[..., 3] > 250].mean() < 6
    with av.open(str(draft / "preview.mp4")) as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (64, 80)
    assert cv2.imread(str(draft / "background.png")).shape == (80, 64, 3)
    assert job.size == (128, 160)


def test_a_users_background_is_behind_the_person_in_film_and_plate(made, tmp_path):
    blue = tmp_path / "blue.png"
    cv2.imwrite(str(blue), np.full((120, 200, 3), (200, 60, 20), np.uint8))
    _, own, _ = made("own", frames=(0, 0))
    job, folder, _ = made("put", background=blue, frames=(0, 0))
    assert (cv2.imread(str(folder / "background.png")) == (200, 60, 20)).all()
    alpha = frame(folder, 0)[..., 3]
    np.testing.assert_array_equal(alpha, frame(own, 0)[..., 3])
    with av.open(str(folder / "preview.mp4")) as film:
        shown = next(film.decode(video=0)).to_ndarray(format="bgr24")
    assert np.abs(shown[alpha == 0].astype(int) - (200, 60, 20)).mean() < 6
    assert (
        json.loads((folder / "job.json").read_text())["owner"]["background"]
        == hashlib.sha256(blue.read_bytes()).hexdigest()
    )
    assert json.loads((folder / "report.json").read_text())["job"]["background"] == str(blue)
    cv2.imwrite(str(blue), np.full((120, 200, 3), 255, np.uint8))
    with pytest.raises(OutputError, match="another background"):
        perform(job, folder, RunContext(), scene=False)
    cv2.imwrite(str(blue), np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(InputError, match=r"only 30 x 20 pixels"):
        perform(job, tmp_path / "small", RunContext(), scene=False)


def test_passes_and_the_film_with_alpha_are_named_in_the_shot(made):
    _, folder, result = made("all", passes=True, prores=True, frames=(2, 6))
    about = json.loads((folder / "shot.json").read_text())
    assert about["alpha_film"] == "alpha.mov"
    assert "ynthetic" in about["statement"]
    assert "linear" in about["passes"]["colour"]
    assert result.files["alpha.mov"] == folder / "alpha.mov"
    with av.open(str(folder / "alpha.mov")) as film:
        shown = [picture.to_ndarray(format="bgra") for picture in film.decode(video=0)]
    assert len(shown) == 5
    assert np.abs(shown[3][..., 3].astype(int) - frame(folder, 5)[..., 3]).max() <= 1
    with OpenEXR.File(str(folder / "exr" / "frame_000005.exr"), separate_channels=True) as exr:
        names = {name.removeprefix("ViewLayer.").partition(".")[0] for name in exr.channels()}
    assert names == {"Combined", "Depth", "Normal", "NormalCamera", "UV", "CryptoObject00"}


def test_a_film_with_alpha_is_made_of_finished_frames_and_stays_true(made, tmp_path):
    made("later", frames=(0, 2))
    assert json.loads((tmp_path / "later" / "shot.json").read_text())["alpha_film"] is None
    _, folder, result = made("later", frames=(0, 2), prores=True)
    assert (result.rendered, result.kept) == (0, 3)
    assert json.loads((folder / "shot.json").read_text())["alpha_film"] == "alpha.mov"
    edited = Performance.load(folder / "performance.npz")
    replace(edited, face=1 - edited.face).save(folder / "performance.npz")
    made("later", frames=(0, 3))  # asks for none
    with av.open(str(folder / "alpha.mov")) as film:
        shown = [picture.to_ndarray(format="bgra") for picture in film.decode(video=0)]
    assert len(shown) == 4
    for index, picture in enumerate(shown):
        assert np.abs(picture[..., 3].astype(int) - frame(folder, index)[..., 3]).max() <= 1
        assert np.abs(picture[..., :3].astype(int) - frame(folder, index)[..., :3]).mean() < 2


@pytest.mark.parametrize(
    ("word", "move", "file"), [(None, "still", None), ("orbit", "orbit", None), ("a/b.json", "still", Path("a/b.json"))]
)
def test_the_command_line_takes_a_file_or_a_move(sample_portrait, word, move, file):
    settings = {"portrait": sample_portrait, "text": "Hi.", "size": "128", "frames": None, "camera_amount": 8.0}
    job = _job(settings | {"camera": None if word is None else Path(word)})
    assert (job.camera_move, job.camera, job.camera_amount) == (move, file, 8.0)
