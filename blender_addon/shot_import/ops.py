"""File > Import > Garrick Shot (shot.json)."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as iface
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from .scene import Options, import_shot
from .shot import read_shot
from .timeline import PLACES, start_frame


class GARRICK_OT_import_shot(bpy.types.Operator, ImportHelper):
    """Import a shot that Garrick made: head with shape keys, rig, camera, frames and voice"""

    bl_idname = "garrick.import_shot"
    bl_label = "Import Garrick Shot"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]
    place: EnumProperty(
        name="Begin at",
        description="Where the shot begins in the scene's time",
        items=(*PLACES, ("FRAME", "Frame", "At a frame of your choice")),
    )  # type: ignore[valid-type]
    frame: IntProperty(name="Frame", description="The frame at which the shot begins", default=1)  # type: ignore[valid-type]
    word_markers: BoolProperty(  # type: ignore[valid-type]
        name="Word Markers", description="Mark on the timeline where each word begins", default=True
    )
    phone_markers: BoolProperty(  # type: ignore[valid-type]
        name="Phone Markers", description="Mark on the timeline where each speech sound begins", default=False
    )
    reduce: BoolProperty(  # type: ignore[valid-type]
        name="Reduce Keys", description="Leave out keys that a straight line passes closely enough", default=False
    )
    key_error: FloatProperty(  # type: ignore[valid-type]
        name="Largest Error",
        description="How far a curve may lie from the performance: in face weights (0 to 1), quaternion components, metres",
        default=0.002, min=1e-6, soft_max=0.05, precision=4,
    )  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Leave the edit or pose mode first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            shot = read_shot(Path(bpy.path.abspath(self.filepath)))
            start = self.frame if self.place == "FRAME" else start_frame(context.scene, self.place)
            error = self.key_error if self.reduce else 0.0
            options = Options(start, self.word_markers, self.phone_markers, error)
            imported = import_shot(shot, context.scene, options)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for note in imported.notes:
            self.report({"WARNING"}, note)
        message = iface("Imported {name}: {frames} frames.").format(name=shot.name, frames=len(shot.performance))
        self.report({"INFO"}, " ".join((message, *imported.controls)))
        return {"FINISHED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(self, "place")
        if self.place == "FRAME":
            layout.prop(self, "frame")
        layout.prop(self, "word_markers")
        layout.prop(self, "phone_markers")
        layout.prop(self, "reduce")
        row = layout.row()
        row.enabled = self.reduce
        row.prop(self, "key_error")


def register() -> None:
    """Add the operator and its menu entry."""
    bpy.utils.register_class(GARRICK_OT_import_shot)
    bpy.types.TOPBAR_MT_file_import.append(_menu_entry)


def unregister() -> None:
    """Take them away again."""
    bpy.types.TOPBAR_MT_file_import.remove(_menu_entry)
    bpy.utils.unregister_class(GARRICK_OT_import_shot)


def _menu_entry(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator(GARRICK_OT_import_shot.bl_idname, text="Garrick Shot (shot.json)")
