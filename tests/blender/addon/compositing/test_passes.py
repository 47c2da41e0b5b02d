"""Blender's own Image and Cryptomatte nodes read what the EXR frames hold: names, values and mattes."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from rendered_picture import rendered_picture

pytestmark = pytest.mark.usefixtures("addon")

PERSON = np.s_[8:40, 36:60]  # rows from the bottom and columns of a tiny shot in which there is somebody
NOBODY = np.s_[8:40, 4:28]


@pytest.fixture
def passes(tiny_shot) -> bpy.types.Image:
    """The EXR of the first frame."""
    file = tiny_shot(passes=True).parent / "exr" / "frame_000000.exr"
    image = bpy.data.images.load(str(file))
    assert tuple(image.size)  # Blender 4.2 finds out only now that it has layers
    return image


def composited(node: bpy.types.Node, output: str, tmp_path: Path) -> np.ndarray:
    """(H, W, 4) float32 what an output of a compositor's node gives, row 0 at the bottom."""
    from blender_addon import version_adapter

    scene = bpy.context.scene
    tree = node.id_data
    tree.links.new(next(s for s in node.outputs if s.name == output), version_adapter.compositor_output(tree))
    scene.render.filepath = str(tmp_path / f"{output}.exr")
    return rendered_picture()


def new_node(kind: str) -> bpy.types.Node:
    """A node in the compositor of a scene that renders small and writes what comes out as it is."""
    from blender_addon import version_adapter

    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 48, 100
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    return version_adapter.compositor_tree(scene, create=True).nodes.new(kind)


def test_every_pass_has_its_socket_and_its_values(passes, tmp_path):
    node = new_node("CompositorNodeImage")
    node.image = passes
    names = {socket.name for socket in node.outputs}
    assert {"Combined", "Depth", "Normal", "NormalCamera", "UV", "CryptoObject00"} <= names
    wanted = {"Normal": (0.6, -0.8, 0), "NormalCamera": (0.6, 0, 0.8), "UV": (0.5, 0.5, 1.0)}
    for name, value in wanted.items():
        seen = composited(node, name, tmp_path)
        np.testing.assert_allclose(seen[PERSON][..., :3], np.broadcast_to(value, (32, 24, 3)), atol=1e-3, err_msg=name)
        assert not seen[NOBODY][..., :3].any(), name
    depth = composited(node, "Depth", tmp_path)[..., 0]
    np.testing.assert_allclose(depth[PERSON], 0.5, atol=1e-6)
    assert depth[NOBODY].min() > 1e9


@pytest.mark.parametrize(
    ("names", "upper", "lower"), [("hair", 1, 0), ("skin", 0, 1), ("hair,skin", 1, 1), ("hands", 0, 0)]
)
def test_cryptomatte_keys_parts_by_their_names(passes, tmp_path, names, upper, lower):
    node = new_node("CompositorNodeCryptomatteV2")
    node.source, node.image = "IMAGE", passes
    node.matte_id = names
    matte = composited(node, "Matte", tmp_path)[..., 0]
    np.testing.assert_allclose(matte[28:40, 36:60], upper, atol=1e-3)  # hair: the upper half
    np.testing.assert_allclose(matte[8:20, 36:60], lower, atol=1e-3)
    assert not matte[NOBODY].any()


def test_cryptomatte_knows_all_parts(passes):
    node = new_node("CompositorNodeCryptomatteV2")
    node.source, node.image = "IMAGE", passes
    assert node.layer_name == "ViewLayer.CryptoObject"
    from blender_addon.compositing.props import _PARTS

    node.matte_id = ",".join(name for name, *_ in _PARTS)
    assert {entry.name for entry in node.entries} == {name for name, *_ in _PARTS}
