"""What differs between Blender 4.2 LTS, 4.5 LTS, 5.0 and 5.2 LTS; no other module asks for a version.

Where a difference shows as an attribute, the attribute is asked for and not the version number.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

LINEAR, CONSTANT = 1, 0  # Keyframe.interpolation as foreach_set wants it

HAS_SLOTS = "slots" in bpy.types.Action.bl_rna.properties  # 4.4 and later


class Clip:
    """The animation of one import: one Action with a slot for each data-block (4.4 and later), else an Action for each.

    It is written with `curves_of` and `write_curve` and then laid into NLA tracks by `lay_down`, above what a data-block
    already has: no animation that was there is changed.

    name:     of the Action and its tracks; where each data-block has its own Action, that bears the data-block's name.
    separate: an Action for each data-block even where slots exist: Blender 4.2 reads only the first slot of a newer
              file's Action, so a file that it shall open whole needs them apart.
    """

    def __init__(self, name: str, separate: bool = False) -> None:
        self._name = name
        self._separate = separate
        self._action: bpy.types.Action | None = None
        self._parts: dict[bpy.types.ID, tuple[bpy.types.Action, Any, Any]] = {}  # action, slot, what holds its curves

    def curves_of(self, block: bpy.types.ID) -> Any:
        """What holds the `fcurves` and `groups` of a data-block's part. Raises ValueError when its NLA is being edited."""
        if block in self._parts:
            return self._parts[block][2]
        check_editable(block)
        if not HAS_SLOTS:
            action = bpy.data.actions.new(block.name)
            self._parts[block] = (action, None, action)
            return action
        if self._action is None or self._separate:
            self._action = bpy.data.actions.new(block.name if self._separate else self._name)
            self._action.layers.new("Layer").strips.new(type="KEYFRAME")
        slot = self._action.slots.new(id_type=block.id_type, name=block.name)
        bag = self._action.layers[0].strips[0].channelbag(slot, ensure=True)
        self._parts[block] = (self._action, slot, bag)
        return bag

    def lay_down(self) -> dict[bpy.types.ID, bpy.types.NlaStrip]:
        """Lay each part into a new track on top of its data-block's, once every curve is written.

        Outside of the clip a data-block holds the ends of the clip, or shows the animation that it had before.
        Returns the strip of each data-block that has any curve.
        """
        strips = {}
        for block, (action, slot, curves) in self._parts.items():
            if not len(curves.fcurves):
                continue
            data = block.animation_data or block.animation_data_create()
            alone = data.action is None and not len(data.nla_tracks)
            strip = _new_strip(data, self._name, action, slot, curves.fcurves)
            strip.extrapolation = "HOLD" if alone else "NOTHING"
            curves.fcurves[0].update()  # tells Blender that the Action changed: `write_curve` does not
            strips[block] = strip
        return strips


def check_editable(block: bpy.types.ID) -> None:
    """Raise ValueError, with a sentence for the user, when a data-block's NLA cannot take a track now."""
    if block.animation_data is not None and block.animation_data.use_tweak_mode:
        raise ValueError(f"A strip of {block.name} is edited in the NLA editor; leave its tweak mode (Tab) first.")


def push_down(block: bpy.types.ID) -> None:
    """Lay the Action that a data-block has into an NLA track on top of its others; nothing where it has none."""
    data = block.animation_data
    if data is None or data.action is None:
        return
    action, slot = data.action, getattr(data, "action_slot", None)
    curves = curves_of_action(action, slot)
    data.action = None
    if not curves:
        return
    _new_strip(data, action.name, action, slot, curves).extrapolation = "HOLD"


def _new_strip(
    data: bpy.types.AnimData, name: str, action: bpy.types.Action, slot: Any, curves: Any
) -> bpy.types.NlaStrip:
    """A strip in a track on top of the others that plays its Action's keys at their own frames."""
    tracks = data.nla_tracks
    track = tracks.new(prev=tracks[-1]) if len(tracks) else tracks.new()
    track.name = name
    start, end = _key_range(curves)
    strip = track.strips.new(name, int(np.floor(start)), action)
    if slot is not None:
        strip.action_slot = slot  # Blender's own choice may be none, and then nothing moves
    end = max(end, start + 1)  # a strip has some length, even of a single key
    strip.action_frame_start, strip.action_frame_end = start, end
    strip.scale = 1.0
    strip.frame_start_raw, strip.frame_end_raw = start, end
    return strip


def _key_range(curves: Any) -> tuple[float, float]:
    """First and last frame of a data-block's keys."""
    ranges = [curve.range() for curve in curves]
    return min(item[0] for item in ranges), max(item[1] for item in ranges)


def write_curve(
    curves: Any, path: str, index: int, frames: np.ndarray, values: np.ndarray, group: str, interpolation: int = LINEAR
) -> bpy.types.FCurve:
    """Write one whole F-curve at once (a key at a time is some 60 times slower).

    curves: what `Clip.curves_of` returned. frames, values: (N,), frames ascending. Handles are left as they are: straight
    lines have no use for them, Blender computes them as soon as a key is edited, and doing so here takes twice as long
    as all the rest.
    """
    curve = curves.fcurves.new(path, index=index)
    points = np.empty(2 * len(frames), np.float32)
    points[0::2], points[1::2] = frames, values
    curve.keyframe_points.add(len(frames))
    curve.keyframe_points.foreach_set("co", points)
    curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), interpolation, np.uint8))
    # The group argument of fcurves.new has another name in each version; the property has not.
    curve.group = curves.groups.get(group) or curves.groups.new(group)
    return curve


def curves_in_use(block: bpy.types.ID) -> list[bpy.types.FCurve]:
    """The F-curves that move a data-block now: of its Action and of the NLA strips that are not muted."""
    data = block.animation_data
    if data is None:
        return []
    curves = curves_of_action(data.action, getattr(data, "action_slot", None))
    if not data.use_nla or data.use_tweak_mode:
        return curves
    solo = any(track.is_solo for track in data.nla_tracks)
    for track in data.nla_tracks:
        if track.is_solo if solo else not track.mute:
            for strip in track.strips:
                if not strip.mute:
                    curves += curves_of_action(strip.action, getattr(strip, "action_slot", None))
    return curves


def curves_of_action(action: bpy.types.Action | None, slot: Any) -> list[bpy.types.FCurve]:
    """The F-curves of an Action for one slot (None before 4.4); empty without an Action or a slot."""
    if action is None:
        return []
    if not HAS_SLOTS:
        return list(action.fcurves)
    if slot is None:
        return []
    bags = (strip.channelbag(slot) for layer in action.layers for strip in layer.strips)
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


def path_options() -> set[str]:
    """Options of a property that holds a file's path: since 4.5 it must be said that "//" may begin it."""
    known = bpy.types.Property.bl_rna.properties
    return {"PATH_SUPPORTS_BLEND_RELATIVE"} if "is_path_supports_blend_relative" in known else set()


def strip_trim(strip: bpy.types.Strip | bpy.types.Sequence) -> tuple[float, float]:
    """Frames of its source that a strip leaves out at the beginning, and frames that it shows."""
    if hasattr(strip, "left_handle_offset"):  # 5.2 and later
        return strip.content_trim_start + strip.left_handle_offset, strip.duration
    return strip.animation_offset_start + strip.frame_offset_start, strip.frame_final_duration


def strips_name(editor: bpy.types.SequenceEditor) -> str:
    """The property of a sequencer that holds all its strips, those within metas too."""
    return "strips_all" if hasattr(editor, "strips_all") else "sequences_all"


def compositor_tree(scene: bpy.types.Scene, create: bool = False) -> bpy.types.NodeTree | None:
    """The scene's compositor, switched on with `create`: a node group of its own since 5.0."""
    if not hasattr(scene, "compositing_node_group"):
        if create:
            scene.use_nodes = True
        return scene.node_tree if scene.use_nodes else None
    if create and scene.compositing_node_group is None:
        scene.compositing_node_group = bpy.data.node_groups.new(f"{scene.name} compositing", "CompositorNodeTree")
    return scene.compositing_node_group


def compositor_output(tree: bpy.types.NodeTree) -> bpy.types.NodeSocket:
    """The socket that takes the finished picture; its node is made where there is none."""
    grouped = bpy.app.version >= (5, 0, 0)
    kind = "GROUP_OUTPUT" if grouped else "COMPOSITE"
    found = [node for node in tree.nodes if node.type == kind]
    node = next((node for node in found if not grouped or node.is_active_output), None)
    if grouped and not any(
        item.item_type == "SOCKET" and item.in_out == "OUTPUT" for item in tree.interface.items_tree
    ):
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    if node is None:
        node = tree.nodes.new("NodeGroupOutput" if grouped else "CompositorNodeComposite")
    return node.inputs[0]


def math_node(tree: bpy.types.NodeTree, operation: str) -> bpy.types.Node:
    """A Math node in a compositor: since 5.0 it is the shader's."""
    node = tree.nodes.new("ShaderNodeMath" if bpy.app.version >= (5, 0, 0) else "CompositorNodeMath")
    node.operation = operation
    return node


def scale_to_render(node: bpy.types.Node, method: str, nearest: bool) -> None:
    """Let a Scale node fit the render's size: `method` STRETCH, FIT or CROP. nearest: mix no pixels (4.2 always does)."""
    if "Frame Type" in node.inputs:  # 5.0 and later
        node.inputs["Type"].default_value, node.inputs["Frame Type"].default_value = "Render Size", method.title()
        node.inputs["Interpolation"].default_value = "Nearest" if nearest else "Bilinear"
        return
    node.space, node.frame_method = "RENDER_SIZE", method
    if hasattr(node, "interpolation"):
        node.interpolation = "NEAREST" if nearest else "BILINEAR"


def apply_mask(node: bpy.types.Node) -> None:
    """Let a Set Alpha node multiply the picture, alpha and all, by its mask."""
    if "Type" in node.inputs:
        node.inputs["Type"].default_value = "Apply Mask"
    else:
        node.mode = "APPLY"


def over_sockets(node: bpy.types.Node) -> tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]:
    """Background and foreground of an Alpha Over node."""
    if "Background" in node.inputs:
        return node.inputs["Background"], node.inputs["Foreground"]
    return node.inputs[1], node.inputs[2]


def color_icon(number: int) -> str:
    """The square of a strip's colour tag, 1 .. 9: the sequencer's strips were called sequences before 4.5."""
    known = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
    name = f"STRIP_COLOR_{number:02}"
    return name if name in known else f"SEQUENCE_COLOR_{number:02}"


def mix_colors(
    tree: bpy.types.NodeTree, blend: str
) -> tuple[bpy.types.Node, tuple[bpy.types.NodeSocket, bpy.types.NodeSocket, bpy.types.NodeSocket]]:
    """A node that mixes colours in a compositor, with its factor and its two colours: since 5.0 it is the shader's."""
    if bpy.app.version < (5, 0, 0):
        node = tree.nodes.new("CompositorNodeMixRGB")
        node.blend_type = blend
        return node, (node.inputs[0], node.inputs[1], node.inputs[2])
    node = tree.nodes.new("ShaderNodeMix")
    node.data_type, node.blend_type = "RGBA", blend
    enabled = [socket for socket in node.inputs if socket.enabled]
    return node, (enabled[0], enabled[1], enabled[2])
