"""Re-render through a real service: only what changed is rendered, and it is to the bit what a whole render gives."""

from __future__ import annotations

import hashlib
import json
import shutil
import wave
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from rerender_shots import bring_in, key_shape, read

from blender_addon import client as wire
from blender_addon import version_adapter
from blender_addon.core.arkit import ARKIT_INDEX
from blender_addon.core.groups import SINGLE
from blender_addon.core.performance import Performance
from blender_addon.rerender import ops, versions
from blender_addon.rerender.layers import layered_curves
from blender_addon.rerender.version_files import _size, load
from blender_addon.runner import Request, run_job
from blender_addon.tasks import Handle, Task

pytestmark = pytest.mark.usefixtures("addon")

SIZE = [128, 128]


def quiet() -> Handle:
    """A handle that nobody listens to."""
    return Handle(Task("test", lambda handle: None))


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def made(service, tmp_path_factory) -> tuple[Path, dict]:
    """A shot that the service made of the sample portrait and 1.2 s of voice, and its job."""
    folder = tmp_path_factory.mktemp("made") / "shot"
    job = {"portrait": str(service.portrait), "audio": str(service.voice), "size": SIZE, "seed": 3}
    run_job(wire.connect(service.data), Request(job, "shot", True, folder, lambda name: name != "scene.blend"), quiet())
    return folder, job


@pytest.fixture
def shot(made, tmp_path, service, monkeypatch) -> bpy.types.Collection:
    """A copy of that shot, imported."""
    monkeypatch.setenv("GARRICK_DATA", str(service.data))
    folder, job = made
    shutil.copytree(folder, tmp_path / "shot")
    return bring_in(tmp_path / "shot" / "shot.json", **job)


def without_arms(file: Path) -> None:
    """Take the arms and hands out of a rig.npz, as that of a shot whose scene was built without them."""
    with np.load(file) as arrays:
        rig = dict(arrays)
    parents, names = rig["joint_parents"], [str(name) for name in rig["joint_names"]]
    kept: list[int] = []
    for joint, name in enumerate(names):
        if not name.endswith("_collar") and (parents[joint] < 0 or parents[joint] in kept):
            kept.append(joint)
    for name in ("joint_names", "joint_positions", "joint_channels"):
        rig[name] = rig[name][kept]
    rig["weights"] = rig["weights"][:, kept]
    rig["joint_parents"] = np.array([kept.index(parents[joint]) if parents[joint] >= 0 else -1 for joint in kept])
    np.savez(file, **rig)


def test_only_the_changed_range_is_rendered_and_equals_a_whole_render(shot, service, tmp_path):
    key_shape(shot, "jawOpen", {9: 0.0, 12: 0.9, 15: 0.0})
    before = digests(tmp_path / "shot/frames")
    jobs = len(wire.connect(service.data).jobs())
    assert bpy.ops.garrick.rerender() == {"FINISHED"}

    version = versions.active_folder(shot)
    after = digests(version / "frames")
    asked = wire.connect(service.data).jobs()[: len(wire.connect(service.data).jobs()) - jobs]
    assert [job["job"]["frames"] for job in asked] == [[8, 14]]  # scene frames 9 .. 15
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"frame_{frame:06d}.png" for frame in range(8, 15)}

    performance = Performance.load(version / "performance.npz")
    assert {track for track, what in performance.tracks.items() if what == "edited"} == {"face.jawOpen"}
    whole = {
        "portrait": str(service.portrait),
        "performance": str(version / "performance.npz"),
        "size": SIZE,
        "fps": "25",
    }
    run_job(wire.connect(service.data), Request(whole, "whole", True, tmp_path / "whole"), quiet())
    assert digests(tmp_path / "whole/frames") == after


def test_nothing_changed_renders_nothing(shot, service):
    before = len(wire.connect(service.data).jobs())
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    assert len(wire.connect(service.data).jobs()) == before
    assert len(shot.garrick.versions) == 1
    assert "Nothing has changed" in shot.garrick_rerender.note


def test_a_moved_camera_renders_everything_from_there(shot, tmp_path):
    shot.garrick.camera.location.x += 0.05
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    version = versions.active_folder(shot)
    before, after = digests(tmp_path / "shot/frames"), digests(version / "frames")
    assert set(before) == set(after)
    assert not set(before.items()) & set(after.items())
    camera = json.loads((version / "camera.json").read_text())
    first = json.loads((tmp_path / "shot/camera.json").read_text())
    moved = np.array(camera["world_to_camera"][0]) - np.array(first["world_to_camera"][0])
    np.testing.assert_allclose(moved[:3, 3], [-0.05, 0, 0], atol=1e-5)


def test_versions_switch_back_and_forth(shot, tmp_path):
    def shown() -> set[Path]:
        images = (image for image in bpy.data.images if image.source == "SEQUENCE")
        return {Path(bpy.path.abspath(image.filepath)).parent for image in images}

    first = tmp_path / "shot/frames"
    assert shown() == {first}
    key_shape(shot, "jawOpen", {9: 0.0, 12: 0.9, 15: 0.0})
    bpy.ops.garrick.rerender()
    second = versions.active_folder(shot) / "frames"
    assert second != first
    assert shown() == {second}
    bpy.ops.garrick.compare_versions()
    assert shown() == {first}
    assert shot.garrick.active_version == 0
    bpy.ops.garrick.compare_versions()
    assert shown() == {second}


def test_a_key_that_is_taken_back_gives_the_first_frames_again(shot, tmp_path):
    curve = key_shape(shot, "jawOpen", {9: 0.0, 12: 0.9, 15: 0.0})
    bpy.ops.garrick.rerender()
    curve.mute = True
    keys = shot.garrick.head.data.shape_keys
    keys.animation_data.action = None
    bpy.ops.garrick.rerender()
    assert digests(versions.active_folder(shot) / "frames") == digests(tmp_path / "shot/frames")
    assert len(shot.garrick.versions) == 3


def test_frames_of_another_camera_hang_where_it_saw_them(shot):
    """The plane fills the view of the camera that the frames were rendered through, also while that camera moves."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("mine", bpy.data.cameras.new("mine"))
    scene.collection.objects.link(camera)
    first = shot.garrick.camera
    camera.matrix_world = first.matrix_world
    for frame, x in ((1, 0.0), (30, 0.1)):
        camera.location.x = first.location.x + x
        camera.keyframe_insert("location", frame=frame)
    camera.data.sensor_fit, camera.data.lens = "VERTICAL", 60.0
    scene.camera = camera
    shot.garrick_rerender.camera = "SCENE"
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    plane = versions.planes(shot)[0]
    for frame in (1, 11, 30):
        scene.frame_set(frame)
        corners = [
            world_to_camera_view(scene, camera, plane.matrix_world @ vertex.co)[:2] for vertex in plane.data.vertices
        ]
        np.testing.assert_allclose(corners, [item.vector[:] for item in plane.data.uv_layers[0].uv], atol=1e-3)
    bpy.ops.garrick.compare_versions()
    assert plane.parent == first
    scene.frame_set(1)
    corners = [world_to_camera_view(scene, first, plane.matrix_world @ vertex.co)[:2] for vertex in plane.data.vertices]
    np.testing.assert_allclose(corners, [item.vector[:] for item in plane.data.uv_layers[0].uv], atol=1e-3)


def test_far_apart_changes_are_rendered_apart_and_another_size_is_whole(shot, service):
    keys = shot.garrick.head.data.shape_keys
    curve = next(curve for curve in layered_curves(keys) if "jawOpen" in curve.data_path)
    for frame in (2, 27):
        curve.keyframe_points[frame].co.y += 0.3
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    assert shot.garrick_rerender.note == "Rendered 2 of 30 frames: 2, 27."
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = 160, 144
    shot.garrick_rerender.use_scene_size = True
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    assert "Rendered 30 of 30" in shot.garrick_rerender.note
    image = bpy.data.images.load(str(versions.active_folder(shot) / "frames/frame_000003.png"))
    assert tuple(image.size) == (160, 144)
    render.resolution_x = 161
    assert not bpy.ops.garrick.rerender.poll()


def test_a_draft_stays_one_until_the_cut_and_takes_the_keys_along(shot, tmp_path):
    """Draft for timing, keys on it, then final: every frame is as large as before, and the key shows in its range alone."""
    original = digests(tmp_path / "shot/frames")
    settings = shot.garrick_rerender
    settings.quality = "DRAFT"
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    assert load(versions.active_folder(shot)).draft
    settings.quality = "KEEP"
    key_shape(shot, "jawOpen", {9: 0.0, 12: 0.9, 15: 0.0})
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    assert settings.note.endswith(": 8-14.")
    keyed = load(versions.active_folder(shot))
    assert keyed.draft
    assert json.loads((keyed.folder / "shot.json").read_text())["size"] == [64, 64]
    assert _size(keyed.folder / "background.png") == (64, 64)
    settings.quality = "FINAL"
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    final = load(versions.active_folder(shot))
    assert not final.draft
    assert _size(final.folder / "background.png") == (128, 128)
    frames = digests(final.folder / "frames")
    assert {name for name in frames if frames[name] != original[name]} == {f"frame_{n:06d}.png" for n in range(8, 15)}
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    assert "Nothing has changed" in settings.note


def test_regenerating_keeps_what_was_edited(shot, tmp_path):
    key_shape(shot, "browInnerUp", {1: 0.8, 30: 0.8})
    old = Performance.load(tmp_path / "shot/performance.npz")
    assert bpy.ops.garrick.regenerate(seed=11) == {"FINISHED"}
    new = Performance.load(versions.active_folder(shot) / "performance.npz")
    np.testing.assert_allclose(new.face[:29, ARKIT_INDEX["browInnerUp"]], 0.8, atol=1e-5)
    assert not np.array_equal(new.head_rotation, old.head_rotation)
    assert new.tracks["face.browInnerUp"] == "edited"
    assert "face.jawOpen" not in new.tracks
    of_one_frame = {"preview.mp4", "evaluation.json"}
    assert of_one_frame <= {path.name for path in (tmp_path / "shot").iterdir()}
    assert not of_one_frame & {path.name for path in versions.active_folder(shot).iterdir()}
    found, stored = read(shot)
    np.testing.assert_allclose(found.performance.face, stored.face, atol=1e-5)
    np.testing.assert_allclose(found.performance.head_rotation, stored.head_rotation, atol=1e-5)
    assert json.loads(shot.garrick.job)["seed"] == 11


def test_another_seed_moves_only_the_parts_that_are_asked_for(shot, tmp_path):
    old = Performance.load(tmp_path / "shot/performance.npz")
    assert bpy.ops.garrick.regenerate(seed=11, anew={"head"}) == {"FINISHED"}
    new = Performance.load(versions.active_folder(shot) / "performance.npz")
    assert not np.array_equal(new.head_rotation, old.head_rotation)
    np.testing.assert_array_equal(new.body_pose, old.body_pose)
    np.testing.assert_array_equal(new.face[:, ARKIT_INDEX["browInnerUp"]], old.face[:, ARKIT_INDEX["browInnerUp"]])
    job = json.loads(shot.garrick.job)
    assert (job["seed"], job["groups"]) == (3, "head=seed 11")
    assert bpy.ops.garrick.regenerate(seed=12, anew={"jaw", "left_hand"}) == {"FINISHED"}
    assert json.loads(shot.garrick.job)["groups"] == "jaw=seed 12, head=seed 11, left_hand=seed 12"


def test_seeds_of_a_job_from_before_are_kept_and_another_seed_for_all_ends_them():
    knobs = {"groups": "jaw=1.2", "seeds": "face=5, head=2"}
    some = ops._reseeded({"seed": 3, **knobs}, 11, {"jaw"})
    assert some == {"groups": "face=seed 5, jaw=1.2 seed 11, head=seed 2", "seeds": None}
    assert ops._reseeded({"seed": 3, **knobs}, 11, set(SINGLE)) == {"seed": 11, "groups": "jaw=1.2", "seeds": None}


def test_a_scene_with_fewer_bones_keeps_them_and_its_arms_as_they_are(made, service, tmp_path, monkeypatch):
    monkeypatch.setenv("GARRICK_DATA", str(service.data))
    folder, job = made
    shutil.copytree(folder, tmp_path / "shot")
    without_arms(tmp_path / "shot/rig.npz")
    shot = bring_in(tmp_path / "shot/shot.json", **job)
    bones = set(shot.garrick.armature.data.bones.keys())
    assert "neck" in bones
    assert "left_elbow" not in bones
    assert bpy.ops.garrick.regenerate(seed=11) == {"FINISHED"}
    assert set(load(versions.active_folder(shot)).shot.rig.joint_names) == bones
    found, stored = read(shot)
    np.testing.assert_allclose(found.performance.head_rotation, stored.head_rotation, atol=1e-5)
    np.testing.assert_allclose(found.performance.body_pose, stored.body_pose, atol=1e-5)
    assert stored.body_pose.any()


def test_another_voice_of_another_length_takes_the_place_of_the_first(shot, service, tmp_path):
    scene, voice = bpy.context.scene, tmp_path / "short.wav"
    with wave.open(str(service.voice)) as whole, wave.open(str(voice), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(round(0.8 * whole.getframerate())))
    before = [marker.name for marker in scene.timeline_markers]
    key_shape(shot, "browInnerUp", {1: 0.8, 30: 0.8})
    assert bpy.ops.garrick.regenerate(audio=str(voice)) == {"FINISHED"}

    folder = versions.active_folder(shot)
    new = load(folder).shot
    assert len(new.performance) == 20
    assert len(list((folder / "frames").iterdir())) == 20
    assert (shot.garrick.versions[1].first, shot.garrick.versions[1].last) == (0, 19)
    found, stored = read(shot)
    np.testing.assert_allclose(found.performance.face, stored.face, atol=1e-5)
    assert [marker.name for marker in scene.timeline_markers] == [word for word, _, _ in new.words]
    assert len(before) >= len(new.words)
    backdrop = shot.garrick.camera.data.background_images[0].image_user
    assert (backdrop.frame_start, backdrop.frame_duration, backdrop.frame_offset) == (1, 20, -1)
    sounds = [strip for strip in version_adapter.sequencer_strips(scene) if strip.type == "SOUND"]
    heard = [Path(bpy.path.abspath(strip.sound.filepath)) for strip in sounds]
    assert heard == ([folder / "audio.wav"] if version_adapter.has_sound() else [])
    assert bpy.ops.garrick.rerender() == {"FINISHED"}
    assert "Nothing has changed" in shot.garrick_rerender.note
