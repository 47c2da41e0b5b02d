"""Untouched plates: a grey ramp looks the same under every view transform, on a plane, laid over, and in the sequencer."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("addon")

CODES = np.arange(256) / 255


def save_ramp(path: Path) -> None:
    """256 x 16 pixels, 8 bits: column c has the grey c."""
    picture = bpy.data.images.new("ramp", 256, 16)
    pixels = np.ones((16, 256, 4), np.float32)
    pixels[..., :3] = CODES[None, :, None]
    picture.pixels.foreach_set(pixels.ravel())
    picture.filepath_raw, picture.file_format = str(path), "PNG"
    picture.save()
    bpy.data.images.remove(picture)


@pytest.fixture
def ramp(tiny_shot) -> bpy.types.Collection:
    """A shot whose frames are the ramp, in a scene that is not fresh, seen by its camera."""
    manifest = tiny_shot(frames=2, size=(256, 16))
    for frame in manifest.parent.glob("frames/*.png"):
        save_ramp(frame)
    scene = bpy.context.scene
    scene.timeline_markers.new("mine", frame=1)
    assert bpy.ops.garrick.import_shot(filepath=str(manifest)) == {"FINISHED"}
    from blender_addon.shot_import.props import shots_of

    shot = shots_of(scene)[0]
    shot.garrick.head.hide_render = True
    scene.camera = shot.garrick.camera
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 256, 16, 100
    return shot


def shown(tmp_path: Path) -> np.ndarray:
    """(256,) what F12 shows of each grey, 0..1: an 8-bit file, no dithering."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01
    scene.render.dither_intensity = 0
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(tmp_path / "out.png")
    scene.frame_set(1)
    bpy.ops.render.render(write_still=True)
    picture = bpy.data.images.load(scene.render.filepath, check_existing=False)
    pixels = np.empty(256 * 16 * 4, np.float32)
    picture.pixels.foreach_get(pixels)
    bpy.data.images.remove(picture)
    return pixels.reshape(16, 256, 4)[8, :, 0]


@pytest.mark.parametrize("transform", ["Standard", "AgX", "Filmic", "Raw"])
@pytest.mark.parametrize("where", ["PLANE", "COMPOSITOR", "STRIPS"])
def test_an_untouched_ramp_is_what_it_was(ramp, tmp_path, where, transform):
    scene = bpy.context.scene
    scene.view_settings.view_transform = transform
    bpy.ops.garrick.show_frames(where=where)
    if where == "STRIPS":
        scene.render.use_sequencer = True
    np.testing.assert_allclose(shown(tmp_path), CODES, atol=1.01 / 255)


def test_graded_plates_go_through_the_view_transform(ramp, tmp_path):
    scene = bpy.context.scene
    scene.view_settings.view_transform = "AgX"
    scene.garrick_plates = "GRADED"
    assert shown(tmp_path)[255] < 0.9
    scene.garrick_plates = "UNTOUCHED"
    np.testing.assert_allclose(shown(tmp_path), CODES, atol=1.01 / 255)


def test_plates_follow_the_view_transform_by_themselves(ramp):
    scene = bpy.context.scene
    plate = next(item for item in ramp.garrick.camera.children if item.name.endswith("frames"))
    picture = next(node.image for node in plate.active_material.node_tree.nodes if node.type == "TEX_IMAGE")
    for transform, space in (("AgX", "AgX Base sRGB"), ("Standard", "sRGB"), ("Filmic", "Filmic sRGB")):
        scene.view_settings.view_transform = transform
        bpy.context.view_layer.update()
        assert picture.colorspace_settings.name == space


def test_the_cameras_background_stays_srgb_beside_the_plane(ramp):
    bpy.context.scene.view_settings.view_transform = "AgX"
    bpy.ops.garrick.show_frames_everywhere()
    backdrops = ramp.garrick.camera.data.background_images
    assert [user.image.colorspace_settings.name for user in backdrops] == ["sRGB"]
    assert backdrops[0].image.source == "SEQUENCE"


def test_what_cannot_be_undone_is_said(ramp):
    from blender_addon.compositing import colour

    scene = bpy.context.scene
    scene.view_settings.view_transform = "AgX"
    assert colour.obstacles(scene) == []
    scene.view_settings.exposure = 1.0
    assert any("xposure" in sentence for sentence in colour.obstacles(scene))
    scene.view_settings.exposure = 0.0
    scene.view_settings.view_transform = "False Color"
    assert any("view transform" in sentence for sentence in colour.obstacles(scene))
    scene.garrick_plates = "GRADED"
    assert colour.obstacles(scene) == []


def test_other_pictures_are_left_alone(ramp, tmp_path):
    save_ramp(tmp_path / "mine.png")
    own = bpy.data.images.load(str(tmp_path / "mine.png"))
    bpy.context.scene.view_settings.view_transform = "AgX"
    bpy.context.view_layer.update()
    assert own.colorspace_settings.name == "sRGB"


def test_an_import_into_an_agx_scene_is_untouched_at_once(ramp, tmp_path):
    """No depsgraph update, no button: what a script imports and renders."""
    assert bpy.context.scene.view_settings.view_transform == "AgX"
    pictures = [image for image in bpy.data.images if image.source == "SEQUENCE"]
    assert sorted(image.colorspace_settings.name for image in pictures) == ["AgX Base sRGB", "sRGB"]
    np.testing.assert_allclose(shown(tmp_path), CODES, atol=1.01 / 255)


def test_a_soft_edge_has_no_sparks_under_agx(tiny_shot, tmp_path):
    """White of alpha 0.1 over black: in Standard as in AgX it stays as dark as its alpha says."""
    scene = bpy.context.scene
    manifest = tiny_shot(frames=2, size=(256, 16))
    for frame in manifest.parent.glob("frames/*.png"):
        picture = bpy.data.images.new("edge", 256, 16, alpha=True)
        picture.pixels.foreach_set(np.tile(np.float32([1, 1, 1, 26 / 255]), 256 * 16))
        picture.filepath_raw, picture.file_format = str(frame), "PNG"
        picture.save()
    scene.timeline_markers.new("mine", frame=1)
    bpy.ops.garrick.import_shot(filepath=str(manifest))
    from blender_addon.shot_import.props import shots_of

    shot = shots_of(scene)[0]
    scene.camera, shot.garrick.head.hide_render = shot.garrick.camera, True
    for item in shot.garrick.camera.children:
        item.hide_render = item.name.endswith("background")
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 256, 16, 100
    assert scene.view_settings.view_transform == "AgX"
    assert shown(tmp_path).max() < 0.5
    bpy.ops.garrick.show_frames(where="COMPOSITOR")
    assert shown(tmp_path).max() < 0.5
