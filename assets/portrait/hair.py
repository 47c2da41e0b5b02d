"""The strands as Blender's hair curves, with a melanin shader."""

from __future__ import annotations

import bpy
import numpy as np

from blender_addon.axes import to_blender
from portrait.nodes import Shader
from portrait.person import Person
from portrait.strands import Scalp, Strands, brows, lashes, scalp_hair

SEED = 11


def make_hair(person: Person) -> None:
    """Scalp hair, brows and lashes."""
    rng, scalp = np.random.default_rng(SEED), Scalp(person)
    brown = hair_material("hair", 0.90, 0.30, 0.08)
    dark = hair_material("lashes", 1.0, 0.0, 0.0)
    _curves("hair", scalp_hair(scalp, 42000, rng), brown)
    _curves("brows", brows(person, scalp, 520, rng), hair_material("brows", 0.84, 0.35, 0.1))
    _curves("lashes", lashes(person, rng), dark)


def hair_material(name: str, melanin: float, redness: float, spread: float) -> bpy.types.Material:
    """Hair by its pigment (Chiang et al. 2016): melanin 0..1, redness 0..1, how much hairs differ."""
    shader = Shader(name)
    random = shader.add("ShaderNodeHairInfo").outputs["Random"]
    return shader.finish(
        shader.add(
            "ShaderNodeBsdfHairPrincipled",
            {"parametrization": "MELANIN"},
            Melanin=melanin,
            Melanin_Redness=redness,
            Random_Color=spread,
            Roughness=0.34,
            Radial_Roughness=0.4,
            Random_Roughness=0.3,
            Random=random,
        )
    )


def _curves(name: str, strands: Strands, material: bpy.types.Material) -> None:
    count, steps, _ = strands.points.shape
    data = bpy.data.hair_curves.new(name)
    data.add_curves([steps] * count)
    data.attributes["position"].data.foreach_set("vector", to_blender(strands.points).astype(np.float32).ravel())
    taper = np.clip(1.15 - np.linspace(0, 1, steps) ** 2, 0.08, 1)
    radius = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", (strands.radius[:, None] * taper).astype(np.float32).ravel())
    data.materials.append(material)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, data))
