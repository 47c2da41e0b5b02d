"""Characters of well-known kinds, small and made in code: their names, bones and axes are those of the real ones."""

from __future__ import annotations

import bpy
import numpy as np

from blender_addon.core.arkit import ARKIT_NAMES

VROID_KEYS = (
    "Fcl_ALL_Joy", "Fcl_BRW_Angry", "Fcl_BRW_Surprised", "Fcl_EYE_Close", "Fcl_EYE_Close_L", "Fcl_EYE_Close_R",
    "Fcl_EYE_Iris_Hide", "Fcl_MTH_Up", "Fcl_MTH_Down", "Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_MTH_E", "Fcl_MTH_O",
    "Fcl_HA_Hide",
)  # fmt: skip


def make_armature(name: str, bones: dict[str, tuple], turn: float = 0.0) -> bpy.types.Object:
    """bones: name -> (head, tail, parent's name or None, roll), metres, facing -Y; all turned by `turn` about Z."""
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    bpy.ops.object.mode_set(mode="EDIT")
    for bone_name, (head, tail, parent, roll) in bones.items():
        bone = armature.data.edit_bones.new(bone_name)
        bone.head, bone.tail, bone.roll = (spin @ head).tolist(), (spin @ tail).tolist(), roll
        bone.parent = armature.data.edit_bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def make_mesh(name: str, keys: tuple[str, ...], armature: bpy.types.Object | None = None) -> bpy.types.Object:
    """A mesh of one point for each key: key i moves point i up by a metre."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0.01 * i, 0.0, 1.5) for i in range(len(keys))], [], [])
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    item.shape_key_add(name="Basis", from_mix=False)
    for i, key in enumerate(keys):
        block = item.shape_key_add(name=key, from_mix=False)
        block.data[i].co.z += 1.0
        block.value = 0.0  # since 5.0 a new key is on
    if armature is not None:
        item.parent = armature
        item.modifiers.new("Armature", "ARMATURE").object = armature
    return item


def mpfb() -> bpy.types.Object:
    """MPFB's default rig, its body with ARKit's keys, and lashes and teeth that share some of them."""
    armature = make_armature(
        "Human",
        {
            "spine01": ((0, 0, 1.2), (0, 0, 1.4), None, 0.0),
            "neck01": ((0, 0.01, 1.4), (0, 0, 1.44), "spine01", 0.1),
            "neck02": ((0, 0, 1.44), (0, -0.01, 1.48), "neck01", 0.0),
            "neck03": ((0, -0.01, 1.48), (0, -0.01, 1.52), "neck02", -0.2),
            "head": ((0, -0.01, 1.52), (0, 0, 1.75), "neck03", 0.0),
            "jaw": ((0, -0.02, 1.56), (0, -0.1, 1.52), "head", 0.0),
            "eye.L": ((0.03, -0.08, 1.62), (0.03, -0.12, 1.62), "head", 0.3),
            "eye.R": ((-0.03, -0.08, 1.62), (-0.03, -0.12, 1.62), "head", -0.3),
            "upperarm01.L": ((0.15, 0, 1.4), (0.35, 0, 1.2), "spine01", 0.2),
            "lowerarm01.L": ((0.35, 0, 1.2), (0.52, -0.03, 1.02), "upperarm01.L", 0.5),
            "upperarm01.R": ((-0.15, 0, 1.4), (-0.35, 0, 1.2), "spine01", -0.2),
            "lowerarm01.R": ((-0.35, 0, 1.2), (-0.52, -0.03, 1.02), "upperarm01.R", -0.5),
        },
    )
    make_mesh("Human.body", ARKIT_NAMES, armature)
    make_mesh("Human.lashes", ("eyeBlinkLeft", "eyeBlinkRight", "eyeWideLeft"), armature)
    make_mesh("Human.teeth", ("jawOpen", "jawLeft"), armature)
    return armature


def vrm() -> bpy.types.Object:
    """VRoid's bones and keys; a rotation mode of Euler angles, and keys that go no further than 0.8."""
    armature = make_armature(
        "Avatar",
        {
            "J_Bip_C_Neck": ((0, 0, 1.2), (0, 0, 1.3), None, 0.0),
            "J_Bip_C_Head": ((0, 0, 1.3), (0, 0, 1.5), "J_Bip_C_Neck", 0.0),
            "J_Adj_L_FaceEye": ((0.03, -0.05, 1.38), (0.03, -0.1, 1.38), "J_Bip_C_Head", 0.0),
            "J_Adj_R_FaceEye": ((-0.03, -0.05, 1.38), (-0.03, -0.1, 1.38), "J_Bip_C_Head", 0.0),
        },
    )
    for bone in armature.pose.bones:
        bone.rotation_mode = "YXZ"
    face = make_mesh("Face", VROID_KEYS, armature)
    face.data.shape_keys.key_blocks["Fcl_EYE_Close_L"].slider_max = 0.8
    return armature


def odd() -> bpy.types.Object:
    """Names by no convention, bones with odd axes, and a face that looks along +X."""
    armature = make_armature(
        "Gerald",
        {
            "Neck_Bone": ((0, 0, 1.0), (0.05, 0, 1.1), None, 1.1),
            "The Head": ((0, 0, 1.1), (0, 0.2, 1.3), "Neck_Bone", -0.7),
            "eyeball.l": ((0.03, -0.05, 1.2), (0.03, -0.02, 1.28), "The Head", 0.4),
            "eyeball.r": ((-0.03, -0.05, 1.2), (-0.05, -0.02, 1.22), "The Head", 2.4),
            "Mandible": ((0, 0, 1.15), (0, -0.1, 1.1), "The Head", 0.0),
        },
        turn=np.pi / 2,
    )
    make_mesh(
        "Gerald skin", ("Left lid shut", "RIGHT_eyelid_closed", "Happy mouth", "brow raise L", "key_17"), armature
    )
    return armature
