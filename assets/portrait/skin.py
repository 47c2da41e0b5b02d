"""The head's meshes and their materials: skin, mouth, teeth, tongue."""

from __future__ import annotations

import bpy
import cv2
import numpy as np
from garrick.bodies.head import PARTS
from scipy.interpolate import splev, splprep

from blender_addon.axes import to_blender
from portrait.nodes import Shader
from portrait.person import Person
from portrait.strands import covered

_WINDOW = (0.080, 0.050)  # metres
_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)  # MediaPipe's ring
FLUSH = "flush"  # colour attribute: red how flushed, green how thin-skinned (lids), blue how far under the hair


def make_mesh(name: str, vertices: np.ndarray, quads: np.ndarray, subdivisions: int) -> bpy.types.Object:
    """A smooth object of the vertices (Garrick's space) that the quads use."""
    used, corners = np.unique(quads, return_inverse=True)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(to_blender(vertices[used]).tolist(), [], corners.reshape(quads.shape).tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(quads), bool))
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    if subdivisions:
        modifier = item.modifiers.new("Smooth", "SUBSURF")
        modifier.levels = modifier.render_levels = subdivisions
    return item


def make_head(person: Person, below: np.ndarray) -> bpy.types.Object:
    """Skin, mouth and sockets in one object; teeth, gums and tongue in others. Eyes are made elsewhere.

    below: (V,) bool, vertices hidden under the clothes; quads of such only are left out.
    """
    quads, parts = person.head.quads, person.head.quad_parts
    shown = (parts <= PARTS.index("socket")) & ~below[quads].all(axis=1)
    skin = make_mesh("skin", person.vertices, quads[shown], 2)
    corners = person.vertices[quads[shown]][..., :2]
    mask_uv = (corners - lip_window(person)) / _WINDOW
    skin.data.uv_layers.new(name="lips").uv.foreach_set("vector", mask_uv.ravel().astype(np.float32))
    used = np.unique(quads[shown])
    flush = np.column_stack([flushed(person)[used], np.ones(len(used))])
    layer = skin.data.color_attributes.new(FLUSH, "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", flush.ravel().astype(np.float32))
    skin.data.materials.append(skin_material(person))
    for part, color in (("teeth", (0.75, 0.68, 0.55)), ("gums", (0.45, 0.12, 0.12)), ("tongue", (0.45, 0.14, 0.13))):
        item = make_mesh(part, person.vertices, quads[parts == PARTS.index(part)], 1)
        item.data.materials.append(plain_material(part, color, 0.25))
    return skin


def flushed(person: Person) -> np.ndarray:
    """(V, 3) 0..1: blood under cheeks, nose, chin and ears (red); thin skin of the lids (green); hair above (blue)."""
    vertices = person.vertices
    left = person.head.joints(person.identity)[3]
    unit = 2 * left[0]  # the distance between the eyes
    mirrored = np.column_stack([np.abs(vertices[:, 0]), vertices[:, 1:]])
    nose = vertices[np.argmax(np.where(np.abs(vertices[:, 0]) < 0.01, vertices[:, 2], -1))]
    chin = nose + np.array([0, -1.05, -0.25]) * unit

    def blob(middle: np.ndarray, radii: tuple[float, float, float]) -> np.ndarray:
        return np.exp(-np.sum(((mirrored - middle) / (np.array(radii) * unit)) ** 2, axis=1))

    cheek = left + np.array([0.25, -0.70, 0.0]) * unit
    ear = np.array([mirrored[:, 0].max() * 0 + 0.072, left[1] - 0.01, -0.015])
    red = (
        0.75 * blob(cheek, (0.42, 0.32, 0.6)) + 0.8 * blob(nose, (0.22, 0.18, 0.3)) + 0.3 * blob(chin, (0.3, 0.2, 0.4))
    )
    red += 0.6 * blob(ear, (0.2, 0.6, 0.5))
    lids = blob(left + np.array([0.0, 0.02, 0.2]) * unit, (0.34, 0.22, 0.5))
    return np.clip(np.column_stack([red, lids, covered(vertices) / 0.02]), 0, 1)


def skin_material(person: Person) -> bpy.types.Material:
    """Procedural skin: mottling, flush, darker lids, lips inside their landmarks, pores and fine bumps, scattering."""
    shader = Shader("skin")
    place = shader.add("ShaderNodeTexCoord").outputs["Object"]
    flush = shader.add("ShaderNodeAttribute", {"attribute_name": FLUSH}).outputs["Color"]
    channels = shader.add("ShaderNodeSeparateColor", i0=flush)
    uv = shader.add("ShaderNodeUVMap", {"uv_map": "lips"}).outputs[0]
    lips = shader.add("ShaderNodeTexImage", {"image": lip_mask(person), "extension": "CLIP"}, Vector=uv).outputs[0]
    lips = shader.math("MULTIPLY", lips, 0.62)

    tone = shader.ramp(
        shader.noise(place, 45, 5, 0.65),
        (0.30, (0.46, 0.262, 0.185)),
        (0.50, (0.545, 0.325, 0.235)),
        (0.72, (0.60, 0.37, 0.275)),
    )
    spots = shader.ramp(shader.noise(place, 420, 2, 0.5), (0.66, (1, 1, 1)), (0.80, (0.90, 0.80, 0.74)))
    tone = shader.mix(0.8, tone, spots, "MULTIPLY")
    tone = shader.mix(shader.math("MULTIPLY", channels.outputs[0], 0.42), tone, (0.58, 0.20, 0.155, 1))
    tone = shader.mix(shader.math("MULTIPLY", channels.outputs[1], 0.30), tone, (0.37, 0.20, 0.16, 1))
    tone = shader.mix(shader.math("MULTIPLY", channels.outputs[2], 0.85), tone, (0.030, 0.018, 0.012, 1))
    tone = shader.mix(lips, tone, (0.43, 0.105, 0.10, 1))

    pores = shader.add("ShaderNodeTexVoronoi", {"feature": "DISTANCE_TO_EDGE"}, Vector=place, Scale=900.0).outputs[0]
    height = shader.math("ADD", shader.math("MULTIPLY", pores, 0.5), shader.noise(place, 260, 4, 0.6))
    bump = shader.add("ShaderNodeBump", Strength=0.34, Distance=0.0006, Height=height).outputs[0]
    gloss = shader.math("MULTIPLY_ADD", shader.noise(place, 120), 0.16)
    gloss.node.inputs[2].default_value = 0.36
    gloss = shader.math("SUBTRACT", gloss, shader.math("MULTIPLY", lips, 0.16))
    return shader.finish(
        shader.add(
            "ShaderNodeBsdfPrincipled",
            Base_Color=tone,
            Roughness=gloss,
            Normal=bump,
            Subsurface_Weight=0.85,
            Subsurface_Radius=(1.0, 0.36, 0.20),
            Subsurface_Scale=0.0045,
            Specular_IOR_Level=0.42,
        )
    )


def lip_window(person: Person) -> np.ndarray:
    """(2,) lower corner of the window of the lip mask, metres in x and y."""
    return person.head.landmarks(person.vertices)[list(_LIPS), :2].mean(axis=0) - np.array(_WINDOW) / 2


def lip_mask(person: Person) -> bpy.types.Image:
    """The red of the lips as seen from the front, in the window, with a soft edge of half a millimetre."""
    outline = person.head.landmarks(person.vertices)[list(_LIPS), :2]
    closed = np.vstack([outline, outline[:1]])
    smooth = splev(np.linspace(0, 1, 200), splprep(closed.T, s=len(closed) * 2e-7, per=True)[0])
    width, height = 1600, 1000
    points = (np.stack(smooth, axis=1) - lip_window(person)) / _WINDOW * (width, height)
    mask = cv2.fillPoly(np.zeros((height, width), np.float32), [points.astype(np.int32)], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.0005 / _WINDOW[0] * width)
    image = bpy.data.images.new("lips", width, height, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    image.pixels.foreach_set(np.repeat(mask[..., None], 4, axis=2).ravel())  # bottom row first, as y counts
    return image


def plain_material(name: str, color: tuple[float, float, float], roughness: float) -> bpy.types.Material:
    """One colour with a little scattering."""
    shader = Shader(name)
    return shader.finish(
        shader.add(
            "ShaderNodeBsdfPrincipled",
            Base_Color=(*color, 1),
            Roughness=roughness,
            Subsurface_Weight=0.3,
            Subsurface_Radius=(1.0, 0.4, 0.3),
            Subsurface_Scale=0.002,
        )
    )
