"""The armature: a bone for each joint of the rig, and the vertex groups that bind the head to it."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

from ..axes import to_blender
from .materials import BODY
from .shot import Rig

_SHORTEST = 0.02  # metres: a bone that an artist can still click
_BODY_GROUP = "Garrick body"
_OUT_OF_FACE = np.array([0.0, 0.0, 1.0])


def make_armature(name: str, rig: Rig, collection: bpy.types.Collection) -> bpy.types.Object:
    """An armature object at the world's origin, in `collection`; its bones bear the joints' names."""
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    collection.objects.link(armature)
    tails = to_blender(rig.joint_positions + _bone_vectors(rig))
    heads = to_blender(rig.joint_positions)
    with bpy.context.temp_override(active_object=armature, object=armature, selected_objects=[armature]):
        bpy.context.view_layer.objects.active = armature
        bpy.ops.object.mode_set(mode="EDIT")
        bones = []
        for joint, parent in enumerate(rig.joint_parents):
            bone = armature.data.edit_bones.new(rig.joint_names[joint])
            bone.head, bone.tail = heads[joint].tolist(), tails[joint].tolist()
            bone.parent = bones[parent] if parent >= 0 else None
            # a performance turns the head in the body's space, whatever the trunk does that carries it
            bone.use_inherit_rotation = rig.joint_channels[joint] != "head_rotation"
            bones.append(bone)
        bpy.ops.object.mode_set(mode="OBJECT")
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    armature.show_in_front = True
    armature.data.display_type = "STICK"  # thin, so that the face behind them stays in sight
    return armature


def bind_steps(head: bpy.types.Object, armature: bpy.types.Object, rig: Rig) -> Iterator[None]:
    """Skin the mesh to the armature, a joint a step: the head by plain linear blending with the rig's own weights, as
    frames are rendered; trunk, arms and hands by dual quaternions, or bent joints would waste away."""
    for joint, name in enumerate(rig.joint_names):
        group = head.vertex_groups.new(name=name)
        column = rig.weights[:, joint]
        # One call for each distinct weight: rigid parts (eyes, teeth, shoulders) share one and take one call.
        order = np.argsort(column, kind="stable")
        values, firsts = np.unique(column[order], return_index=True)
        for value, members in zip(values, np.split(order, firsts[1:]), strict=True):
            if value > 0:
                group.add(members.tolist(), float(value), "REPLACE")
        yield
    head.parent = armature
    body = _body_vertices(rig)
    if len(body):
        head.vertex_groups.new(name=_BODY_GROUP).add(body.tolist(), 1.0, "REPLACE")
    for preserves in (False, True)[: 1 + bool(len(body))]:
        modifier = head.modifiers.new("Armature, body" if preserves else "Armature", "ARMATURE")
        modifier.object = armature
        modifier.use_deform_preserve_volume = preserves
        if len(body):
            modifier.vertex_group, modifier.invert_vertex_group = _BODY_GROUP, not preserves


def _body_vertices(rig: Rig) -> np.ndarray:
    """(n,) vertices of body and hands alone."""
    of_body = np.repeat(np.isin(rig.material_names, BODY)[rig.material], rig.polygon_sizes.astype(int))
    return np.setdiff1d(rig.loops[of_body], rig.loops[~of_body])


def _bone_vectors(rig: Rig) -> np.ndarray:
    """(J, 3) from each joint to its tail: towards the middle of what the joint moves, else (an eyeball turns about its
    middle) out of the face. The direction has no effect on how the head moves, only on how the bone reads."""
    mass = np.maximum(rig.weights.sum(axis=0), 1e-9)[:, None]
    vectors = rig.weights.T @ rig.vertices / mass - rig.joint_positions
    vectors[rig.weights.sum(axis=0) < 1e-6] = 0.0
    lengths = np.linalg.norm(vectors, axis=1)
    short = lengths < _SHORTEST / 2
    vectors[short] = _OUT_OF_FACE * _SHORTEST
    return vectors * np.maximum(1.0, _SHORTEST / np.linalg.norm(vectors, axis=1))[:, None]
