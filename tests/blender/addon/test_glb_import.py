"""A GLB that Garrick wrote, in Blender's own importer: the same head in the same pose at the same instant."""

from __future__ import annotations

import bpy
import numpy as np

from blender_addon.axes import to_blender
from blender_addon.core.archive import load_arrays
from blender_addon.core.arkit import ARKIT_NAMES
from blender_addon.core.glb_write import write_glb
from blender_addon.core.performance import Performance
from blender_addon.core.rotation import rotation_matrices
from blender_addon.core.turns import rotation_of


def posed(rig: dict[str, np.ndarray], performance: Performance, frame: int) -> np.ndarray:
    """(V, 3) metres in Garrick's space: shapes, then linear blend skinning along the chain of joints."""
    vertices = rig["vertices"].astype(np.float64)
    for shape, weight in enumerate(performance.face[frame]):
        entries = slice(rig["shape_starts"][shape], rig["shape_starts"][shape + 1])
        vertices[rig["shape_vertices"][entries]] += weight * rig["shape_deltas"][entries]
    places, turns, shifts = rig["joint_positions"].astype(np.float64), [], []
    for joint, parent in enumerate(rig["joint_parents"]):
        channel = str(rig["joint_channels"][joint])
        own = rotation_matrices(rotation_of(performance, channel)[frame].astype(np.float64)) if channel else np.eye(3)
        before = (np.eye(3), performance.head_translation[frame].astype(np.float64))
        turn, shift = (turns[parent], shifts[parent]) if parent >= 0 else before
        turns.append(turn @ own)
        shifts.append(turn @ places[joint] + shift - turns[-1] @ places[joint])
    moved = np.einsum("jab,vb->vja", np.array(turns), vertices) + np.array(shifts)
    return np.einsum("vj,vja->va", rig["weights"], moved)


def strongest_four(rig: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The rig with what the format keeps of its weights; the tiny one has five joints at a vertex."""
    weights = np.sort(rig["weights"], axis=1)[:, -4, None]
    kept = np.where(rig["weights"] >= weights, rig["weights"], 0)
    return rig | {"weights": kept / kept.sum(axis=1, keepdims=True)}


def test_blender_poses_the_head_as_garrick_does(tiny_shot, tmp_path):
    shot = tiny_shot(frames=12).parent
    performance, rig = Performance.load(shot / "performance.npz"), strongest_four(load_arrays(shot / "rig.npz"))
    write_glb(performance, rig, tmp_path / "head.glb", (shot / "texture.png").read_bytes())
    scene = bpy.context.scene
    scene.render.fps = 25
    assert bpy.ops.import_scene.gltf(filepath=str(tmp_path / "head.glb")) == {"FINISHED"}
    head = next(item for item in scene.objects if item.type == "MESH" and item.data.shape_keys)
    assert [key.name for key in head.data.shape_keys.key_blocks[1:]] == list(ARKIT_NAMES)
    assert {material.name for material in head.data.materials} == {"skin", "eye"}
    assert any(image.size[:] != (0, 0) for image in bpy.data.images)
    actions = [action for action in bpy.data.actions if action.frame_range[1] > 1]
    first = min(float(action.frame_range[0]) for action in actions)
    assert max(float(action.frame_range[1]) for action in actions) == first + 11
    for frame in (0, 5, 11):
        scene.frame_set(round(first) + frame)
        evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get())
        found = np.array([evaluated.matrix_world @ vertex.co for vertex in evaluated.data.vertices])
        wanted = to_blender(posed(rig, performance, frame))
        apart = np.linalg.norm(found[:, None] - wanted[None], axis=2)
        # corners that lie together but not in the texture are vertices of their own
        assert apart.min(axis=1).max() < 1e-5
        assert apart.min(axis=0).max() < 1e-5
