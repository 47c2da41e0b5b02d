"""The head's mesh: polygons, both UV maps, materials by polygon, and the shape keys."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import bpy
import numpy as np

from ..axes import to_blender
from .shot import Rig

ATLAS_UV, PHOTO_UV = "atlas", "photo"


def head_steps(
    name: str, rig: Rig, materials: Sequence[bpy.types.Material]
) -> Generator[None, None, bpy.types.Object]:  # fmt: skip
    """Make the head, a shape key a step: an object at the world's origin, not yet in a collection.

    materials: one for each of `rig.material_names`.
    """
    mesh = bpy.data.meshes.new(name)
    _add_polygons(mesh, rig)
    yield
    for map_name, uv in ((ATLAS_UV, rig.uv), (PHOTO_UV, rig.photo_uv)):
        mesh.uv_layers.new(name=map_name).uv.foreach_set("vector", np.ravel(uv).astype(np.float32))
    mesh.uv_layers.active = mesh.uv_layers[ATLAS_UV]  # what the viewport's textured solid mode looks up
    for material in materials:
        mesh.materials.append(material)
    mesh.polygons.foreach_set("material_index", rig.material.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    head = bpy.data.objects.new(name, mesh)
    yield from _add_shape_keys(head, rig)
    return head


def _add_polygons(mesh: bpy.types.Mesh, rig: Rig) -> None:
    starts = np.concatenate([[0], np.cumsum(rig.polygon_sizes)[:-1]])
    mesh.vertices.add(len(rig.vertices))
    mesh.vertices.foreach_set("co", np.ravel(to_blender(rig.vertices)).astype(np.float32))
    mesh.loops.add(len(rig.loops))
    mesh.loops.foreach_set("vertex_index", rig.loops.astype(np.int32))
    mesh.polygons.add(len(rig.polygon_sizes))
    mesh.polygons.foreach_set("loop_start", starts.astype(np.int32))
    mesh.update(calc_edges=True)


def _add_shape_keys(head: bpy.types.Object, rig: Rig) -> Iterator[None]:
    rest = to_blender(rig.vertices).astype(np.float32)
    head.shape_key_add(name="Basis", from_mix=False)
    for shape, name in enumerate(rig.shape_names):
        entries = slice(rig.shape_starts[shape], rig.shape_starts[shape + 1])
        moved = rest.copy()
        moved[rig.shape_vertices[entries]] += to_blender(rig.shape_deltas[entries])
        key = head.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", np.ravel(moved))
        key.slider_min, key.slider_max, key.value = 0.0, 1.0, 0.0  # since 5.0 a new key is on
        yield
    head.data.shape_keys.name = head.name
