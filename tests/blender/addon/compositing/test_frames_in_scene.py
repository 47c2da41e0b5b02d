"""The frames in the artist's scene: seen where the person is in front, behind what is nearer, in step at any rate."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from rendered_picture import rendered_picture

pytestmark = pytest.mark.usefixtures("addon")

BEHIND = (0.0, 1.0, 0.0)  # linear colour of the wall that the shot is laid over


def bring_in(manifest: Path) -> bpy.types.Collection:
    assert bpy.ops.garrick.import_shot(filepath=str(manifest)) == {"FINISHED"}
    from blender_addon.shot_import.props import shots_of

    return shots_of(bpy.context.scene)[-1]


def into_own_scene(manifest: Path, fps: int = 25) -> bpy.types.Collection:
    """Import into a scene that is not fresh: the artist's rate stays, and so does the view transform."""
    scene = bpy.context.scene
    scene.render.fps = fps
    scene.timeline_markers.new("mine", frame=1)
    shot = bring_in(manifest)
    scene.camera = shot.garrick.camera
    scene.render.resolution_x, scene.render.resolution_y = 64, 48
    return shot


def glowing(name: str, color: tuple[float, float, float]) -> bpy.types.Material:
    from blender_addon import version_adapter

    material = bpy.data.materials.new(name)
    tree = version_adapter.use_nodes(material)
    glow = tree.nodes.new("ShaderNodeEmission")
    glow.inputs["Color"].default_value = (*color, 1.0)
    tree.links.new(glow.outputs[0], tree.nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    return material


def wall(name: str, camera: bpy.types.Object, metres: float, color: tuple[float, float, float], left: float = -9.0):
    """A glowing wall across the camera's view, so far away; from `left` metres of its middle to the right."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(left, -9, 0), (9, -9, 0), (9, 9, 0), (left, 9, 0)], [], [(0, 1, 2, 3)])
    mesh.materials.append(glowing(name, color))
    item = bpy.data.objects.new(name, mesh)
    item.parent, item.location = camera, (0, 0, -metres)
    bpy.context.scene.collection.objects.link(item)
    return item


def render(tmp_path: Path, frame: int = 1) -> np.ndarray:
    """(H, W, 4) what F12 gives in a frame: display-referred 0..1, row 0 at the bottom."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.dither_intensity = 0
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.frame_set(frame)
    scene.render.filepath = str(tmp_path / f"render_{frame}.png")
    return rendered_picture()


def red_of(frame: int) -> float:
    """Frame i of a tiny shot is 20 i of 255 red."""
    return min(20 * frame, 255) / 255


def test_the_person_lies_over_the_scene_with_alpha(tiny_shot, tmp_path):
    shot = into_own_scene(tiny_shot(passes=True))
    bpy.context.scene.view_settings.view_transform = "Standard"
    wall("far", shot.garrick.camera, 3.0, BEHIND)
    assert bpy.ops.garrick.show_frames(where="COMPOSITOR") == {"FINISHED"}
    for frame in (1, 8):
        seen = render(tmp_path, frame)
        np.testing.assert_allclose(seen[10:40, 5:28, :3], np.broadcast_to(BEHIND, (30, 23, 3)), atol=2 / 255)
        np.testing.assert_allclose(
            seen[10:40, 36:60, :3], np.broadcast_to((red_of(frame - 1), 0, 0), (30, 24, 3)), atol=2 / 255
        )


def test_what_is_nearer_than_the_person_covers_them(tiny_shot, tmp_path):
    shot = into_own_scene(tiny_shot(passes=True))
    bpy.context.scene.view_settings.view_transform = "Standard"
    wall("far", shot.garrick.camera, 3.0, BEHIND)
    wall("near", shot.garrick.camera, 0.3, (0.0, 0.0, 1.0), left=0.06)
    bpy.ops.garrick.show_frames(where="COMPOSITOR")
    seen = render(tmp_path, 8)
    np.testing.assert_allclose(seen[24, 36, :3], (red_of(7), 0, 0), atol=2 / 255)
    np.testing.assert_allclose(seen[24, 60, :3], (0, 0, 1), atol=2 / 255)


def test_without_passes_the_person_lies_over_everything_and_that_is_said(tiny_shot, tmp_path):
    shot = into_own_scene(tiny_shot())
    bpy.context.scene.view_settings.view_transform = "Standard"
    wall("near", shot.garrick.camera, 0.3, (0.0, 0.0, 1.0))
    from blender_addon.compositing import compositor, pictures

    notes = compositor.add(bpy.context.scene, shot, pictures.pictures_of(shot))
    assert any("EXR" in note for note in notes)
    np.testing.assert_allclose(render(tmp_path, 8)[24, 50, :3], (red_of(7), 0, 0), atol=2 / 255)


def test_a_grade_reaches_only_the_chosen_part(tiny_shot, tmp_path):
    shot = into_own_scene(tiny_shot(passes=True))
    bpy.context.scene.view_settings.view_transform = "Standard"
    bpy.ops.garrick.show_frames(where="COMPOSITOR")
    before = render(tmp_path, 8)
    from blender_addon import version_adapter

    tree = version_adapter.compositor_tree(bpy.context.scene)
    grade = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeColorBalance")
    if "Gain" in grade.inputs:
        next(socket for socket in grade.inputs if socket.identifier == "Color Gain").default_value = (0.25, 1, 1, 1)
    else:
        grade.gain = (0.25, 1, 1)
    np.testing.assert_allclose(render(tmp_path, 8), before, atol=1 / 255)
    shot.garrick_frames.parts = {"skin"}
    graded = render(tmp_path, 8)
    np.testing.assert_allclose(graded[30:46, 36:60], before[30:46, 36:60], atol=1 / 255)  # hair: the upper half
    assert (graded[4:20, 36:60, 0] < 0.7 * before[4:20, 36:60, 0]).all()


@pytest.mark.parametrize("fps", [24, 50])
def test_compositor_frames_are_in_step_at_any_scene_rate(tiny_shot, tmp_path, fps):
    shot = into_own_scene(tiny_shot(passes=True), fps)
    bpy.context.scene.view_settings.view_transform = "Standard"
    bpy.ops.garrick.show_frames(where="COMPOSITOR")
    for frame in (1, 2, 6, 11):
        shown = int((frame - 1) * 25 / fps + 0.5)
        assert render(tmp_path, frame)[24, 50, 0] == pytest.approx(red_of(shown), abs=2 / 255), (frame, shot.name)


def test_two_shots_are_sorted_by_depth_and_leave_in_any_order(tiny_shot, tmp_path):
    from blender_addon import version_adapter

    scene = bpy.context.scene
    first = into_own_scene(tiny_shot("one", passes=True))
    scene.view_settings.view_transform = "Standard"
    second = bring_in(tiny_shot("two", passes=True))
    scene.camera = first.garrick.camera
    for shot in (first, second):
        bpy.context.view_layer.objects.active = shot.garrick.head
        assert bpy.ops.garrick.show_frames(where="COMPOSITOR") == {"FINISHED"}
    tree = version_adapter.compositor_tree(scene)
    assert len([node for node in tree.nodes if node.type == "FRAME"]) == 2
    assert render(tmp_path, 8)[24, 50, 0] == pytest.approx(red_of(7), abs=2 / 255)
    bpy.context.view_layer.objects.active = first.garrick.head
    assert bpy.ops.garrick.hide_frames(where="COMPOSITOR") == {"FINISHED"}
    assert render(tmp_path, 8)[24, 50, 0] == pytest.approx(red_of(7), abs=2 / 255)
    bpy.context.view_layer.objects.active = second.garrick.head
    assert bpy.ops.garrick.hide_frames(where="COMPOSITOR") == {"FINISHED"}
    output = version_adapter.compositor_output(tree)
    assert output.links[0].from_node.type in ("R_LAYERS", "REROUTE")
    assert not [image for image in bpy.data.images if image.filepath.endswith(".exr")]


def test_an_artists_compositor_is_kept_under_and_after_the_set_up(tiny_shot):
    from blender_addon import version_adapter

    scene = bpy.context.scene
    shot = into_own_scene(tiny_shot(passes=True))
    tree = version_adapter.compositor_tree(scene, create=True)
    own = tree.nodes.new("CompositorNodeExposure")
    tree.links.new(own.outputs[0], version_adapter.compositor_output(tree))
    names = {node.name for node in tree.nodes}
    bpy.ops.garrick.show_frames(where="COMPOSITOR")
    assert names < {node.name for node in tree.nodes}
    assert own.outputs[0].links[0].to_node.bl_idname == "CompositorNodeAlphaOver"
    bpy.ops.garrick.show_frames(where="COMPOSITOR")  # again: made anew, not doubled
    assert len([node for node in tree.nodes if node.bl_idname == "CompositorNodeAlphaOver"]) == 1
    bpy.ops.garrick.hide_frames(where="COMPOSITOR")
    assert version_adapter.compositor_output(tree).links[0].from_node == own
    assert not any(node.get("garrick_shot") == shot for node in tree.nodes)


def test_the_camera_sees_the_person_once_and_the_head_again_afterwards(tiny_shot):
    shot = into_own_scene(tiny_shot(passes=True))
    head = shot.garrick.head
    bpy.ops.garrick.show_frames_everywhere()
    planes = [item for item in shot.garrick.camera.children if item.type == "MESH"]
    assert len(planes) == 2
    assert not any(item.visible_camera for item in [head, *planes])
    bpy.ops.garrick.show_frames(where="PLANE")
    planes = [item for item in shot.garrick.camera.children if item.type == "MESH"]
    assert not any(item.visible_camera for item in [head, *planes])
    bpy.ops.garrick.hide_frames(where="COMPOSITOR")
    assert all(item.visible_camera for item in [head, *planes])


@pytest.mark.parametrize(
    ("fit", "size", "expected"),
    [
        ("HORIZONTAL", (1920, 1080), "CROP"), ("HORIZONTAL", (1080, 1920), "FIT"), ("VERTICAL", (1920, 1080), "FIT"),
        ("HORIZONTAL", (128, 96), "STRETCH"), ("AUTO", (1920, 1080), "CROP"), ("AUTO", (1080, 1920), "CROP"),
    ],
)  # fmt: skip
def test_a_render_of_another_shape_shows_what_its_camera_sees(tiny_shot, fit, size, expected):
    from blender_addon.compositing import compositor, pictures

    shot = into_own_scene(tiny_shot())
    shot.garrick.camera.data.sensor_fit = fit
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = size
    assert compositor.fit_method(bpy.context.scene, shot, pictures.pictures_of(shot)) == expected


def test_plane_and_backdrop_come_back_after_they_were_taken_away(tiny_shot):
    from blender_addon.compositing import plates

    scene = bpy.context.scene
    shot = into_own_scene(tiny_shot())
    assert plates.find_plane(scene, shot)
    assert plates.find_backdrop(scene, shot)
    for where, find in (("PLANE", plates.find_plane), ("BACKDROP", plates.find_backdrop)):
        assert bpy.ops.garrick.hide_frames(where=where) == {"FINISHED"}
        assert find(scene, shot) is None
        assert bpy.ops.garrick.hide_frames(where=where) == {"CANCELLED"}
        assert bpy.ops.garrick.show_frames(where=where) == {"FINISHED"}
        assert find(scene, shot) is not None


def test_strips_show_the_frames_in_step_and_leave_the_render_3d(tiny_shot):
    from blender_addon import version_adapter
    from blender_addon.compositing import strips

    scene = bpy.context.scene
    shot = into_own_scene(tiny_shot(), 50)
    sounds = [strip for strip in version_adapter.sequencer_strips(scene) if strip.type == "SOUND"]
    assert bpy.ops.garrick.show_frames(where="STRIPS") == {"FINISHED"}
    background, frames = strips.find(scene, shot)
    assert [element.filename for element in frames.elements][:4] == [
        "frame_000000.png", "frame_000001.png", "frame_000001.png", "frame_000002.png",
    ]  # fmt: skip
    assert len(frames.elements) == len(background.elements) == 23
    assert frames.frame_final_start == 1
    assert background.channel < frames.channel
    assert scene.render.use_sequencer is False
    assert [strip for strip in version_adapter.sequencer_strips(scene) if strip.type == "SOUND"] == sounds
    bpy.ops.garrick.show_frames(where="STRIPS")
    assert len(strips.find(scene, shot)) == 2
    bpy.ops.garrick.hide_frames(where="STRIPS")
    assert strips.find(scene, shot) == []
    assert scene.render.use_sequencer is True


def test_a_scene_that_renders_its_sequencer_goes_on_doing_so(tiny_shot):
    from blender_addon import version_adapter

    shot = into_own_scene(manifest := tiny_shot())
    file = str(manifest.parent / "background.png")
    version_adapter.sequencer_strips(bpy.context.scene, create=True).new_image("mine", file, channel=9, frame_start=1)
    bpy.ops.garrick.show_frames(where="STRIPS")
    assert bpy.context.scene.render.use_sequencer is True
    assert not shot.garrick_frames.sequencer_was_on


def test_the_set_up_survives_save_and_reload(tiny_shot, tmp_path):
    shot = into_own_scene(tiny_shot(passes=True), 50)
    bpy.context.scene.view_settings.view_transform = "Standard"
    bpy.ops.garrick.show_frames_everywhere()
    before = render(tmp_path, 5)
    name = shot.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    from blender_addon.compositing import compositor, strips

    scene, shot = bpy.context.scene, bpy.data.collections[name]
    assert compositor.find(scene, shot)
    assert strips.find(scene, shot)
    np.testing.assert_allclose(render(tmp_path, 5), before, atol=1 / 255)
    shot.name = "renamed"
    assert bpy.ops.garrick.hide_frames(where="COMPOSITOR") == {"FINISHED"}


def test_a_shot_whose_files_are_gone_is_refused_with_a_sentence(tiny_shot):
    manifest = tiny_shot()
    into_own_scene(manifest)
    manifest.rename(manifest.with_name("elsewhere.json"))
    nodes = len(bpy.data.node_groups)
    with pytest.raises(RuntimeError, match=r"shot\.json"):
        bpy.ops.garrick.show_frames(where="COMPOSITOR")
    assert len(bpy.data.node_groups) == nodes


def test_without_a_shot_the_buttons_say_why():
    with pytest.raises(RuntimeError, match="shot"):
        bpy.ops.garrick.show_frames(where="PLANE")


def test_another_version_is_shown_wherever_the_frames_are(tiny_shot, tmp_path):
    import shutil

    from blender_addon.compositing import strips
    from blender_addon.rerender import versions

    manifest = tiny_shot(passes=True)
    second = manifest.parent / "versions" / "shot_v002"
    shutil.copytree(manifest.parent, second)
    shutil.copy(second / "frames" / "frame_000000.png", second / "frames" / "frame_000007.png")
    shot = into_own_scene(manifest)
    bpy.context.scene.view_settings.view_transform = "AgX"
    bpy.ops.garrick.show_frames_everywhere()
    assert render(tmp_path, 8)[24, 50, 0] == pytest.approx(red_of(7), abs=2 / 255)
    versions.show(shot, versions.add(shot, second, 0, 11))
    assert render(tmp_path, 8)[24, 50, 0] == pytest.approx(red_of(0), abs=2 / 255)
    assert all("shot_v002" in strip.directory for strip in strips.find(bpy.context.scene, shot)[1:])
    bpy.ops.garrick.show_frames(where="COMPOSITOR")  # anew, from the version that is shown
    assert render(tmp_path, 8)[24, 50, 0] == pytest.approx(red_of(0), abs=2 / 255)


def test_undo_takes_it_all_back(tiny_shot):
    from blender_addon import version_adapter
    from blender_addon.compositing import compositor, strips

    name = into_own_scene(tiny_shot(passes=True)).name
    bpy.ops.ed.undo_push(message="imported")
    bpy.ops.garrick.show_frames_everywhere()
    bpy.ops.ed.undo_push(message="shown")
    bpy.ops.ed.undo()
    scene, shot = bpy.context.scene, bpy.data.collections[name]
    assert compositor.find(scene, shot) is None
    assert strips.find(scene, shot) == []
    assert shot.garrick.head.visible_camera
    bpy.ops.ed.redo()
    scene, shot = bpy.context.scene, bpy.data.collections[name]
    assert compositor.find(scene, shot)
    assert not shot.garrick.head.visible_camera
    assert version_adapter.compositor_output(version_adapter.compositor_tree(scene)).is_linked
