"""blender_addon/shot_import: a shot folder becomes a scene that moves as the performance says."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from garrick.bodies.head import head_path, load_head
from garrick.bodies.mouth import mouth_offsets
from garrick.bodies.rig import rig_arrays
from garrick.core.archive import load_arrays, save_arrays
from garrick.core.performance import Performance
from garrick.core.rotation import eye_rotations
from mathutils import Vector
from tiny_shot import posed, write_shot

from blender_addon import version_adapter
from blender_addon.axes import from_blender, to_blender
from blender_addon.shot_import import ops
from blender_addon.shot_import.scene import import_shot
from blender_addon.shot_import.shot import read_shot


def evaluated_vertices(head: bpy.types.Object) -> np.ndarray:
    """(V, 3) metres in Garrick's space, as Blender draws them."""
    mesh = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    vertices = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", vertices)
    world = np.array(head.matrix_world)
    return from_blender(vertices.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])


def pixel_in_blender(scene: bpy.types.Scene, point: np.ndarray) -> np.ndarray:
    """Where Blender's camera sees a point of Garrick's space, pixels, y down."""
    x, y, _ = world_to_camera_view(scene, scene.camera, Vector(to_blender(point)))
    return np.array([x * scene.render.resolution_x, (1 - y) * scene.render.resolution_y])


def imported(manifest: Path):
    return import_shot(read_shot(manifest), bpy.context.scene)


def test_the_posed_mesh_is_the_backends(tmp_path):
    manifest = write_shot(tmp_path / "shot")
    shot = imported(manifest)
    arrays, performance = load_arrays(tmp_path / "shot/rig.npz"), Performance.load(tmp_path / "shot/performance.npz")
    for frame in (0, 5, 11):
        bpy.context.scene.frame_set(1 + frame)
        error = np.linalg.norm(evaluated_vertices(shot.head) - posed(arrays, performance, frame), axis=1)
        assert error.max() < 1e-5, f"frame {frame}"


def test_a_scene_of_another_rate_shows_the_same_instants(tmp_path):
    manifest = write_shot(tmp_path / "shot", fps=Fraction(25))
    scene = bpy.context.scene
    scene.render.fps = 30
    scene.timeline_markers.new("mine", frame=7)
    shot = imported(manifest)
    assert (scene.render.fps, scene.frame_end) == (30, 250)
    arrays, performance = load_arrays(tmp_path / "shot/rig.npz"), Performance.load(tmp_path / "shot/performance.npz")
    # Frame 5 is the instant 0.2 s, scene frame 7; frame 7 is 0.28 s, scene frame 9.4.
    for frame, (whole, part) in {5: (7, 0.0), 7: (9, 0.4)}.items():
        scene.frame_set(whole, subframe=part)
        error = np.linalg.norm(evaluated_vertices(shot.head) - posed(arrays, performance, frame), axis=1)
        assert error.max() < 5e-5


@pytest.mark.parametrize(
    ("fps", "whole", "base"), [(Fraction(25), 25, 1.0), (Fraction(24000, 1001), 24, 1.001), (Fraction(30), 30, 1.0)]
)
def test_an_empty_scene_takes_rate_and_range(tmp_path, fps, whole, base):
    imported(write_shot(tmp_path / "shot", fps=fps))
    scene = bpy.context.scene
    assert (scene.render.fps, scene.frame_start, scene.frame_end) == (whole, 1, 12)
    assert scene.render.fps_base == pytest.approx(base, abs=1e-6)
    assert scene.sync_mode == "AUDIO_SYNC"


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (50, 50)])
@pytest.mark.parametrize("aspect", [1.0, 1.25, 0.8])
@pytest.mark.parametrize("moving", [False, True])
def test_the_camera_sees_a_point_in_the_same_pixel(tmp_path, size, aspect, moving):
    manifest = write_shot(tmp_path / "shot", size=size, moving=moving)
    path = tmp_path / "shot/camera.json"
    data = json.loads(path.read_text())
    for matrix in data["intrinsics"]:
        matrix[1][1] *= aspect
    path.write_text(json.dumps(data))
    imported(manifest)
    camera = read_shot(manifest).camera
    for frame in (0, 11) if moving else (0,):
        bpy.context.scene.frame_set(1 + frame)
        for point in np.array([[0, 0, 0.1], [0.05, -0.08, 0.02], [-0.09, 0.06, -0.03]]):
            expected = camera.at(frame).project(point)[:2]
            np.testing.assert_allclose(pixel_in_blender(bpy.context.scene, point), expected, atol=0.01)


def test_a_camera_whose_pixels_change_shape_is_refused(tmp_path):
    manifest = write_shot(tmp_path / "shot", moving=True)
    path = tmp_path / "shot/camera.json"
    data = json.loads(path.read_text())
    data["intrinsics"][3][1][1] *= 1.1
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match="pixel shape"):
        imported(manifest)


@pytest.mark.parametrize("size", [(64, 48), (48, 64)])
@pytest.mark.parametrize("moving", [False, True])
def test_plates_fill_the_picture_exactly(tmp_path, size, moving):
    shot = imported(write_shot(tmp_path / "shot", size=size, moving=moving))
    scene = bpy.context.scene
    planes = shot.collection.children[0].objects
    assert len(planes) == 2
    for frame in (1, 12):
        scene.frame_set(frame)
        for plane in planes:
            corners = [world_to_camera_view(scene, scene.camera, plane.matrix_world @ vertex.co)[:2]
                       for vertex in plane.data.vertices]  # fmt: skip
            # UV 0 .. 1 is the picture, and UV and view agree, past the edges of the picture too.
            uv = [item.vector[:] for item in plane.data.uv_layers[0].uv]
            np.testing.assert_allclose(corners, uv, atol=0.01 / max(size))
            assert min(corners[0]) < 0 < 1 < max(corners[2])


def strip_of(block: bpy.types.ID) -> bpy.types.NlaStrip:
    """The only strip of the only track of a data-block."""
    (track,) = block.animation_data.nla_tracks
    (strip,) = track.strips
    return strip


def test_one_action_moves_everything_where_slots_exist(tmp_path):
    shot = imported(write_shot(tmp_path / "shot", moving=True))
    blocks = [shot.head.data.shape_keys, shot.armature, shot.camera, shot.camera.data]
    assert len({strip_of(block).action for block in blocks}) == 1
    assert all(strip_of(block).action_slot is not None for block in blocks)
    assert all(block.animation_data.action is None for block in blocks), "the strips alone move them"
    groups = {curve.group.name for block in blocks for curve in version_adapter.curves_in_use(block)}
    assert groups == {"Face", "Head", "Eyes", "Camera"}


def test_curves_hold_the_performance_as_it_is(tmp_path):
    shot = imported(write_shot(tmp_path / "shot"))
    performance = Performance.load(tmp_path / "shot/performance.npz")
    for column, curve in enumerate(version_adapter.curves_in_use(shot.head.data.shape_keys)):
        points = np.array([point.co[:] for point in curve.keyframe_points])
        np.testing.assert_array_equal(points[:, 0], np.arange(1, 13))
        np.testing.assert_array_equal(points[:, 1].astype(np.float32), performance.face[:, column])
    turns = [[curve.evaluate(frame) for frame in range(1, 13)]
             for curve in version_adapter.curves_in_use(shot.armature) if "neck" in curve.data_path
             and "rotation" in curve.data_path]  # fmt: skip
    turns = np.array(turns).T
    assert (np.sum(turns[1:] * turns[:-1], axis=1) > 0).all()


def test_the_head_has_quads_two_uv_maps_and_named_shapes(tmp_path):
    manifest = write_shot(tmp_path / "shot")
    head = imported(manifest).head
    arrays = load_arrays(tmp_path / "shot/rig.npz")
    assert all(len(polygon.vertices) == 4 for polygon in head.data.polygons)
    for name, key in (("atlas", "uv"), ("photo", "photo_uv")):
        uv = np.empty(2 * len(head.data.loops), np.float32)
        head.data.uv_layers[name].uv.foreach_get("vector", uv)
        np.testing.assert_array_equal(uv.reshape(-1, 2), arrays[key])
    assert [key.name for key in head.data.shape_keys.key_blocks] == ["Basis", *arrays["shape_names"].tolist()]
    assert [bone.name for bone in head.parent.data.bones] == arrays["joint_names"].tolist()


def test_what_was_in_the_scene_stays_as_it_was(tmp_path):
    scene = bpy.context.scene
    cube = bpy.data.objects.new("mine", bpy.data.meshes.new("mine"))
    scene.collection.objects.link(cube)
    cube.keyframe_insert("location", frame=3)
    camera = bpy.data.objects.new("my camera", bpy.data.cameras.new("my camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    before = (scene.render.fps, scene.frame_end, scene.render.resolution_x, scene.view_settings.view_transform)
    first = imported(write_shot(tmp_path / "shot", fps=Fraction(30)))
    second = imported(tmp_path / "shot/shot.json")
    assert first.collection != second.collection
    assert strip_of(first.head.data.shape_keys).action != strip_of(second.head.data.shape_keys).action
    assert scene.camera == camera
    assert before == (scene.render.fps, scene.frame_end, scene.render.resolution_x, scene.view_settings.view_transform)


def test_frames_show_at_their_time_even_at_another_rate(tmp_path):
    manifest = write_shot(tmp_path / "shot", fps=Fraction(25))
    scene = bpy.context.scene
    scene.render.fps = 50
    scene.timeline_markers.new("mine", frame=1)
    shot = imported(manifest)
    for frame in (1, 2, 9, 23):
        scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        user = shot.camera.evaluated_get(graph).data.background_images[0].image_user
        file = frame - user.frame_start + 1 + user.frame_offset
        assert file == min(int((frame - 1) / 2 + 0.5), 11)


def test_words_are_marked_and_the_data_says_synthetic(tmp_path):
    shot = imported(write_shot(tmp_path / "shot"))
    assert [(marker.name, marker.frame) for marker in bpy.context.scene.timeline_markers] == [("ba", 2)]
    assert shot.collection["garrick_synthetic"]
    assert shot.collection["garrick_version"] == "0.1.0"


@pytest.mark.parametrize("rate", [25, 50])
def test_the_rendered_plate_is_the_frame_of_its_time(tmp_path, rate):
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = 64, 48
    scene.view_settings.view_transform = "Standard"
    if rate != 25:
        scene.render.fps = rate
        scene.timeline_markers.new("mine", frame=1)
    shot = imported(write_shot(tmp_path / "shot", frames=10))
    scene.camera = shot.camera
    shot.head.hide_render = True
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.filter_size = 0.01
    scene.render.image_settings.file_format = "PNG"
    for frame in (0, 7):
        scene.frame_set(1 + frame * rate // 25)
        scene.render.filepath = str(tmp_path / f"render{frame}.png")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        pixels = np.array(image.pixels[:]).reshape(48, 64, 4)[::-1] * 255
        np.testing.assert_allclose(pixels[5, 60, :3], [20 * frame, 0, 0], atol=1.5)  # the frame, right half
        np.testing.assert_allclose(pixels[5, 4, :3], [0, 0, 255], atol=1.5)  # clear: the background behind it


class TestOperator:
    """File > Import > Garrick Shot."""

    @pytest.fixture(autouse=True)
    def registered(self):
        ops.register()
        yield
        ops.unregister()

    def test_imports(self, tmp_path):
        assert bpy.ops.garrick.import_shot(filepath=str(write_shot(tmp_path / "shot"))) == {"FINISHED"}
        assert "shot" in bpy.data.collections

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("shot.json", "{}", "not a Garrick shot"),
            ("shot.json", "hello", "not readable JSON"),
            ("shot.json", '{"schema": 99, "performance": "", "rig": ""}', "newer Garrick"),
            ("rig.npz", "junk", "not a readable .npz"),
            ("camera.json", '{"size": [2, 2]}', "damaged"),
            ("audio.wav", None, "lacks its file audio.wav"),
        ],
    )
    def test_bad_shots_are_reported_and_leave_nothing(self, tmp_path, name, content, message):
        manifest = write_shot(tmp_path / "shot")
        if content is None:
            (manifest.parent / name).unlink()
        else:
            (manifest.parent / name).write_text(content)
        with pytest.raises(RuntimeError, match=message):
            bpy.ops.garrick.import_shot(filepath=str(manifest))
        assert not bpy.data.objects

    def test_a_file_outside_of_the_shot_is_refused(self, tmp_path):
        manifest = write_shot(tmp_path / "shot")
        manifest.write_text(manifest.read_text().replace("audio.wav", "../audio.wav"))
        with pytest.raises(RuntimeError, match="outside of its folder"):
            bpy.ops.garrick.import_shot(filepath=str(manifest))


@pytest.mark.skipif(not head_path().is_file(), reason="the head model has not been built: garrick weights pull")
def test_the_real_head_moves_as_the_backend_poses_it(tmp_path):
    head, size = load_head(), (64, 48)
    manifest = write_shot(tmp_path / "shot", size=size)
    identity = np.random.default_rng(1).normal(0, 0.5, 100).astype(np.float32)
    neutral = SimpleNamespace(
        identity=identity,
        face=np.zeros(52, np.float32),
        head_rotation=np.zeros(3, np.float32),
        camera=read_shot(manifest).camera.at(0),
    )
    save_arrays(tmp_path / "shot/rig.npz", rig_arrays(head, neutral))
    own = head.personal(identity, mouth_offsets(head, head.vertices(identity)))
    shot, performance = imported(manifest), Performance.load(tmp_path / "shot/performance.npz")
    for frame in (0, 11):
        bpy.context.scene.frame_set(1 + frame)
        eyes = eye_rotations(performance.gaze[frame]).astype(np.float32)
        expected = own.vertices(face=performance.face[frame], neck=performance.head_rotation[frame], eyes=eyes)
        error = np.abs(evaluated_vertices(shot.head) - expected - performance.head_translation[frame])
        assert error.max() < 1e-5  # 0.01 mm
