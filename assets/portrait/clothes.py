"""A dark jersey cut out of the body's tights, with a ribbed collar."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
from mathutils import Vector

from blender_addon.axes import to_blender
from portrait.nodes import Shader
from portrait.person import Person
from portrait.skin import make_mesh

COLLAR_POINT = np.array([0.0, -0.100, 0.0])  # on the collar's plane, from the head joint, metres
COLLAR_NORMAL = np.array([0.0, 1.0, 0.62])  # the collar sits lower in front: positive is the side that is cut away
HEM = -0.45  # metres below the head joint, out of the picture


def above_collar(points: np.ndarray) -> np.ndarray:
    """(..., 3) -> (...,) metres above the collar's plane."""
    return (points - COLLAR_POINT) @ (COLLAR_NORMAL / np.linalg.norm(COLLAR_NORMAL))


def make_shirt(person: Person) -> bpy.types.Object:
    """The jersey: cut, thickened and smoothed."""
    near = person.body[person.shirt][:, :, 1].max(axis=1) > HEM
    shirt = make_mesh("shirt", person.body, person.shirt[near], 0)
    sheet = bmesh.new()
    sheet.from_mesh(shirt.data)
    everything = sheet.verts[:] + sheet.edges[:] + sheet.faces[:]
    bmesh.ops.bisect_plane(
        sheet, geom=everything, plane_co=Vector(to_blender(COLLAR_POINT)), plane_no=Vector(to_blender(COLLAR_NORMAL)),
        clear_outer=True,
    )  # fmt: skip
    _add_collar(sheet)
    sheet.to_mesh(shirt.data)
    sheet.free()
    thick = shirt.modifiers.new("Thick", "SOLIDIFY")
    thick.thickness, thick.offset = 0.0025, 1.0
    smooth = shirt.modifiers.new("Smooth", "SUBSURF")
    smooth.levels = smooth.render_levels = 2
    shirt.data.materials.append(jersey())
    return shirt


def _add_collar(sheet: bmesh.types.BMesh) -> None:
    """A band that stands up from the cut and leans to the neck."""
    normal = Vector(to_blender(COLLAR_NORMAL)).normalized()
    point = Vector(to_blender(COLLAR_POINT))
    rim = [edge for edge in sheet.edges if edge.is_boundary
           and all(abs((vertex.co - point).dot(normal)) < 1e-4 for vertex in edge.verts)]  # fmt: skip
    middle = sum((vertex.co for edge in rim for vertex in edge.verts), Vector()) / (2 * len(rim))
    for rise, lean in ((0.0, 1.02), (0.010, 0.95), (0.012, 0.93)):
        made = bmesh.ops.extrude_edge_only(sheet, edges=rim)["geom"]
        rim = [item for item in made if isinstance(item, bmesh.types.BMEdge)]
        for vertex in {vertex for edge in rim for vertex in edge.verts}:
            vertex.co = middle + (vertex.co - middle) * lean + normal * rise


def jersey() -> bpy.types.Material:
    """Soft dark knit."""
    shader = Shader("jersey")
    place = shader.add("ShaderNodeTexCoord").outputs["Object"]
    knit = shader.add("ShaderNodeTexWave", {"bands_direction": "X"}, Vector=place, Scale=55.0, Distortion=2.0).outputs[
        1
    ]
    height = shader.math("ADD", knit, shader.noise(place, 600))
    bump = shader.add("ShaderNodeBump", Strength=0.18, Distance=0.0006, Height=height).outputs[0]
    tone = shader.ramp(shader.noise(place, 60), (0.3, (0.020, 0.034, 0.047)), (0.7, (0.024, 0.040, 0.054)))
    return shader.finish(
        shader.add(
            "ShaderNodeBsdfPrincipled",
            Base_Color=tone,
            Roughness=0.9,
            Normal=bump,
            Sheen_Weight=0.25,
            Sheen_Roughness=0.4,
            Specular_IOR_Level=0.2,
        )
    )
