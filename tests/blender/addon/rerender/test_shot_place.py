"""A shot anywhere in time: read where its strips lie, moved as a whole, fitted when its length changes; versions deleted."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from rerender_shots import bring_in, key_shape, read

from blender_addon import slices, version_adapter
from blender_addon.core.arkit import ARKIT_NAMES
from blender_addon.core.merging import merged, settled, with_edits
from blender_addon.core.performance import CHANNELS, Performance
from blender_addon.rerender import version_files, versions
from blender_addon.rerender.apply import rewrite, show_regenerated
from blender_addon.rerender.layers import layered_curves
from blender_addon.rerender.parts import parts_of
from blender_addon.rerender.place import place_of
from blender_addon.rerender.version_files import load
from blender_addon.rerender.work import Rendered

pytestmark = pytest.mark.usefixtures("addon")


def second_version(shot: bpy.types.Collection, frames: int = 12) -> Rendered:
    """A version as a regeneration makes it, with the first `frames` frames and other values."""
    root = versions.root_of(shot)
    last = load(root)
    arrays = {name: getattr(last.shot.performance, name)[:frames] for name in CHANNELS}
    made = replace(last.shot.performance, **(arrays | {"face": 1 - arrays["face"]}))
    path = replace(
        last.path,
        world_to_camera=last.path.world_to_camera[:frames],
        intrinsics=last.path.intrinsics[:frames],
    )
    with version_files.new_version(root) as aside:
        version_files.write_motion(aside, made, made, path)
        version_files.carry(root, aside, lambda frame: frame < frames)
        version_files.write_manifest(root, aside, 0, frames - 1, True)
        speech = {"text": "bo", "phones": [["b", 0.0, 0.08], ["o", 0.08, 0.3]], "words": [["bo", 0.08, 0.3]]}
        (aside / "speech.json").unlink()  # it is the first version's own file
        (aside / "speech.json").write_text(json.dumps(speech))
    return Rendered(load(version_files.finished(aside)), 0, frames - 1, ((0, frames - 1),), made)


def shown_file(user: bpy.types.ImageUser, frame: int) -> int:
    """The number of the file that Blender shows at a frame."""
    return min(max(frame - user.frame_start + 1, 1), user.frame_duration) + user.frame_offset


def slide(shot: bpy.types.Collection, delta: float) -> None:
    """What dragging the shot's strips in the NLA editor does."""
    kept = shot.garrick
    for block in (kept.head.data.shape_keys, kept.armature):
        for track in block.animation_data.nla_tracks:
            for strip in track.strips:
                start, end = strip.frame_start + delta, strip.frame_end + delta
                strip.frame_start_raw, strip.frame_end_raw = start, end


@pytest.mark.parametrize("delta", [24, -7, 3.5])
def test_slid_strips_are_read_where_they_lie(tiny_shot, delta):
    shot = bring_in(tiny_shot())
    slide(shot, delta)
    assert place_of(shot, bpy.context.scene).start == 1 + delta
    found, stored = read(shot)
    np.testing.assert_allclose(found.performance.face, stored.face, atol=1e-5)
    np.testing.assert_allclose(found.performance.head_rotation[:5], stored.head_rotation[:5], atol=1e-5)


def test_a_strip_cut_at_its_beginning_still_says_where_the_shot_lies(tiny_shot):
    shot = bring_in(tiny_shot())
    strip = shot.garrick.head.data.shape_keys.animation_data.nla_tracks[0].strips[0]
    strip.action_frame_start, strip.frame_start_raw = 4, 14
    strip.scale = 1
    strip.frame_end_raw = 14 + 8
    assert place_of(shot, bpy.context.scene).start == 11


def test_moving_takes_everything_along(tiny_shot):
    scene = bpy.context.scene
    shot = bring_in(tiny_shot(moving=True, passes=True))
    bpy.ops.garrick.show_frames_everywhere()
    mine = scene.timeline_markers.new("mine", frame=5)
    hand = key_shape(shot, "jawOpen", {3: 0.2, 9: 0.8})
    strips = {strip.name: strip.frame_start for strip in version_adapter.sequencer_strips(scene)}
    assert bpy.ops.garrick.move_shot(frame=51) == {"FINISHED"}

    kept = shot.garrick
    for block in (kept.head.data.shape_keys, kept.armature, kept.camera, kept.camera.data):
        strip = block.animation_data.nla_tracks[0].strips[0]
        assert (strip.frame_start, strip.frame_end, strip.scale) == (51, 62, 1)
    assert [point.co.x for point in hand.keyframe_points] == [53, 59]
    assert mine.frame == 5
    assert [marker.frame for marker in scene.timeline_markers if marker.name == "ba"] == [52]
    moved = {strip.name: strip.frame_start for strip in version_adapter.sequencer_strips(scene)}
    assert moved == {name: start + 50 for name, start in strips.items()}
    users = [kept.camera.data.background_images[0].image_user]
    users += [node.image_user for plane in versions.planes(shot) for _, node in versions.picture_nodes(plane)]
    nodes = [node for node in version_adapter.compositor_tree(scene).nodes if hasattr(node, "frame_offset")]
    for user in (*users, *[node for node in nodes if node.image]):
        if user.frame_duration > 1:
            assert [shown_file(user, frame) for frame in (51, 55, 62, 90)] == [0, 4, 11, 11]
    found, _ = read(shot)
    assert found.performance.face[2, 17] == pytest.approx(0.2, abs=1e-5)
    assert bpy.ops.garrick.move_shot(frame=1) == {"FINISHED"}
    assert place_of(shot, scene).start == 1


def test_a_shot_that_was_taken_out_of_the_nla_moves_its_keys(tiny_shot):
    shot = bring_in(tiny_shot())
    data = shot.garrick.head.data.shape_keys.animation_data
    strip = data.nla_tracks[0].strips[0]
    action, slot = strip.action, getattr(strip, "action_slot", None)
    data.nla_tracks.remove(data.nla_tracks[0])
    data.action = action
    if slot is not None:
        data.action_slot = slot
    bpy.ops.garrick.move_shot(frame=21)
    assert shot.garrick.start == 21
    found, stored = read(shot)
    np.testing.assert_allclose(found.performance.face, stored.face, atol=1e-5)


@pytest.mark.parametrize("rate", [25, 50])
@pytest.mark.parametrize("delta", [0, 30])
def test_a_shorter_version_is_followed_by_everything(tiny_shot, rate, delta):
    scene = bpy.context.scene
    if rate != 25:
        scene.render.fps = rate
        scene.timeline_markers.new("mine", frame=200)
    shot = bring_in(tiny_shot())
    bpy.ops.garrick.show_frames_everywhere()
    if delta:
        bpy.ops.garrick.move_shot(frame=1 + delta)
    before = load(versions.active_folder(shot))
    slices.run(show_regenerated(shot, scene, second_version(shot, 6), before, {"seed": 4}))

    first, last = 1 + delta, 1 + delta + 5 * rate // 25
    for block in (shot.garrick.head.data.shape_keys, shot.garrick.armature):
        strip = block.animation_data.nla_tracks[0].strips[0]
        assert (strip.frame_start, strip.frame_end, strip.scale) == pytest.approx((first, last, 1), abs=1e-3)
    found, stored = read(shot)
    assert len(stored) == 6
    np.testing.assert_allclose(found.performance.face, stored.face, atol=1e-5)
    graph = bpy.context.evaluated_depsgraph_get()
    for frame, file in ((first, 0), (last, 5), (last + 40, 5)):
        scene.frame_set(frame)
        graph.update()
        user = shot.garrick.camera.evaluated_get(graph).data.background_images[0].image_user
        assert shown_file(user, frame) == file
    words = [(marker.name, marker.frame) for marker in scene.timeline_markers if marker.name != "mine"]
    assert words == [("bo", first + round(0.08 * rate))]
    pictures = [strip for strip in version_adapter.sequencer_strips(scene) if strip.type == "IMAGE"]
    assert len(pictures) == 2
    for strip in pictures:
        assert (strip.frame_final_start, strip.frame_final_duration) == (first, last - first + 1)
    voices = [strip for strip in version_adapter.sequencer_strips(scene) if strip.type == "SOUND"]
    if version_adapter.has_sound():
        (voice,) = voices
        assert voice.frame_start == first
        assert Path(bpy.path.abspath(voice.sound.filepath)).parent == versions.active_folder(shot)
    if rate == 25 and not delta:
        assert (scene.frame_start, scene.frame_end) == (1, 6)


def test_a_kept_curve_goes_on_where_the_clip_is_longer(tiny_shot):
    """The edited curve plays as the frames show it, also behind the old end: nothing is left to render again."""
    shot = bring_in(tiny_shot())
    key_shape(shot, "mouthSmileLeft", {4: 0.0, 6: 0.9, 8: 0.0})
    last, frames = load(versions.root_of(shot)), np.arange(20) % 12
    edited = with_edits(settled(read(shot)[0].performance, last.generated), last.generated)
    made = {name: getattr(last.generated, name)[frames] for name in CHANNELS}
    longer = merged(replace(last.generated, **(made | {"face": 1 - made["face"]})), edited)
    slices.run(rewrite(bpy.context.scene, shot, parts_of(shot), last.shot.rig, longer, 12))

    path = replace(
        last.path, world_to_camera=last.path.world_to_camera[frames], intrinsics=last.path.intrinsics[frames]
    )
    found, _ = read(shot, stored=longer, frames=range(20), path=path)
    np.testing.assert_allclose(found.performance.face, longer.face, atol=1e-5)


@pytest.mark.parametrize(
    ("extrapolation", "length"), [("CONSTANT", 20), ("LINEAR", 20), ("CONSTANT", 12), ("LINEAR", 7)]
)
def test_a_curve_of_few_keys_plays_as_before_whatever_the_clips_length(tiny_shot, extrapolation, length):
    """Behind its last key it held, or went straight on: it still does up to the old end."""
    shot = bring_in(tiny_shot())
    path = 'key_blocks["mouthSmileLeft"].value'
    curve = next(curve for curve in layered_curves(shot.garrick.head.data.shape_keys) if curve.data_path == path)
    curve.keyframe_points.clear()
    for frame, value in ((1, 0.1), (3, 0.5), (5, 0.55)):
        curve.keyframe_points.insert(frame, value).interpolation = "BEZIER"
    curve.extrapolation = extrapolation
    curve.update()
    before = [curve.evaluate(frame) for frame in range(1, 13)]
    last, frames = load(versions.root_of(shot)), np.arange(length) % 12
    edited = with_edits(settled(read(shot)[0].performance, last.generated), last.generated)
    made = {name: getattr(last.generated, name)[frames] for name in CHANNELS}
    other = merged(replace(last.generated, **made), edited)
    slices.run(rewrite(bpy.context.scene, shot, parts_of(shot), last.shot.rig, other, 12))
    np.testing.assert_allclose([curve.evaluate(frame) for frame in range(1, 13)], before, atol=1e-5)
    smile = ARKIT_NAMES.index("mouthSmileLeft")
    behind = [curve.evaluate(frame) for frame in range(13, length + 1)]
    np.testing.assert_allclose(behind, other.face[12:, smile], atol=1e-5)


def test_phones_are_marked_again_where_they_were(tiny_shot):
    scene, manifest = bpy.context.scene, tiny_shot()
    bpy.ops.garrick.import_shot(filepath=str(manifest), phone_markers=True, word_markers=False)
    shot = next(item for item in bpy.data.collections if item.garrick.is_shot)
    before = load(versions.active_folder(shot))
    shot["garrick_retimed"] = "[[0], [1]]"
    slices.run(show_regenerated(shot, scene, second_version(shot), before, {}))
    assert "garrick_retimed" not in shot
    assert [(marker.name, marker.frame) for marker in scene.timeline_markers] == [("b", 1), ("o", 3)]


def test_backgrounds_of_other_cameras_stay_as_they_are(tiny_shot):
    scene = bpy.context.scene
    shot = bring_in(tiny_shot())
    mine = bpy.data.objects.new("mine", bpy.data.cameras.new("mine"))
    scene.collection.objects.link(mine)
    image = shot.garrick.camera.data.background_images[0].image
    mine.data.background_images.new().image = image
    file = image.filepath
    rendered = second_version(shot)
    versions.show(shot, versions.add(shot, rendered.version.folder, 0, 11))
    assert mine.data.background_images[0].image.filepath == file
    shown = shot.garrick.camera.data.background_images[0].image.filepath
    assert Path(bpy.path.abspath(shown)).parent.parent == rendered.version.folder


class TestDelete:
    """Versions that nobody wants any more."""

    @pytest.fixture
    def shot(self, tiny_shot) -> bpy.types.Collection:
        """With three versions, the second shown."""
        shot = bring_in(tiny_shot())
        for _ in range(2):
            folder = second_version(shot).version.folder
            versions.add(shot, folder, 0, 11)
        bpy.ops.garrick.switch_version(index=1)
        return shot

    def test_its_files_go_and_the_others_stay(self, shot):
        kept = shot.garrick
        folders = [versions.folder_of(version) for version in kept.versions]
        bpy.ops.garrick.switch_version(index=2)
        assert bpy.ops.garrick.delete_version(index=1) == {"FINISHED"}
        assert [folder.is_dir() for folder in folders] == [True, False, True]
        assert [version.name for version in kept.versions] == ["v1", "v3"]
        assert versions.active_folder(shot) == folders[2]
        performance = Performance.load(folders[2] / "performance.npz")  # it shared files with the one that is gone
        assert len(performance) == 12
        assert bpy.ops.garrick.compare_versions() == {"FINISHED"}
        assert versions.active_folder(shot) == folders[0]

    @pytest.mark.parametrize(("index", "why"), [(0, "the original"), (1, "is shown"), (7, "has 3 versions")])
    def test_some_are_refused(self, shot, index, why):
        with pytest.raises(RuntimeError, match=why):
            bpy.ops.garrick.delete_version(index=index)
        assert len(shot.garrick.versions) == 3
        assert all(versions.folder_of(version).is_dir() for version in shot.garrick.versions)

    def test_one_that_something_else_shows_is_refused(self, shot):
        folder = versions.folder_of(shot.garrick.versions[2])
        image = bpy.data.images.load(str(folder / "frames" / "frame_000000.png"))
        image.use_fake_user = True
        with pytest.raises(RuntimeError, match="still shows pictures of v3"):
            bpy.ops.garrick.delete_version(index=2)
        assert folder.is_dir()

    def test_a_folder_elsewhere_is_not_deleted(self, shot, tmp_path):
        elsewhere = tmp_path / "documents"
        shutil.copytree(versions.folder_of(shot.garrick.versions[2]), elsewhere / "shot")
        shot.garrick.versions[2].folder = str(elsewhere / "shot" / "frames")
        with pytest.raises(RuntimeError, match="nothing was deleted"):
            bpy.ops.garrick.delete_version(index=2)
        assert (elsewhere / "shot" / "shot.json").is_file()

    def test_one_whose_files_are_gone_is_forgotten(self, shot):
        shutil.rmtree(versions.folder_of(shot.garrick.versions[2]))
        assert bpy.ops.garrick.delete_version(index=2) == {"FINISHED"}
        assert len(shot.garrick.versions) == 2
