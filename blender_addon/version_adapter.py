"""What differs between Blender 4.2 LTS, 4.5 LTS, 5.0 and 5.2 LTS; no other module asks for a version.

Where a difference shows as an attribute, the attribute is asked for and not the version number.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

LINEAR, CONSTANT = 1, 0  # Keyframe.interpolation as foreach_set wants it

_HAS_SLOTS = "slots" in bpy.types.Action.bl_rna.properties  # 4.4 and later


class Clip:
    """The animation of one import: one Action with a slot for each data-block (4.4 and later), else an Action for each.

    name:     of the Action; where each data-block has its own, the data-block's name.
    separate: an Action for each data-block even where slots exist: Blender 4.2 reads only the first slot of a newer
              file's Action, so a file that it shall open whole needs them apart.
    """

    def __init__(self, name: str, separate: bool = False) -> None:
        self._name = name
        self._separate = separate
        self._action: bpy.types.Action | None = None

    def curves_of(self, block: bpy.types.ID) -> Any:
        """Give `block` its part of the animation and return what holds its `fcurves` and `groups`."""
        data = block.animation_data or block.animation_data_create()
        if not _HAS_SLOTS:
            data.action = bpy.data.actions.new(block.name)
            return data.action
        if self._action is None or self._separate:
            self._action = bpy.data.actions.new(block.name if self._separate else self._name)
            self._action.layers.new("Layer").strips.new(type="KEYFRAME")
        slot = self._action.slots.new(id_type=block.id_type, name=block.name)
        data.action = self._action
        data.action_slot = slot  # Blender's own choice may be none, and then nothing moves
        return self._action.layers[0].strips[0].channelbag(slot, ensure=True)


def write_curve(
    curves: Any, path: str, index: int, frames: np.ndarray, values: np.ndarray, group: str, interpolation: int = LINEAR
) -> bpy.types.FCurve:
    """Write one whole F-curve at once (a key at a time is some 60 times slower).

    curves: what `Clip.curves_of` returned. frames, values: (N,), frames ascending.
    """
    curve = curves.fcurves.new(path, index=index)
    points = np.empty(2 * len(frames), np.float32)
    points[0::2], points[1::2] = frames, values
    curve.keyframe_points.add(len(frames))
    curve.keyframe_points.foreach_set("co", points)
    curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), interpolation, np.int32))
    # The group argument of fcurves.new has another name in each version; the property has not.
    curve.group = curves.groups.get(group) or curves.groups.new(group)
    curve.update()
    return curve


def curves_in_use(block: bpy.types.ID) -> list[bpy.types.FCurve]:
    """The F-curves that move a data-block now; empty where nothing is assigned."""
    data = block.animation_data
    if data is None or data.action is None:
        return []
    if not _HAS_SLOTS:
        return list(data.action.fcurves)
    if data.action_slot is None:
        return []
    bags = (strip.channelbag(data.action_slot) for layer in data.action.layers for strip in layer.strips)
    return [curve for bag in bags if bag for curve in bag.fcurves]


def sequencer_strips(scene: bpy.types.Scene, create: bool = False) -> Any:
    """The sequencer's strips: `sequences` before 4.4; an empty tuple where there is no sequencer and none is made."""
    editor = scene.sequence_editor or (scene.sequence_editor_create() if create else None)
    if editor is None:
        return ()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def has_sound() -> bool:
    """Whether this Blender can load sound: the 4.2 module build cannot."""
    return bool(bpy.app.build_options.audaspace)


def use_nodes(tree_owner: bpy.types.Material | bpy.types.World) -> bpy.types.NodeTree:
    """The empty node tree of a material or world; since 5.0 there always is one, and asking for it is going away."""
    if bpy.app.version < (5, 0, 0):
        tree_owner.use_nodes = True
    tree_owner.node_tree.nodes.clear()
    return tree_owner.node_tree


def use_alpha_blending(material: bpy.types.Material) -> None:
    """See through a plate in the viewport (the property is EEVEE's; Cycles needs none)."""
    if hasattr(material, "surface_render_method"):
        material.surface_render_method = "BLENDED"
