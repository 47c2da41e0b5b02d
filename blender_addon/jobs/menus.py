"""Where Blender's own menus lead to Garrick, and the shortcut."""

from __future__ import annotations

import bpy

_SHORTCUT = {"type": "P", "value": "PRESS", "ctrl": True, "alt": True}  # free in the 3D view of every supported Blender


class GARRICK_OT_speak_strip(bpy.types.Operator):
    """Take the active sound strip as the voice of Garrick's next shot"""

    bl_idname = "garrick.speak_strip"
    bl_label = "Use as Garrick Voice"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if _active_sound(context) is None:
            cls.poll_message_set("Make a sound strip the active one first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        inputs = _edited_scene(context).garrick_inputs
        inputs.voice, inputs.strip = "STRIP", _active_sound(context).name
        return {"FINISHED"}


class GARRICK_OT_speak_text(bpy.types.Operator):
    """Take what is selected in this text, or all of it, as what is said in Garrick's next shot"""

    bl_idname = "garrick.speak_text"
    bl_label = "Use as Garrick Text"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if getattr(context, "edit_text", None) is None:
            cls.poll_message_set("Open a text in the text editor first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        inputs = context.scene.garrick_inputs
        inputs.voice, inputs.text_block = "BLOCK", context.edit_text
        return {"FINISHED"}


_CLASSES = (GARRICK_OT_speak_strip, GARRICK_OT_speak_text)

_keys: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    """Add the entries and the shortcut; a Blender without a window may have no place for the latter."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.VIEW3D_MT_add.append(_perform_entry)
    bpy.types.SEQUENCER_MT_strip.append(_strip_entry)
    bpy.types.TEXT_MT_edit.append(_text_entry)
    config = bpy.context.window_manager.keyconfigs.addon
    if config is not None:
        keymap = config.keymaps.new(name="3D View", space_type="VIEW_3D")
        _keys.append((keymap, keymap.keymap_items.new("garrick.perform", **_SHORTCUT)))


def unregister() -> None:
    """Take them away again."""
    for keymap, item in _keys:
        keymap.keymap_items.remove(item)
    _keys.clear()
    bpy.types.TEXT_MT_edit.remove(_text_entry)
    bpy.types.SEQUENCER_MT_strip.remove(_strip_entry)
    bpy.types.VIEW3D_MT_add.remove(_perform_entry)
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)


def _perform_entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.operator("garrick.perform", text="Garrick Performance", icon="USER")


def _strip_entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.operator(GARRICK_OT_speak_strip.bl_idname, icon="SPEAKER")


def _text_entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.operator(GARRICK_OT_speak_text.bl_idname, icon="SPEAKER")


def _edited_scene(context: bpy.types.Context) -> bpy.types.Scene:
    """The scene that the sequencer edits: since 5.0 it may be another than the window's."""
    return getattr(context, "sequencer_scene", None) or context.scene


def _active_sound(context: bpy.types.Context) -> bpy.types.ID | None:
    editor = _edited_scene(context).sequence_editor
    strip = editor.active_strip if editor is not None else None
    return strip if strip is not None and strip.type == "SOUND" else None
