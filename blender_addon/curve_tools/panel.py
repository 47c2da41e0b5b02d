"""The sidebar's Curves panel."""

from __future__ import annotations

import bpy

from ..sentences import write
from . import motion_files, ops


class _CurvesPanel:
    bl_label = "Curves"
    bl_region_type = "UI"
    bl_category = "Garrick"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        why = ops.obstacle(context)
        if why is not None:
            write(layout, why, "INFO")
        settings = context.scene.garrick_curves
        column = layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        column.active = why is None
        column.prop(settings, "region")
        column.prop(settings, "keys")
        row = layout.row(align=True)
        for tool, text, icon in (
            (ops.GARRICK_OT_curves_gain, "Gain", "FULLSCREEN_ENTER"),
            (ops.GARRICK_OT_curves_smooth, "Smooth", "MOD_SMOOTH"),
            (ops.GARRICK_OT_curves_reduce, "Reduce", "IPO_LINEAR"),  # short, as there are three in a row
        ):
            button = row.operator(tool.bl_idname, text=text, icon=icon)
            button.region, button.keys = settings.region, settings.keys
        layout.label(text="At the Playhead")
        row = layout.row(align=True)
        row.operator(ops.GARRICK_OT_curves_close_lips.bl_idname)
        row.operator(ops.GARRICK_OT_curves_blink.bl_idname)
        layout.label(text="The Whole Performance")
        column = layout.column(align=True)
        column.operator(ops.GARRICK_OT_curves_mirror.bl_idname, icon="MOD_MIRROR")
        column.operator(ops.GARRICK_OT_curves_retime_markers.bl_idname, icon="MARKER_HLT")
        column.operator(ops.GARRICK_OT_curves_retime_speech.bl_idname, icon="FILE_SOUND")


class GARRICK_PT_curve_tools(_CurvesPanel, bpy.types.Panel):
    """Change the curves of the active shot, and exchange them with other programs"""

    bl_idname = "GARRICK_PT_curve_tools"
    bl_space_type = "VIEW_3D"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender reads it


class GARRICK_PT_curve_tools_graph(_CurvesPanel, bpy.types.Panel):
    """The tools beside the curves themselves"""

    bl_idname = "GARRICK_PT_curve_tools_graph"
    bl_space_type = "GRAPH_EDITOR"


class GARRICK_PT_motion_files(bpy.types.Panel):
    """Motion files of other programs"""

    bl_idname = "GARRICK_PT_motion_files"
    bl_parent_id = "GARRICK_PT_curve_tools"
    bl_label = "Exchange"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.operator(motion_files.GARRICK_OT_export_motion.bl_idname, icon="EXPORT")
        column.operator(motion_files.GARRICK_OT_import_motion.bl_idname, icon="IMPORT")


_CLASSES = (GARRICK_PT_curve_tools, GARRICK_PT_curve_tools_graph, GARRICK_PT_motion_files)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)
