"""The sidebar's "Frames in the Scene": a row for each place, and how the view transform treats the plates."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface

from ..sentences import write
from ..shot_import.props import active_shot
from . import colour, compositor
from .ops import PLACES, GARRICK_OT_hide_frames, GARRICK_OT_show_frames, GARRICK_OT_show_frames_everywhere


class GARRICK_PT_frames(bpy.types.Panel):
    """Where the frames of the active shot are shown"""

    bl_label = "Frames in the Scene"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return active_shot(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene, shot = self.layout, context.scene, active_shot(context)
        layout.operator(GARRICK_OT_show_frames_everywhere.bl_idname, icon="ADD")
        column = layout.column(align=True)
        for where, place in PLACES.items():
            row = column.row(align=True)
            there = bool(place.find(scene, shot))
            text = pgettext_iface("{place}: Renew") if there else "{place}"
            button = row.operator(
                GARRICK_OT_show_frames.bl_idname, text=text.format(place=pgettext_iface(place.label)), icon=place.icon
            )
            button.where = where
            if there:
                row.operator(GARRICK_OT_hide_frames.bl_idname, text="", icon="X").where = where
        if PLACES["COMPOSITOR"].find(scene, shot):
            _draw_parts(layout, scene, shot)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(scene, "garrick_plates")
        for sentence in colour.obstacles(scene):
            write(layout, sentence, "INFO")


def _draw_parts(layout: bpy.types.UILayout, scene: bpy.types.Scene, shot: bpy.types.Collection) -> None:
    """Which parts the Colour Balance node reaches."""
    if not compositor.has_parts(scene, shot):
        write(layout, "No EXR passes: the person lies over everything.", "INFO")
        return
    box = layout.box()
    box.label(text="Grade Parts", icon="COLOR")
    box.grid_flow(columns=3, align=True).prop(shot.garrick_frames, "parts")


register, unregister = bpy.utils.register_classes_factory((GARRICK_PT_frames,))
