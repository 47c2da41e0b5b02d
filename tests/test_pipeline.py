"""The main job end to end on the sample, small: same bytes twice, resumable, honest about edits."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.errors import Cancelled, InputError, OutputError
from garrick.job import Job
from garrick.outputs.folder import ShotFolder
from garrick.outputs.sound import write_wav
from garrick.pipeline import Result, perform
from garrick.speech.audio import load_sound
from garrick.stages import StageCache


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


@pytest.fixture(scope="module")
def remake(done) -> Callable[..., Result]:
    """remake(job, out): `perform` with what `done` found in its voice and portrait, where that is not what is tested."""
    stages = StageCache(done / ".garrick" / "stages")

    def run(job: Job, out: Path, ctx: RunContext | None = None, **how: Any) -> Result:
        return perform(job, out, ctx or RunContext(), scene=False, stages=stages, **how)

    return run


def bytes_of(folder: Path) -> dict[str, bytes]:
    """What has to be the same in every run."""
    names = ["performance.npz", "rig.npz", "camera.json", "speech.json", "audio.wav", "texture.png", "head.png",
             "background.png", "evaluation.json"]  # fmt: skip
    frames = sorted(path.relative_to(folder).as_posix() for path in (folder / "frames").glob("*.png"))
    return {name: (folder / name).read_bytes() for name in [*names, *frames]}


def test_all_files_are_there_and_the_report_tells(done):
    report = json.loads((done / "report.json").read_text())
    assert len(list((done / "frames").glob("*.png"))) == report["performance"]["frames"] == 15
    assert report["portrait"]["reprojection_percent"] < 2
    assert "ynthetic" in report["synthetic"]
    shot = json.loads((done / "shot.json").read_text())
    assert all(
        (done / shot[name]).is_file()
        for name in ("performance", "rig", "texture", "head_texture", "background", "audio", "camera")
    )
    assert shot["frames"] | {"first": 0, "last": 14} == shot["frames"]
    assert not [path for path in done.rglob("*") if path.name.endswith(".part")]
    judged = json.loads((done / "evaluation.json").read_text())
    assert judged["frames"] == {"first": 0, "last": 14}
    assert {score["subject"] for score in judged["scores"]} >= {"lips of the curves"}
    assert not judged["pictures"]


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


def test_an_artists_edit_is_kept_and_the_frames_follow(job, done, remake, tmp_path):
    remake(job, tmp_path)
    edited = Performance.load(tmp_path / "performance.npz")
    face = edited.face.copy()
    face[:, 17] = 0.6
    replace(edited, face=face, tracks={"face.jawOpen": "edited"}).save(tmp_path / "performance.npz")
    result = remake(job, tmp_path)
    assert any("edited" in warning for warning in result.warnings)
    np.testing.assert_array_equal(Performance.load(tmp_path / "performance.npz").face, face)
    name = "frames/frame_000007.png"
    assert (tmp_path / name).read_bytes() != (done / name).read_bytes()


def test_a_range_of_frames_is_a_part_of_the_whole(job, done, remake, tmp_path):
    part = job.model_copy(update={"frames": (4, 8)})
    result = remake(part, tmp_path)
    assert (result.first, result.last) == (4, 8)
    for index in range(4, 9):
        name = f"frames/frame_{index:06d}.png"
        assert (tmp_path / name).read_bytes() == (done / name).read_bytes()
    assert len(list((tmp_path / "frames").glob("*.png"))) == 5
    with pytest.raises(InputError, match="0-14"):
        remake(job.model_copy(update={"frames": (4, 99)}), tmp_path)


def test_passes_come_besides_the_same_frames_and_are_resumed_with_them(job, done, remake, tmp_path):
    wanted = job.model_copy(update={"passes": True})
    remake(wanted, tmp_path)
    assert bytes_of(tmp_path) == bytes_of(done)
    passes = json.loads((tmp_path / "shot.json").read_text())["passes"]
    files = [tmp_path / passes["pattern"].format(index) for index in range(passes["first"], passes["last"] + 1)]
    before = [path.read_bytes() for path in files]
    assert len(before) == 15
    assert json.loads((done / "shot.json").read_text())["passes"] is None
    files[3].unlink()
    files[9].write_bytes(before[9][:-100])
    again = remake(wanted, tmp_path)
    assert (again.rendered, again.kept) == (2, 13)
    assert [path.read_bytes() for path in files] == before
    remake(job, tmp_path, overwrite=True)
    assert not list((tmp_path / "exr").iterdir())


def test_another_jobs_folder_is_refused_until_overwritten(job, remake, tmp_path):
    remake(job, tmp_path)
    other = job.model_copy(update={"seed": 4})
    with pytest.raises(OutputError, match="seed"):
        remake(other, tmp_path)
    remake(other, tmp_path, overwrite=True)


def test_another_seed_is_another_take_of_the_same_lips(job, done, remake, tmp_path):
    remake(job.model_copy(update={"seed": 9}), tmp_path)
    one, two = (Performance.load(folder / "performance.npz") for folder in (done, tmp_path))
    assert not np.array_equal(one.head_rotation, two.head_rotation)
    assert np.corrcoef(one.face[:, 17], two.face[:, 17])[0, 1] > 0.95


def test_stages_of_another_folder_give_the_same_bytes(job, done, tmp_path):
    cache, told, lines = StageCache(tmp_path / "stages"), [], []
    ctx = RunContext(progress=lambda *step: told.append(step), log=lines.append)
    assert perform(job, tmp_path / "one", ctx, scene=False, stages=cache).cached == ()
    told.clear()
    result = perform(job, tmp_path / "two", ctx, scene=False, stages=cache)
    assert result.cached == ("portrait", "speech", "motion")
    assert {("speech", 1, 1), ("portrait", 1, 1), ("motion", 1, 1)} <= set(told)
    assert not {"listen", "decode"} & {phase for phase, _, _ in told}
    assert lines == ["portrait: from the cache", "speech: from the cache", "motion: from the cache"]
    assert json.loads((tmp_path / "two" / "report.json").read_text())["cached"] == list(result.cached)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two") == bytes_of(done)
    other = job.model_copy(update={"seed": 8})
    assert perform(other, tmp_path / "three", ctx, scene=False, stages=cache).cached == ("portrait", "speech")


def test_a_text_that_the_voice_does_not_say_gives_a_warning(job, done, tmp_path):
    wrong = Job(**job.model_dump() | {"text": "Nine thin cats sat near the old green station.", "frames": (0, 0)})
    result = perform(wrong, tmp_path, RunContext(), scene=False, stages=StageCache(done / "stages"))
    assert "not what the recording says" in result.warnings[0]
    assert json.loads((tmp_path / "report.json").read_text())["warnings"] == list(result.warnings)
    assert json.loads((tmp_path / "speech.json").read_text())["words"] == []


def test_a_folder_keeps_its_own_stages_until_it_is_overwritten(job, done, tmp_path):
    part = job.model_copy(update={"frames": (0, 1)})
    perform(part, tmp_path, RunContext(), scene=False)
    assert perform(job, tmp_path, RunContext(), scene=False).cached == ("portrait", "speech")
    assert perform(part, tmp_path, RunContext(), scene=False, overwrite=True).cached == ()
    assert len(list((tmp_path / ".garrick" / "stages").iterdir())) == 3


def test_any_parts_in_any_order_make_the_same_shot(job, done, remake, tmp_path):
    """Whole, in chunks, and in ranges out of order: the same bytes, the preview included."""
    remake(job, tmp_path / "chunks", chunk=4)
    for first, last in ((9, 12), (0, 3), (13, 14), (2, 9)):
        remake(job.model_copy(update={"frames": (first, last)}), tmp_path / "parts")
    for folder in (tmp_path / "chunks", tmp_path / "parts"):
        assert bytes_of(folder) == bytes_of(done)
        assert (folder / "preview.mp4").read_bytes() == (done / "preview.mp4").read_bytes()
        assert (folder / "shot.json").read_bytes() == (done / "shot.json").read_bytes()
    assert len(list((tmp_path / "parts" / ".garrick").glob("preview-*/*.mp4"))) == 1


def test_a_chunk_is_on_disk_before_the_next_begins(job, remake, tmp_path):
    seen = []

    def look(line: str) -> None:
        if line.startswith("frames:"):
            seen.append((line, len(list((tmp_path / "frames").glob("*.png")))))

    remake(job, tmp_path, RunContext(log=look), chunk=6)
    assert seen == [("frames: 0-5 are finished", 6), ("frames: 0-11 are finished", 12)]


def test_the_shots_own_camera_changes_nothing_and_another_moves_the_head(job, done, remake, tmp_path):
    own = job.model_copy(update={"camera": done / "camera.json"})
    remake(own, tmp_path / "own")
    assert bytes_of(tmp_path / "own") == bytes_of(done)
    camera = json.loads((done / "camera.json").read_text())
    moving = camera | {"world_to_camera": []}
    for index in range(15):
        pose = np.array(camera["world_to_camera"][0])
        pose[0, 3] += 0.004 * index
        moving["world_to_camera"].append(pose.tolist())
    (tmp_path / "moving.json").write_text(json.dumps(moving))
    remake(job.model_copy(update={"camera": tmp_path / "moving.json"}), tmp_path / "moved")
    made = [bytes_of(folder)["frames/frame_000000.png"] for folder in (tmp_path / "moved", done)]
    assert made[0] == made[1]
    assert bytes_of(tmp_path / "moved")["frames/frame_000014.png"] != bytes_of(done)["frames/frame_000014.png"]
    written = json.loads((tmp_path / "moved" / "camera.json").read_text())
    np.testing.assert_array_equal(written["world_to_camera"], moving["world_to_camera"])
    with pytest.raises(OutputError, match="another camera"):
        remake(own, tmp_path / "moved")
    moving["world_to_camera"].pop()
    (tmp_path / "short.json").write_text(json.dumps(moving))
    short = job.model_copy(update={"camera": tmp_path / "short.json"})
    with pytest.raises(InputError, match=r"14 frames, the clip has 15") as caught:
        remake(short, tmp_path / "short")
    assert caught.value.fix


def test_an_edited_performance_is_rendered_as_it_is(job, done, remake, tmp_path):
    edited = Performance.load(done / "performance.npz")
    face = edited.face.copy()
    face[:, 17] = 0.6
    replace(edited, face=face, tracks={"face.jawOpen": "edited"}).save(tmp_path / "edit.npz")
    with_sound = job.model_copy(update={"performance": tmp_path / "edit.npz"})
    remake(with_sound, tmp_path / "sound")
    assert (tmp_path / "sound" / "performance.npz").read_bytes() == (tmp_path / "edit.npz").read_bytes()
    assert (tmp_path / "sound" / "audio.wav").read_bytes() == (done / "audio.wav").read_bytes()

    silent = with_sound.model_copy(update={"audio": None})
    result = remake(silent, tmp_path / "silent")
    assert "audio.wav" not in result.files
    speech = json.loads((tmp_path / "silent" / "speech.json").read_text())
    assert {"text", "phones", "words"} <= speech.keys()
    assert not any(speech.values())
    assert json.loads((tmp_path / "silent" / "shot.json").read_text())["audio"] is None
    judged = json.loads((tmp_path / "silent" / "evaluation.json").read_text())
    assert judged["verdicts"] == list(result.verdicts) == ["Nobody speaks, so lips were not judged."]
    with av.open(str(tmp_path / "silent" / "preview.mp4")) as film:
        assert not film.streams.audio
        assert sum(1 for _ in film.decode(video=0)) == 15
    name = "frames/frame_000007.png"
    frames = [(folder / name).read_bytes() for folder in (tmp_path / "sound", tmp_path / "silent", done)]
    assert frames[0] == frames[1] != frames[2]

    with pytest.raises(InputError, match="frames a second"):
        remake(silent.model_copy(update={"fps": Fraction(25)}), tmp_path / "rate")
    (tmp_path / "bad.npz").write_bytes((tmp_path / "edit.npz").read_bytes()[:-100])
    with pytest.raises(InputError, match="not a readable") as caught:
        remake(silent.model_copy(update={"performance": tmp_path / "bad.npz"}), tmp_path / "b")
    assert caught.value.fix


def test_processes_share_a_fresh_folder(job, done, tmp_path):
    """Two at once, in ranges that overlap, from the moment when the folder is not there yet."""
    file = tmp_path / "job.json"
    file.write_text(job.model_dump_json())
    common = [
        sys.executable,
        "-c",
        "from garrick.cli import main; main()",
        "run",
        str(file),
        "--no-scene",
        "--json",
        "--out",
        str(tmp_path / "shot"),
    ]
    runs = [
        subprocess.Popen([*common, "--frames", frames], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for frames in ("0-8", "6-14")
    ]
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert bytes_of(tmp_path / "shot") == bytes_of(done)
    assert (tmp_path / "shot" / "preview.mp4").read_bytes() == (done / "preview.mp4").read_bytes()
    assert not [path for path in (tmp_path / "shot").rglob("*") if path.name.endswith(".part")]
    again = perform(job, tmp_path / "shot", RunContext(), scene=False)
    assert (again.rendered, again.kept) == (0, 15)


def test_overwriting_twice_at_once_wipes_once(job, remake, tmp_path):
    """Both opened the folder before either claimed it: the second joins, and what the first made stays."""
    remake(job.model_copy(update={"frames": (0, 0)}), tmp_path)
    first, second = ShotFolder(tmp_path, job, overwrite=True), ShotFolder(tmp_path, job, overwrite=True)
    first.claim(RunContext())
    (tmp_path / "frames").mkdir(exist_ok=True)
    (tmp_path / "frames" / "frame_000000.png").write_bytes(b"made by the first")
    second.claim(RunContext())
    assert (tmp_path / "frames" / "frame_000000.png").exists()


def test_a_fresh_folder_belongs_to_the_first_job(job, tmp_path):
    ctx = RunContext()
    mine = ShotFolder(tmp_path, job)
    theirs = ShotFolder(tmp_path, job.model_copy(update={"seed": 99}))
    mine.claim(ctx)
    with pytest.raises(OutputError, match="seed"):
        theirs.claim(ctx)


def test_a_run_that_waits_for_another_can_be_cancelled(job, tmp_path):
    ctx = RunContext()
    folder = ShotFolder(tmp_path, job)
    with folder.alone("motion", ctx):
        threading.Timer(0.3, ctx.cancel.set).start()
        with pytest.raises(Cancelled):
            ShotFolder(tmp_path, job).claim(ctx)
