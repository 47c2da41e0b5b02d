"""`garrick render --blend`: the shots of a saved scene, edited by an artist, rendered without a window."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import bpy
import pytest
from click.testing import Result
from garrick.cli import app
from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.job import Job
from garrick.pipeline import perform
from typer.testing import CliRunner

import blender_addon
from blender_addon.shot_import.props import shots_of
from blender_addon.version_adapter import curves_in_use

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample"
SMALL = {"size": (128, 128), "fps": "12"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A shot of a second, with its scene.blend."""
    folder = tmp_path_factory.mktemp("render")
    with wave.open(str(SAMPLE / "voice.wav")) as whole, wave.open(str(folder / "voice.wav"), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(whole.getframerate()))
    job = Job.model_validate({"portrait": SAMPLE / "portrait.png", "audio": folder / "voice.wav", **SMALL})
    perform(job, folder / "shot", RunContext())
    return folder / "shot"


@pytest.fixture
def addon():
    blender_addon.register()
    yield
    blender_addon.unregister()


def garrick(*arguments: object) -> Result:
    """`garrick render`, which reads the file in a Blender of its own."""
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


def frames(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "frames").glob("*.png"))}


def test_what_was_not_touched_is_rendered_as_it_was(made, tmp_path):
    done = garrick("--blend", made / "scene.blend", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert frames(tmp_path / "out" / "shot") == frames(made)


def test_edits_and_camera_markers_are_followed(made, tmp_path, addon):
    bpy.ops.wm.open_mainfile(filepath=str(made / "scene.blend"))
    scene = bpy.context.scene
    shot = shots_of(scene)[0]
    jaw = next(c for c in curves_in_use(shot.garrick.head.data.shape_keys) if "jawOpen" in c.data_path)
    for point in jaw.keyframe_points[6:8]:
        point.co[1] = 1.0
    jaw.update()
    side = shot.garrick.camera.copy()
    side.animation_data_clear()
    side.location.x += 0.05
    scene.collection.objects.link(side)
    for name, frame, camera in (("wide", 1, shot.garrick.camera), ("close", 10, side)):
        scene.timeline_markers.new(name, frame=frame).camera = camera
    shot.garrick_rerender.camera = "SCENE"
    blend = tmp_path / "edited.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)

    done = garrick("--blend", blend, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 0, done.stdout + done.stderr
    before = frames(made)
    wide, close = frames(tmp_path / "out" / "shot-wide"), frames(tmp_path / "out" / "shot-close")
    assert [*wide, *close] == list(before)
    changed = [name for name in wide if wide[name] != before[name]]
    assert changed == ["frame_000006.png", "frame_000007.png"]
    assert not [name for name in close if close[name] == before[name]]

    again = garrick("--blend", blend, "--out", tmp_path / "out", "--only", "shot", "--prores")
    assert again.exit_code == 0, again.stderr
    assert "0 kept" not in again.stdout
    assert all((tmp_path / "out" / name / "alpha.mov").is_file() for name in ("shot-wide", "shot-close"))


def test_jobs_only_writes_job_files_for_a_farm(made, tmp_path):
    done = garrick("--blend", made / "scene.blend", "--out", tmp_path / "jobs", "--jobs-only")
    assert done.exit_code == 0, done.stderr
    job = json.loads((tmp_path / "jobs" / "shot.json").read_text())
    assert Performance.load(tmp_path / "jobs" / job["performance"]).fps == 12
    assert job["frames"] == [0, len(frames(made)) - 1]
    again = garrick("--blend", made / "scene.blend", "--out", tmp_path / "jobs", "--jobs-only")
    assert (again.exit_code, "not empty" in again.stderr) == (2, True)
    voice = made.parent / "voice.wav"
    assert Path(job["audio"]) == voice
    voice.rename(tmp_path / "gone.wav")
    lost = garrick("--blend", made / "scene.blend", "--out", tmp_path / "lost", "--jobs-only")
    (tmp_path / "gone.wav").rename(voice)
    assert lost.exit_code == 0, lost.stderr
    assert Path(json.loads((tmp_path / "lost" / "shot.json").read_text())["audio"]) == made / "audio.wav"
    film = garrick("--blend", made / "scene.blend", "--out", tmp_path / "other", "--jobs-only", "--prores")
    assert (film.exit_code, "--set prores=true" in film.stderr) == (2, True)


@pytest.mark.parametrize(
    ("only", "sentence"), [("nothing like it", "no scene and no shot"), (None, "holds no Garrick shot")]
)
def test_what_is_not_there_is_said(made, tmp_path, only, sentence):
    blend = made / "scene.blend"
    if only is None:
        blend = tmp_path / "empty.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    done = garrick("--blend", blend, "--out", tmp_path / "out", *([] if only is None else ["--only", only]))
    assert done.exit_code == 2
    assert sentence in done.stderr
