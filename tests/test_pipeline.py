"""The main job end to end on the sample, small: same bytes twice, resumable, honest about edits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.errors import Cancelled, InputError, OutputError
from garrick.job import Job
from garrick.outputs.sound import write_wav
from garrick.pipeline import perform
from garrick.speech.audio import load_sound


@pytest.fixture(scope="module")
def job(root, tmp_path_factory) -> Job:
    """One second of the sample voice, small pictures."""
    sound = load_sound(root / "assets" / "sample" / "voice.wav", RunContext())
    voice = tmp_path_factory.mktemp("voice") / "voice.wav"
    write_wav(voice, sound.playback[: round(1.2 * sound.rate)], sound.rate)
    return Job(portrait=root / "assets" / "sample" / "portrait.png", audio=voice, size=(128, 128), fps="12.5", seed=3)


@pytest.fixture(scope="module")
def done(job, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("done")
    perform(job, out, RunContext(), scene=False)
    return out


def bytes_of(folder: Path) -> dict[str, bytes]:
    """What has to be the same in every run."""
    names = ["performance.npz", "rig.npz", "camera.json", "speech.json", "audio.wav", "texture.png", "background.png"]
    frames = sorted(path.relative_to(folder).as_posix() for path in (folder / "frames").glob("*.png"))
    return {name: (folder / name).read_bytes() for name in [*names, *frames]}


def test_all_files_are_there_and_the_report_tells(done):
    report = json.loads((done / "report.json").read_text())
    assert len(list((done / "frames").glob("*.png"))) == report["performance"]["frames"] == 15
    assert report["portrait"]["reprojection_percent"] < 2
    assert "ynthetic" in report["synthetic"]
    shot = json.loads((done / "shot.json").read_text())
    assert all(
        (done / shot[name]).is_file() for name in ("performance", "rig", "texture", "background", "audio", "camera")
    )
    assert shot["frames"] | {"first": 0, "last": 14} == shot["frames"]
    assert not [path for path in done.rglob("*") if path.name.endswith(".part")]


def test_the_same_job_gives_the_same_bytes(job, done, tmp_path):
    perform(job, tmp_path, RunContext(), scene=False)
    assert bytes_of(tmp_path) == bytes_of(done)


def test_stopped_and_run_again_it_gives_the_same_bytes(job, done, tmp_path):
    ctx = RunContext()

    def stop_in_the_middle(phase: str, count: int, _total: int) -> None:
        if phase == "frames" and count >= 5:
            ctx.cancel.set()

    with pytest.raises(Cancelled):
        perform(job, tmp_path, replace(ctx, progress=stop_in_the_middle), scene=False)
    finished = list((tmp_path / "frames").glob("*.png"))
    assert 0 < len(finished) < 15
    assert not (tmp_path / "preview.mp4").exists()
    result = perform(job, tmp_path, RunContext(), scene=False)
    assert result.kept >= 1
    assert bytes_of(tmp_path) == bytes_of(done)


def test_an_artists_edit_is_kept_and_the_frames_follow(job, done, tmp_path):
    perform(job, tmp_path, RunContext(), scene=False)
    edited = Performance.load(tmp_path / "performance.npz")
    face = edited.face.copy()
    face[:, 17] = 0.6
    replace(edited, face=face, tracks={"face.jawOpen": "edited"}).save(tmp_path / "performance.npz")
    result = perform(job, tmp_path, RunContext(), scene=False)
    assert any("edited" in warning for warning in result.warnings)
    np.testing.assert_array_equal(Performance.load(tmp_path / "performance.npz").face, face)
    name = "frames/frame_000007.png"
    assert (tmp_path / name).read_bytes() != (done / name).read_bytes()


def test_a_range_of_frames_is_a_part_of_the_whole(job, done, tmp_path):
    part = job.model_copy(update={"frames": (4, 8)})
    result = perform(part, tmp_path, RunContext(), scene=False)
    assert (result.first, result.last) == (4, 8)
    for index in range(4, 9):
        name = f"frames/frame_{index:06d}.png"
        assert (tmp_path / name).read_bytes() == (done / name).read_bytes()
    assert len(list((tmp_path / "frames").glob("*.png"))) == 5
    with pytest.raises(InputError, match="0-14"):
        perform(job.model_copy(update={"frames": (4, 99)}), tmp_path, RunContext(), scene=False)


def test_another_jobs_folder_is_refused_until_overwritten(job, tmp_path):
    perform(job, tmp_path, RunContext(), scene=False)
    other = job.model_copy(update={"seed": 4})
    with pytest.raises(OutputError, match="seed"):
        perform(other, tmp_path, RunContext(), scene=False)
    perform(other, tmp_path, RunContext(), overwrite=True, scene=False)


def test_another_seed_is_another_take_of_the_same_lips(job, done, tmp_path):
    perform(job.model_copy(update={"seed": 9}), tmp_path, RunContext(), scene=False)
    one, two = (Performance.load(folder / "performance.npz") for folder in (done, tmp_path))
    assert not np.array_equal(one.head_rotation, two.head_rotation)
    assert np.abs(one.face[:, 17] - two.face[:, 17]).max() < 0.02
