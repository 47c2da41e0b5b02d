"""Save, choose and remove presets of the settings."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from . import presets, schema_ui


class GARRICK_OT_load_preset(bpy.types.Operator):
    """Set the performance and the frames as this preset has them; inputs stay as they are"""

    bl_idname = "garrick.load_preset"
    bl_label = "Choose Preset"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    preset: StringProperty(name="Preset", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _known(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        try:
            schema_ui.store(scene, presets.applied(self.preset, schema_ui.stored(scene), schema_ui.fields()))
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_save_preset(bpy.types.Operator):
    """Keep the settings of the performance and the frames under a name"""

    bl_idname = "garrick.save_preset"
    bl_label = "Save Preset"

    preset: StringProperty(name="Name", maxlen=40, options={"SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _known(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            presets.save(self.preset, schema_ui.stored(context.scene), schema_ui.fields())
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_remove_preset(bpy.types.Operator):
    """Forget a preset of your own"""

    bl_idname = "garrick.remove_preset"
    bl_label = "Remove Preset"

    preset: StringProperty(name="Preset", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            presets.remove(self.preset)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_MT_presets(bpy.types.Menu):
    """The presets."""

    bl_label = "Presets"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        for name in presets.names():
            layout.operator(
                GARRICK_OT_load_preset.bl_idname, text=name, translate=not presets.is_own(name)
            ).preset = name
        layout.separator()
        layout.operator(GARRICK_OT_save_preset.bl_idname, icon="ADD")
        for name in filter(presets.is_own, presets.names()):
            text = bpy.app.translations.pgettext_iface("Remove {preset}").format(preset=name)
            layout.operator(
                GARRICK_OT_remove_preset.bl_idname, text=text, translate=False, icon="REMOVE"
            ).preset = name  # fmt: skip


_CLASSES = (GARRICK_OT_load_preset, GARRICK_OT_save_preset, GARRICK_OT_remove_preset, GARRICK_MT_presets)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)


def _known(cls: type[bpy.types.Operator]) -> bool:
    if not schema_ui.fields():
        cls.poll_message_set("Connect to the service first: it says what can be set")
        return False
    return True
