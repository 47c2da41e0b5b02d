"""The sidebar's Re-render panel: from where, which frames, which version."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ..jobs.row_ui import draw_bar
from ..sentences import write
from ..shot_import.props import active_shot
from ..tasks import Task
from .order import obstacle, under_way


class GARRICK_PT_rerender(bpy.types.Panel):
    """Render again what you have changed, and compare versions"""

    bl_idname = "GARRICK_PT_rerender"
    bl_label = "Re-render"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        shot = active_shot(context)
        if shot is None:
            layout.label(text="Select an object of a shot", icon="INFO")
            return
        layout.label(text=shot.name, icon="OUTLINER_COLLECTION", translate=False)
        settings = shot.garrick_rerender
        column = layout.column()
        column.active = shot.library is None
        column.prop(settings, "camera")
        column.prop(settings, "use_scene_size")
        column.prop(settings, "quality")
        busy = under_way(shot)
        if busy is not None:
            _draw_progress(layout, busy)
        else:
            _draw_buttons(layout, shot, context.scene)


class GARRICK_PT_versions(bpy.types.Panel):
    """Every rendering of the shot: the frames of the marked one are shown"""

    bl_idname = "GARRICK_PT_versions"
    bl_parent_id = "GARRICK_PT_rerender"
    bl_label = "Versions"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        shot = active_shot(context)
        return shot is not None and len(shot.garrick.versions) > 0

    def draw(self, context: bpy.types.Context) -> None:
        kept = active_shot(context).garrick
        column = self.layout.column(align=True)
        for index, version in enumerate(kept.versions):
            shown = index == kept.active_version
            text = _("{name}: frames {first}-{last}").format(name=version.name, first=version.first, last=version.last)
            icon = "RADIOBUT_ON" if shown else "RADIOBUT_OFF"
            row = column.row(align=True)
            row.operator("garrick.switch_version", text=text, translate=False, icon=icon, depress=shown).index = index
            if index and not shown:
                row.operator("garrick.delete_version", text="", icon="TRASH").index = index
        self.layout.operator("garrick.compare_versions", icon="ARROW_LEFTRIGHT")


_CLASSES = (GARRICK_PT_rerender, GARRICK_PT_versions)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)


def _draw_buttons(layout: bpy.types.UILayout, shot: bpy.types.Collection, scene: bpy.types.Scene) -> None:
    column = layout.column(align=True)
    column.scale_y = 1.2
    column.operator("garrick.rerender", icon="FILE_REFRESH")
    column.operator("garrick.rerender_all", icon="RENDER_ANIMATION")
    layout.operator("garrick.regenerate", icon="SPEAKER")
    layout.operator("garrick.move_shot", icon="NEXT_KEYFRAME")
    why = obstacle(shot, scene)
    note = why or shot.garrick_rerender.note
    if note:
        write(layout, note, "ERROR" if why else "INFO")
    layout.operator("garrick.choose_portrait", icon="IMAGE_DATA")


def _draw_progress(layout: bpy.types.UILayout, busy: Task) -> None:
    row = layout.row(align=True)
    draw_bar(row, busy.phase, busy.done, busy.total)
    row.operator("garrick.rerender_cancel", text="", icon="X")
