"""The objects of a shot, found whatever the artist renamed, duplicated or hid; refused where nothing can be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import bpy

from ..core.arkit import ARKIT_NAMES

Block = TypeVar("Block", bound=bpy.types.ID)


@dataclass(frozen=True)
class Parts:
    """What a shot's frames follow. camera: the shot's own, None when it has been deleted."""

    head: bpy.types.Object
    armature: bpy.types.Object
    camera: bpy.types.Object | None


def parts_of(shot: bpy.types.Collection) -> Parts:
    """The parts of a shot: the ones it remembers while they lie in its collection, else ones that look like them.

    A duplicated collection remembers the objects of its original; its own are found by what they are.
    Raises ValueError with a sentence for the user.
    """
    held, members = shot.garrick, list(shot.all_objects)
    head = _one(held.head, members, _is_head)
    if head is None:
        raise ValueError(f"{shot.name} has lost its head with the ARKit shape keys; undo, or import the shot again.")
    bound = [modifier.object for modifier in head.modifiers if modifier.type == "ARMATURE" and modifier.object]
    armature = _one(held.armature, [*bound, *members], lambda item: item.type == "ARMATURE")
    if armature is None:
        raise ValueError(f"{shot.name} has lost its rig; undo, or import the shot again.")
    return Parts(head, armature, _one(held.camera, members, lambda item: item.type == "CAMERA"))


def refusal(shot: bpy.types.Collection) -> str | None:
    """Why nothing can be rendered again from a shot here; None when it can."""
    if shot.library is not None:
        return f"{shot.name} is linked from {Path(shot.library.filepath).name}: re-render it in that file, or make it local"
    if shot.override_library is not None:
        return f"{shot.name} overrides a linked shot: make it local (Object > Relations > Make Local > All) first"
    try:
        parts = parts_of(shot)
    except ValueError as error:
        return str(error)
    for item in (parts.head, parts.armature):
        if item.library is not None:
            return f"{item.name} is linked from {Path(item.library.filepath).name}: make it local first"
    return None


def by_uid(blocks: Iterable[Block], uid: int) -> Block:
    """The data-block of that session_uid: it stays the same through renaming, undo and redo. Raises ValueError."""
    for block in blocks:
        if block.session_uid == uid:
            return block
    raise ValueError("The shot or its scene was deleted meanwhile.")


@contextmanager
def shown(scene: bpy.types.Scene, items: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Show objects while they are read: Blender does not animate what nobody sees.

    Raises ValueError for an object that is in no visible collection of the scene.
    """
    layer = scene.view_layers[0] if bpy.context.scene != scene else bpy.context.view_layer
    restore = []
    try:
        for item in items:
            if item.name not in layer.objects:
                raise ValueError(
                    f"{item.name} is not in the view layer {layer.name}: tick its collection in the Outliner first."
                )
            if item.hide_viewport:
                item.hide_viewport = False
                restore.append((item, "hide_viewport"))
            if item.hide_get(view_layer=layer):
                item.hide_set(False, view_layer=layer)
                restore.append((item, "eye"))
        hidden = [item for item in items if not item.visible_get(view_layer=layer)]
        if hidden:
            raise ValueError(f"{hidden[0].name} is in a hidden collection: show it in the Outliner first.")
        yield
    finally:
        for item, how in restore:
            if how == "eye":
                item.hide_set(True, view_layer=layer)
            else:
                item.hide_viewport = True


def _is_head(item: bpy.types.Object) -> bool:
    if item.type != "MESH" or item.data.shape_keys is None:
        return False
    blocks = item.data.shape_keys.key_blocks
    return sum(name in blocks for name in ARKIT_NAMES) > len(ARKIT_NAMES) // 2


def _one(held: bpy.types.Object | None, members: Iterable[bpy.types.Object], fits) -> bpy.types.Object | None:
    """The remembered object while it is a member that fits, else the first member that does."""
    fitting = [item for item in members if fits(item)]
    return held if held in fitting else next(iter(fitting), None)
