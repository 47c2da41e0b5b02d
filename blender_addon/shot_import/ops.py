"""File > Import > Garrick Shot (shot.json)."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from .scene import import_shot
from .shot import read_shot


class GARRICK_OT_import_shot(bpy.types.Operator, ImportHelper):
    """Import a shot that Garrick made: head with shape keys, rig, camera, frames and voice"""

    bl_idname = "garrick.import_shot"
    bl_label = "Import Garrick Shot"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]
    phone_markers: BoolProperty(  # type: ignore[valid-type]
        name="Phone Markers", description="Mark where each speech sound begins, besides each word", default=False
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Leave the edit or pose mode first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            shot = read_shot(Path(bpy.path.abspath(self.filepath)))
            imported = import_shot(shot, context.scene, self.phone_markers)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for note in imported.notes:
            self.report({"WARNING"}, note)
        self.report({"INFO"}, f"Imported {shot.name}: {len(shot.performance)} frames")
        return {"FINISHED"}


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
