"""Re-render in every state a scene may be in: renamed, duplicated, linked, undone, without a service, cancelled."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from rerender_shots import bring_in, key_shape, read

from blender_addon import slices, tasks
from blender_addon.rerender import shot_job, version_files, versions
from blender_addon.rerender.apply import show_rendered
from blender_addon.rerender.launch import Launch
from blender_addon.rerender.order import obstacle, order_of, under_way
from blender_addon.rerender.parts import parts_of
from blender_addon.rerender.work import Rendered

pytestmark = pytest.mark.usefixtures("addon")


def second_version(shot: bpy.types.Collection) -> int:
    """A version as a re-render makes it, of the same frames."""
    root = versions.root_of(shot)
    last = version_files.load(root)
    with version_files.new_version(root) as aside:
        version_files.write_motion(aside, last.shot.performance, last.generated, last.path)
        version_files.carry(root, aside, lambda frame: True)
        version_files.write_manifest(root, aside, 0, 11, True)
    return versions.add(shot, version_files.finished(aside), 0, 11)


def shown(item: bpy.types.Object) -> set[Path]:
    """Folders whose pictures an object shows."""
    nodes = [node for slot in item.material_slots for node in slot.material.node_tree.nodes if node.type == "TEX_IMAGE"]
    images = [node.image for node in nodes]
    if item.type == "CAMERA":
        images += [user.image for user in item.data.background_images]
    return {Path(bpy.path.abspath(image.filepath)).parent for image in images if image.source == "SEQUENCE"}


def frames_plane(shot: bpy.types.Collection) -> bpy.types.Object:
    return next(item for item in shot.all_objects if item.type == "MESH" and shown(item))


def test_renamed_parts_are_found(tiny_shot):
    shot = bring_in(tiny_shot())
    for item in (
        shot.garrick.head,
        shot.garrick.armature,
        shot.garrick.head.data,
        shot.garrick.head.data.shape_keys,
        shot,
    ):
        item.name = "renamed"
    found, stored = read(shot)
    np.testing.assert_allclose(found.performance.face, stored.face, atol=1e-5)


def test_a_duplicate_reads_its_own_objects_and_keeps_its_own_frames(tiny_shot):
    shot = bring_in(tiny_shot())
    scene, layer = bpy.context.scene, bpy.context.view_layer
    twin = duplicate(shot)
    parts = parts_of(twin)
    assert parts.head != shot.garrick.head
    assert {parts.head.name, parts.armature.name} <= {item.name for item in twin.all_objects}
    layer.objects.active = parts.head
    assert obstacle(twin, scene) is None

    first = versions.active_folder(shot) / "frames"
    versions.show(twin, second_version(twin))
    second = versions.active_folder(twin) / "frames"
    assert second != first
    assert shown(frames_plane(twin)) == {second}
    assert shown(frames_plane(shot)) == {first}
    assert shown(shot.garrick.camera) == {first}


def duplicate(shot: bpy.types.Collection) -> bpy.types.Collection:
    """What Outliner > Duplicate Collection makes."""
    copies = {item: item.copy() for item in shot.all_objects}
    twin = shot.copy()
    for child in list(twin.children):
        twin.children.unlink(child)
    for item in list(twin.objects):
        twin.objects.unlink(item)
    for item, copy in copies.items():
        if copy.data is not None:
            copy.data = copy.data.copy()
        copy.parent = copies.get(item.parent)
        for modifier in copy.modifiers:
            modifier.object = copies[modifier.object]
        twin.objects.link(copy)
    bpy.context.scene.collection.children.link(twin)
    bpy.context.view_layer.update()
    return twin


def test_a_linked_shot_is_refused_and_says_why(tiny_shot, tmp_path):
    shot = bring_in(tiny_shot())
    name, file = shot.name, str(tmp_path / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(file, link=True) as (_, to):
        to.collections = [name]
    linked = bpy.data.collections[name]
    bpy.context.scene.collection.children.link(linked)
    assert (
        obstacle(linked, bpy.context.scene)
        == "shot is linked from library.blend: re-render it in that file, or make it local"
    )
    assert not bpy.ops.garrick.rerender.poll()
    assert not bpy.ops.garrick.switch_version.poll()
    over = linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    assert "overrides a linked shot" in obstacle(over, bpy.context.scene)


def test_versions_survive_saving_and_moving_the_folder(tiny_shot, tmp_path):
    shot = bring_in(tiny_shot(name="project/garrick/shot"))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "project/scene.blend"))
    shot.garrick.versions[0].folder = bpy.path.relpath(shot.garrick.versions[0].folder)
    versions.show(shot, second_version(shot))
    assert shot.garrick.versions[1].folder == "//garrick/shot/versions/shot_v002/frames"
    bpy.ops.wm.save_mainfile()
    shutil.move(tmp_path / "project", tmp_path / "elsewhere")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "elsewhere/scene.blend"))
    shot = bpy.data.collections["shot"]
    assert versions.active_folder(shot) == tmp_path / "elsewhere/garrick/shot/versions/shot_v002"
    versions.show(shot, 0)
    assert shown(frames_plane(shot)) == {tmp_path / "elsewhere/garrick/shot/frames"}


def test_undo_takes_back_what_is_shown(tiny_shot):
    shot = bring_in(tiny_shot())
    second_version(shot)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.garrick.switch_version(index=1)  # with an undo step of its own
    assert shot.garrick.active_version == 1
    bpy.ops.ed.undo()
    shot = bpy.data.collections["shot"]
    assert shot.garrick.active_version == 0
    assert shown(frames_plane(shot)) == {versions.root_of(shot) / "frames"}


def test_files_that_are_gone_are_told(tiny_shot):
    shot = bring_in(tiny_shot())
    index = second_version(shot)
    shutil.rmtree(versions.folder_of(shot.garrick.versions[index]))
    with pytest.raises(RuntimeError, match=r"are not in .* any more"):
        bpy.ops.garrick.switch_version(index=index)
    assert shot.garrick.active_version == 0
    shutil.rmtree(versions.root_of(shot))
    with pytest.raises(RuntimeError, match="import the shot again"):
        bpy.ops.garrick.rerender()


def test_a_lost_portrait_is_asked_for_and_another_is_refused(tiny_shot, tmp_path):
    picture, other = tmp_path / "me.png", tmp_path / "you.png"
    picture.write_bytes(b"me")
    other.write_bytes(b"you")
    shot = bring_in(tiny_shot(), portrait=str(tmp_path / "gone.png"))
    with pytest.raises(RuntimeError, match="press Choose Portrait"):
        bpy.ops.garrick.rerender()
    owner = {"portrait": digest(picture), "seed": 5, "garrick": "0.1.0", "renderer": "processor"}
    (versions.root_of(shot) / "job.json").write_text(json.dumps({"owner": owner}))
    assert shot_job.job_of(shot)[0]["portrait"] == "sha256:" + owner["portrait"]
    with pytest.raises(RuntimeError, match=r"you\.png is not the picture"):
        bpy.ops.garrick.choose_portrait(filepath=str(other))
    bpy.ops.garrick.choose_portrait(filepath=str(picture))
    assert shot_job.job_of(shot)[0] == {"portrait": str(picture)}
    shot.garrick.job = ""
    assert shot_job.job_of(shot)[0] == {"portrait": "sha256:" + owner["portrait"], "seed": 5}
    # a shot that knows its files by content only: the other pictures and the manner too
    owner |= {"background": digest(other), "style": digest(picture)}
    (versions.root_of(shot) / "job.json").write_text(json.dumps({"owner": owner}))
    job = shot_job.job_of(shot)[0]
    assert (job["background"], job["style"]) == ("sha256:" + owner["background"], "sha256:" + owner["style"])


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_scenes_read_at_their_own_rate(tiny_shot):
    shot = bring_in(tiny_shot())
    other = bpy.data.scenes.new("other")
    other.render.fps = 50
    other.collection.children.link(shot)
    _, stored = read(shot)
    wanted_scene = bpy.data.scenes["Scene"]
    found, _ = read(shot, scene=wanted_scene.session_uid)
    np.testing.assert_allclose(found.performance.face, stored.face, atol=1e-5)
    with bpy.context.temp_override(scene=other, view_layer=other.view_layers[0]):
        bpy.context.view_layer.update()
        twice, _ = read(shot, scene=other.session_uid)
    # At twice the rate the same instants lie at twice the frames: past the end of the keys.
    np.testing.assert_allclose(twice.performance.face[1:6], stored.face[2:11:2], atol=1e-5)


def test_without_a_service_it_says_what_to_do_and_changes_nothing(tiny_shot, tmp_path, monkeypatch):
    monkeypatch.setenv("GARRICK_DATA", str(tmp_path / "nobody"))
    monkeypatch.setattr("blender_addon.backend_link.link.find_environment", lambda *_: None)
    (tmp_path / "me.png").write_bytes(b"me")
    shot = bring_in(tiny_shot(), portrait=str(tmp_path / "me.png"))
    key_shape(shot, "jawOpen", {3: 0.2, 9: 0.8})
    with pytest.raises(RuntimeError, match="No backend was found"):
        bpy.ops.garrick.rerender()
    assert len(shot.garrick.versions) == 1
    assert not list((versions.root_of(shot) / "versions").iterdir())


class TestBesideTheWindow:
    """What a pressed button starts; the timers, which never fire here, are called by hand."""

    @pytest.fixture(autouse=True)
    def one_step_a_turn(self, monkeypatch):
        """However fast the machine, reading is not over in its first turn."""
        monkeypatch.setattr(slices, "SLICE_S", 0.0)

    @pytest.fixture
    def shot(self, tiny_shot, tmp_path) -> bpy.types.Collection:
        (tmp_path / "me.png").write_bytes(b"me")
        return bring_in(tiny_shot(frames=30), portrait=str(tmp_path / "me.png"))

    def launch(self, shot: bpy.types.Collection, work) -> None:
        scene = bpy.context.scene.session_uid
        Launch("Re-render", shot.session_uid, scene, order_of(shot), work, show_rendered).start()

    def read(self) -> None:
        """Until the thread is at work, and the main one has nothing to do."""
        while (pause := tasks.pump()) is not None and pause < 0.1:
            pass
        assert pause is not None, [item.garrick_rerender.note for item in bpy.data.collections]

    def finish(self) -> None:
        for _ in range(1000):
            if tasks.pump() is None:
                return
            time.sleep(0.01)
        raise AssertionError("It did not end.")

    def test_the_window_is_given_back_between_slices(self, shot, monkeypatch):
        scene = bpy.context.scene
        scene.frame_set(17)
        seen = []

        def work(order, read, handle) -> Rendered:
            seen.append(read)
            return Rendered(None, 0, 29, (), read.performance)

        self.launch(shot, work)
        assert "rendered already" in obstacle(shot, scene)
        assert not bpy.ops.garrick.rerender.poll()
        work_of = under_way(shot)
        monkeypatch.setattr(slices, "SLICE_S", 0.0)
        for _ in range(3):
            tasks.pump()
        assert (work_of.phase, work_of.total) == ("read", 30)
        assert 0 < work_of.done < 30
        assert scene.frame_current == 17
        shot.name = "renamed in between"
        self.finish()
        assert obstacle(shot, scene) is None
        assert len(seen) == 1
        assert shot.garrick_rerender.note == "Nothing has changed since this version."

    def test_cancelled_while_reading(self, shot):
        self.launch(shot, None)
        bpy.ops.garrick.rerender_cancel()
        self.finish()
        assert shot.garrick_rerender.note == "Cancelled."
        assert under_way(shot) is None

    def test_cancelled_while_rendering(self, shot):
        def work(order, read, handle) -> Rendered:
            while True:
                handle.check()
                time.sleep(0.01)

        self.launch(shot, work)
        self.read()
        bpy.ops.garrick.rerender_cancel()
        self.finish()
        assert shot.garrick_rerender.note == "Cancelled."
        assert len(shot.garrick.versions) == 1

    def test_a_shot_that_is_deleted_meanwhile_is_no_disaster(self, shot):
        for step in ("reading", "rendering"):
            twin = duplicate(shot)
            deleted = threading.Event()

            def work(order, read, handle, deleted=deleted) -> Rendered:
                deleted.wait(30)
                return Rendered(order.last, 0, 29, (), read.performance)

            self.launch(twin, work)
            if step == "rendering":
                self.read()
            bpy.data.collections.remove(twin)
            deleted.set()
            self.finish()
        assert not tasks.running()
