"""Materials: the photo on the skin, plain colours on the rest, light-emitting plates."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import version_adapter
from . import eyes
from .mesh import PHOTO_UV
from .shot import Shot

SKIN, EYE = "skin", "eye"
SOFT_EDGE = 4.0
"""Power of a plate's alpha by which a colour brighter than 1 is believed: see `plate_material`."""


def head_materials(shot: Shot) -> list[bpy.types.Material]:
    """One material for each of the rig's names.

    The skin shows the photo as it is, by emission: the photo already holds its light, and a lamp would light it twice.
    The eyes glow likewise, in the photo's colours.
    """
    eye_colors = eyes.read_colors(shot.rig, shot.texture) if shot.texture is not None else None
    materials = []
    for name, color in zip(shot.rig.material_names, shot.rig.material_colors.tolist(), strict=True):
        material = bpy.data.materials.new(f"{shot.name} {name}")
        material.diffuse_color = (*color, 1.0)
        if name == SKIN and shot.texture is not None:
            _show_photo(material, load_image(shot.texture))
        elif name == EYE and eye_colors is not None:
            eyes.paint(material, eye_colors)
        else:
            _paint(material, color)
        materials.append(material)
    return materials


def plate_material(name: str, image: bpy.types.Image) -> tuple[bpy.types.Material, bpy.types.ShaderNodeTexImage]:
    """A material that glows with the picture and is clear where its alpha is; with its picture node.

    The colour of a pixel of low alpha is half noise, and a plate that is read through the inverse of a view transform
    has 16 where a white was 1: such a spark would outshine all else in its pixel. So it is held to 1 at soft edges.
    """
    material = bpy.data.materials.new(name)
    tree = version_adapter.use_nodes(material)
    picture = _picture_node(tree, image)
    picture.extension = "EXTEND"
    glow = tree.nodes.new("ShaderNodeEmission")
    clear = tree.nodes.new("ShaderNodeBsdfTransparent")
    mix = tree.nodes.new("ShaderNodeMixShader")
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    held = tree.nodes.new("ShaderNodeVectorMath")
    held.operation = "MINIMUM"
    held.inputs[1].default_value = (1.0, 1.0, 1.0)
    trust = tree.nodes.new("ShaderNodeMath")
    trust.operation = "POWER"
    trust.inputs[1].default_value = SOFT_EDGE
    calm = tree.nodes.new("ShaderNodeMix")
    calm.data_type = "RGBA"
    factor, soft, solid = (socket for socket in calm.inputs if socket.enabled)
    tree.links.new(picture.outputs["Color"], held.inputs[0])
    tree.links.new(picture.outputs["Alpha"], trust.inputs[0])
    tree.links.new(trust.outputs[0], factor)
    tree.links.new(held.outputs[0], soft)
    tree.links.new(picture.outputs["Color"], solid)
    tree.links.new(next(socket for socket in calm.outputs if socket.enabled), glow.inputs["Color"])
    tree.links.new(picture.outputs["Alpha"], mix.inputs[0])
    tree.links.new(clear.outputs[0], mix.inputs[1])
    tree.links.new(glow.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], output.inputs["Surface"])
    version_adapter.use_alpha_blending(material)
    _lay_out(tree)
    return material, picture


def load_image(path: Path) -> bpy.types.Image:
    """The picture as an sRGB data-block; relative to the .blend once that is saved."""
    image = bpy.data.images.load(blend_path(path), check_existing=False)
    image.colorspace_settings.name = "sRGB"
    image.alpha_mode = "STRAIGHT"
    return image


def blend_path(path: Path) -> str:
    """The path as the .blend should hold it: relative to it where that is possible, so that a shot folder can move."""
    if not bpy.data.is_saved or Path(bpy.data.filepath).anchor != path.anchor:
        return str(path)
    return bpy.path.relpath(str(path))


def _show_photo(material: bpy.types.Material, image: bpy.types.Image) -> None:
    tree = version_adapter.use_nodes(material)
    uv = tree.nodes.new("ShaderNodeUVMap")
    uv.uv_map = PHOTO_UV
    picture = _picture_node(tree, image)
    picture.extension = "EXTEND"
    glow = tree.nodes.new("ShaderNodeEmission")
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(uv.outputs["UV"], picture.inputs["Vector"])
    tree.links.new(picture.outputs["Color"], glow.inputs["Color"])
    tree.links.new(glow.outputs[0], output.inputs["Surface"])
    _lay_out(tree)


def _paint(material: bpy.types.Material, color: list[float]) -> None:
    tree = version_adapter.use_nodes(material)
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    shader.inputs["Base Color"].default_value = (*color, 1.0)
    shader.inputs["Roughness"].default_value = 0.4
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(shader.outputs[0], output.inputs["Surface"])
    _lay_out(tree)


def _picture_node(tree: bpy.types.NodeTree, image: bpy.types.Image) -> bpy.types.ShaderNodeTexImage:
    picture = tree.nodes.new("ShaderNodeTexImage")
    picture.name = "Picture"
    picture.image = image
    return picture


def _lay_out(tree: bpy.types.NodeTree) -> None:
    for column, node in enumerate(tree.nodes):
        node.location = (column * 260.0, 0.0)
