"""What a character is made of: its armature, its meshes with face keys, and whether they can be animated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from .. import version_adapter
from ..axes import TO_BLENDER
from .limbs import Bone
from .names import plain, words_of
from .presets import rigify

WAYS = {"X": (1, 0, 0), "-X": (-1, 0, 0), "Y": (0, 1, 0), "-Y": (0, -1, 0), "Z": (0, 0, 1), "-Z": (0, 0, -1)}
"""The axes of an armature's own space, by the names that `facing_of` takes."""

_PLAINLY = 0.8  # cosine: a spine that points this well along an axis says which one is up
_TURNED = 0.0005  # metres: an eyeLook key that moves the eyeball's points this far turns the eyeball


@dataclass(frozen=True)
class Character:
    """root: the object that stands for it, its armature or its only mesh. meshes: those with face keys."""

    root: bpy.types.Object
    armature: bpy.types.Object | None
    meshes: tuple[bpy.types.Object, ...]

    @property
    def shapes(self) -> tuple[bpy.types.Key, ...]:
        """The face keys' data-blocks, each once: objects may share a mesh."""
        return tuple(dict.fromkeys(mesh.data.shape_keys for mesh in self.meshes))

    @property
    def key_names(self) -> list[str]:
        """The names of all face keys, bases left out."""
        names = (block.name for shapes in self.shapes for block in shapes.key_blocks if block != shapes.reference_key)
        return list(dict.fromkeys(names))

    @property
    def bone_names(self) -> list[str]:
        return [] if self.armature is None else [bone.name for bone in self.armature.data.bones]

    def bones(self) -> dict[str, Bone]:
        """Every bone at rest; the parent of one that constraints turn is the control that they follow."""
        if self.armature is None:
            return {}
        there = set(self.bone_names)
        carriers = {name: carrier for name, carrier in rigify.CARRIERS.items() if carrier in there}
        return {
            bone.name: Bone(
                np.array(bone.matrix_local.to_3x3()),
                np.array(bone.head_local),
                np.array(bone.children[0].head_local if len(bone.children) == 1 else bone.tail_local),
                carriers.get(bone.name, bone.parent.name if bone.parent else ""),
            )
            for bone in self.armature.data.bones
        }


def character_of(item: bpy.types.Object | None, scene: bpy.types.Scene) -> Character | None:
    """The character that an object is a part of; None when it has neither bones nor face keys."""
    if item is None or item.type not in ("MESH", "ARMATURE"):
        return None
    armature = item if item.type == "ARMATURE" else _armature_of(item)
    if armature is None:
        return Character(item, None, (item,)) if item.data.shape_keys else None
    meshes = tuple(
        mesh for mesh in scene.objects
        if mesh.type == "MESH" and mesh.data.shape_keys and _armature_of(mesh) == armature
    )  # fmt: skip
    return Character(armature, armature, meshes)


def obstacle(character: Character) -> str | None:
    """Why a character cannot be animated at all, with what to do; None when it can."""
    blocks = ([] if character.armature is None else [character.armature]) + list(character.shapes)
    for block in blocks:
        if not block.library:
            continue
        if isinstance(block, bpy.types.Key):
            return (
                f"The face keys of {block.user.name} are linked from another file, where Blender cannot animate them: "
                "make that mesh local (Object > Relations > Make Local > Selected Objects and Data), or animate it in "
                "its own file."
            )
        return (
            f"{block.name} is linked from another file: make a library override of it first "
            "(Object > Library Override > Make)."
        )
    return None


def driven_keys(shapes: bpy.types.Key) -> set[str]:
    """Names of the face keys that a driver moves: what is keyed on them has no effect."""
    data = shapes.animation_data
    paths = {driver.data_path for driver in data.drivers} if data else set()
    return {block.name for block in shapes.key_blocks if f"{block.path_from_id()}.value" in paths}


def keyed_bones(armature: bpy.types.Object) -> set[str]:
    """Names of the bones that an Action or an NLA strip moves."""
    paths = {curve.data_path for curve in version_adapter.curves_in_use(armature)}
    return {
        bone.name for bone in armature.pose.bones if any(path.startswith(f"{bone.path_from_id()}.") for path in paths)
    }


def driven_bones(armature: bpy.types.Object) -> set[str]:
    """Names of the bones whose place or turn a driver moves."""
    data = armature.animation_data
    paths = [driver.data_path for driver in data.drivers] if data else []
    prefixes = {bone.name: f"{bone.path_from_id()}." for bone in armature.pose.bones}
    return {
        name for name, prefix in prefixes.items()
        if any(path.startswith((prefix + "rotation_", prefix + "location")) for path in paths)
    }  # fmt: skip


def facing_of(character: Character, chosen: str) -> np.ndarray:
    """(3, 3) columns left, up and out of the face in the armature's space.

    Up is where the head's bones rise from the rig's root: an armature that came in by FBX is often upright along its own Y,
    in centimetres, and turned and scaled as an object.
    chosen: one of WAYS, or "AUTO": as its bones of the left and right side lie, else as the front view sees it.
    Raises ValueError when the chosen way is up or down.
    """
    if character.armature is None:
        return TO_BLENDER.copy()
    up, left = _upwards(character.armature), _leftwards(character)
    if chosen != "AUTO":
        out = np.array(WAYS[chosen], float)
        if abs(up @ out) > 0.5:
            raise ValueError(
                f"{character.root.name} stands upright along its own {chosen.strip('-')}: it cannot face that way."
            )
    else:
        to_own = np.array(character.armature.matrix_world.to_3x3().inverted_safe())
        front = to_own @ (0, -1, 0) if left is None else np.cross(left, up)
        out = _nearest_axis(front - (front @ up) * up)
    return np.column_stack([np.cross(up, out), up, out])


def eyes_turn_by_keys(character: Character) -> bool:
    """Whether the character's eyeLook keys turn its eyeballs, so that its eye bones need not."""
    eyes = {
        name for name in character.bone_names if plain(name) in ("eyeleft", "eyeright", "faceeyeleft", "faceeyeright")
    }
    for mesh in character.meshes:
        groups = {group.index for group in mesh.vertex_groups if group.name in eyes}
        looks = [block for block in mesh.data.shape_keys.key_blocks if plain(block.name).startswith("eyelook")]
        if not groups or not looks:
            continue
        ball = [v.index for v in mesh.data.vertices if any(g.group in groups and g.weight > 0.5 for g in v.groups)]
        if not ball:
            continue
        rest = _points(mesh.data.shape_keys.reference_key)[ball]
        if max(np.linalg.norm(_points(block)[ball] - rest, axis=1).max() for block in looks) > _TURNED:
            return True
    return False


def _armature_of(mesh: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that deforms a mesh, else the one that it hangs on."""
    for modifier in mesh.modifiers:
        if modifier.type == "ARMATURE" and modifier.object is not None:
            return modifier.object
    return next((parent for parent in _parents(mesh) if parent.type == "ARMATURE"), None)


def _parents(item: bpy.types.Object) -> Iterator[bpy.types.Object]:
    while item.parent is not None:
        item = item.parent
        yield item


def _upwards(armature: bpy.types.Object) -> np.ndarray:
    """(3,) the axis of the armature's space along which it is upright."""
    heads = [bone for bone in armature.data.bones if {"head", "neck"} & set(words_of(bone.name))]
    if heads:
        bone = min(heads, key=lambda bone: len(bone.name))
        root = bone.parent_recursive[-1] if bone.parent else bone
        rise = np.array(bone.tail_local) - np.array(root.head_local)
        along = _nearest_axis(rise)
        if rise @ along > _PLAINLY * np.linalg.norm(rise):
            return along
    return _nearest_axis(np.array(armature.matrix_world.to_3x3().inverted_safe()) @ (0, 0, 1))


def _nearest_axis(way: np.ndarray) -> np.ndarray:
    return np.array(max(WAYS.values(), key=lambda axis: np.dot(axis, way)), float)


def _leftwards(character: Character) -> np.ndarray | None:
    """Mean way from bones of the right side to their twins on the left."""
    if character.armature is None:
        return None
    places = {plain(bone.name): np.array(bone.head_local) for bone in character.armature.data.bones}
    ways = [
        place - places[name.removesuffix("left") + "right"]
        for name, place in places.items()
        if name.endswith("left") and name.removesuffix("left") + "right" in places
    ]
    return np.mean(ways, axis=0) if ways and np.linalg.norm(np.mean(ways, axis=0)) > 1e-6 else None


def _points(block: bpy.types.ShapeKey) -> np.ndarray:
    values = np.empty(3 * len(block.data), np.float32)
    block.data.foreach_get("co", values)
    return values.reshape(-1, 3)
