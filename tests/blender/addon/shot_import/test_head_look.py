"""The imported head's look: one texture over all its parts, the same under every view transform."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("addon")


@pytest.fixture
def manifest(tiny_shot) -> Path:
    """A shot whose head is all of one grey-green by its own texture."""
    path = tiny_shot(frames=2)
    picture = bpy.data.images.new("head", 8, 8)
    picture.pixels.foreach_set(np.tile(np.array([0.3, 0.5, 0.4, 1.0], np.float32), 64))
    picture.filepath_raw, picture.file_format = str(path.with_name("head.png")), "PNG"
    picture.save()
    bpy.data.images.remove(picture)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"head_texture": "head.png"}))
    return path


def rendered(tmp_path: Path, view: str) -> np.ndarray:
    """(N, 3) the pixels of the head, seen from before it."""
    scene = bpy.context.scene
    scene.view_settings.view_transform = view
    scene.garrick_plates = "UNTOUCHED"
    bpy.context.view_layer.update()
    from blender_addon.compositing import colour

    colour.apply(scene)
    render = scene.render
    render.engine, render.film_transparent, render.dither_intensity = "CYCLES", True, 0
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    render.resolution_x = render.resolution_y = 24
    render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
    render.filepath = str(tmp_path / f"{view}.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(render.filepath, check_existing=False)
    pixels = np.empty(24 * 24 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    pixels = pixels.reshape(-1, 4)
    return pixels[pixels[:, 3] == 1, :3]


def test_skin_and_eyes_show_the_texture_without_any_light(manifest, tmp_path):
    """Standard or AgX: what is shown is the texture's own colour, on eyes and teeth as on the skin."""
    scene = bpy.context.scene
    scene.timeline_markers.new("mine", frame=1)  # not fresh: the import adds no lamp and no world
    assert bpy.ops.garrick.import_shot(filepath=str(manifest)) == {"FINISHED"}
    from blender_addon.shot_import.props import shots_of

    shot = shots_of(scene)[0]
    for plates in shot.children:
        plates.hide_render = True
    scene.camera = shot.garrick.camera
    scene.camera.data.sensor_fit, scene.camera.data.shift_x, scene.camera.data.shift_y = "AUTO", 0, 0
    for view in ("Standard", "AgX"):
        pixels = rendered(tmp_path, view)
        assert len(pixels) > 40
        off = np.abs(pixels - [0.3, 0.5, 0.4]).max(axis=1)
        assert np.mean(off < 3.5 / 255) > 0.95  # the rest: the eyes' wet coat mirrors the skin beside it


def test_a_shot_from_before_heads_had_a_texture_shows_its_photo(tiny_shot):
    assert bpy.ops.garrick.import_shot(filepath=str(tiny_shot(frames=2))) == {"FINISHED"}
    from blender_addon.shot_import.props import shots_of

    skin, eye = (slot.material.node_tree for slot in shots_of(bpy.context.scene)[0].garrick.head.material_slots)
    (picture,) = (node for node in skin.nodes if node.type == "TEX_IMAGE")
    assert Path(bpy.path.abspath(picture.image.filepath)).name == "texture.png"
    assert not any(node.type == "TEX_IMAGE" for node in eye.nodes)
