"""Materials: the head in the photo's colours, light-emitting plates."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import version_adapter
from .mesh import ATLAS_UV, PHOTO_UV
from .shot import Shot

SKIN = "skin"
_WET = {"eye": 0.05, "tongue": 0.35, "teeth": 0.2, "gums": 0.3}
"""Roughness of what takes the scene's highlights."""

BODY = ("clothes", "hands")
"""What body and hands are made of: the photo shows little of them, so they have plain colours and the scene's light."""

SOFT_EDGE = 4.0
"""Power of a plate's alpha by which a colour brighter than 1 is believed: see `plate_material`."""


def head_materials(shot: Shot) -> list[bpy.types.Material]:
    """One material for each of the rig's names.

    The head shows its texture as it is, by emission: the photo already holds its light, and a lamp would light it twice.
    So eyes and teeth are seen in any light too, and one picture is all that colour management must leave alone. A shot
    that was made before heads had a texture of their own shows the photo on its skin and plain colours on the rest.
    """
    picture = None if shot.head_texture is None else load_image(shot.head_texture)
    materials = []
    for name, color in zip(shot.rig.material_names, shot.rig.material_colors.tolist(), strict=True):
        material = bpy.data.materials.new(f"{shot.name} {name}")
        material.diffuse_color = (*color, 1.0)
        if picture is not None and name not in BODY:
            _show(material, picture, ATLAS_UV, _WET.get(name))
        elif name == SKIN and shot.texture is not None:
            _show(material, load_image(shot.texture), PHOTO_UV, None)
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


def _show(material: bpy.types.Material, image: bpy.types.Image, uv_map: str, roughness: float | None) -> None:
    """Glow with the picture; with a roughness, under a clear coat that takes the scene's highlights."""
    tree = version_adapter.use_nodes(material)
    uv = tree.nodes.new("ShaderNodeUVMap")
    uv.uv_map = uv_map
    picture = _picture_node(tree, image)
    picture.extension = "EXTEND"
    tree.links.new(uv.outputs["UV"], picture.inputs["Vector"])
    if roughness is None:
        glow = tree.nodes.new("ShaderNodeEmission")
        tree.links.new(picture.outputs["Color"], glow.inputs["Color"])
    else:
        glow = tree.nodes.new("ShaderNodeBsdfPrincipled")
        glow.inputs["Base Color"].default_value = (0.0, 0.0, 0.0, 1.0)
        glow.inputs["Roughness"].default_value = roughness
        glow.inputs["Specular IOR Level"].default_value = 0.25
        glow.inputs["Emission Strength"].default_value = 1.0
        tree.links.new(picture.outputs["Color"], glow.inputs["Emission Color"])
    output = tree.nodes.new("ShaderNodeOutputMaterial")
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
