"""Eyes: painted balls under a clear cornea."""

from __future__ import annotations

import bpy
import numpy as np
from garrick.bodies.head import JOINTS
from mathutils import Vector

from blender_addon.axes import to_blender
from portrait.nodes import Shader
from portrait.person import Person
from portrait.skin import make_mesh

IRIS = 0.41  # radius of the iris in radii of the eyeball


def make_eyes(person: Person) -> None:
    """Both eyeballs, each an object about its own joint."""
    joints = person.head.joints(person.identity)
    material = eye_material()
    for side in ("left_eye", "right_eye"):
        joint = JOINTS.index(side)
        quads = person.head.quads[(person.head.weights[person.head.quads, joint] > 0.5).all(axis=1)]
        middle = joints[joint]
        vertices = person.vertices - middle
        radius = float(np.linalg.norm(vertices[quads.ravel()], axis=1).mean())
        ball = make_mesh(side, vertices / radius, quads, 2)
        ball.scale = (radius,) * 3
        ball.location = Vector(to_blender(middle))
        ball.data.materials.append(material)


def eye_material() -> bpy.types.Material:
    """By the distance from the optical axis: pupil, fibrous iris, dark limbus, veined white; wet all over."""
    shader = Shader("eye")
    place = shader.add("ShaderNodeTexCoord").outputs["Object"]
    axes = shader.add("ShaderNodeSeparateXYZ", i0=place)
    flat = shader.add("ShaderNodeCombineXYZ", X=axes.outputs[0], Y=axes.outputs[2]).outputs[0]
    radius = shader.add("ShaderNodeVectorMath", {"operation": "LENGTH"}, i0=flat).outputs["Value"]
    direction = shader.add("ShaderNodeVectorMath", {"operation": "NORMALIZE"}, i0=flat).outputs[0]
    spokes = shader.add("ShaderNodeVectorMath", {"operation": "SCALE"}, i0=direction, Scale=5.0).outputs[0]
    spread = shader.add("ShaderNodeCombineXYZ", Z=shader.math("MULTIPLY", radius, 4.0)).outputs[0]
    fibres = shader.noise(shader.add("ShaderNodeVectorMath", i0=spokes, i1=spread).outputs[0], 2.6, 5, 0.7)
    iris = shader.ramp(
        fibres, (0.30, (0.030, 0.014, 0.006)), (0.52, (0.105, 0.052, 0.020)), (0.72, (0.24, 0.135, 0.055))
    )
    inner = shader.ramp(radius, (0.17, (1.35, 1.0, 0.75)), (0.30, (1, 1, 1)), (0.42, (0.40, 0.38, 0.38)))
    iris = shader.mix(1.0, iris, inner, "MULTIPLY")
    veins = shader.ramp(shader.noise(place, 7, 6, 0.7), (0.55, (0.70, 0.655, 0.61)), (0.75, (0.66, 0.50, 0.45)))
    white = shader.mix(shader.ramp(radius, (0.55, (0, 0, 0)), (0.95, (0.35, 0.35, 0.35))), veins, (0.60, 0.40, 0.34, 1))
    edge = shader.ramp(radius, (IRIS - 0.03, (0, 0, 0)), (IRIS + 0.03, (1, 1, 1)))
    color = shader.mix(edge, iris, white)
    pupil = shader.ramp(radius, (0.145, (0, 0, 0)), (0.165, (1, 1, 1)))
    color = shader.mix(1.0, color, pupil, "MULTIPLY")
    return shader.finish(
        shader.add(
            "ShaderNodeBsdfPrincipled",
            Base_Color=color,
            Roughness=0.35,
            Coat_Weight=1.0,
            Coat_Roughness=0.015,
            Coat_IOR=1.38,
            Subsurface_Weight=0.15,
            Subsurface_Radius=(1.0, 0.5, 0.4),
            Subsurface_Scale=0.05,
        )
    )
