"""The Live panel."""

from __future__ import annotations

import bpy

from ..sentences import write
from . import show, sources
from .ops import NO_RECORDER, GARRICK_OT_live_start, GARRICK_OT_live_stop


class GARRICK_PT_live(bpy.types.Panel):
    """Start and stop, and how it goes"""

    bl_label = "Live"
    bl_idname = "GARRICK_PT_live"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender reads it

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        if show.running():
            assert show.current is not None
            seconds = show.current.task.done
            layout.label(text=bpy.app.translations.pgettext_iface("{:.1f} s heard").format(seconds), icon="REC")
            layout.operator(GARRICK_OT_live_stop.bl_idname, icon="SNAP_FACE")
            return
        if show.current is not None and show.current.task.error is not None:
            write(layout, str(show.current.task.error), "ERROR")
        layout.operator(GARRICK_OT_live_start.bl_idname, text="From a Sound File", icon="FILE_SOUND").source = "FILE"
        row = layout.row()
        row.enabled = sources.recorder() is not None
        row.operator(
            GARRICK_OT_live_start.bl_idname, text="From the Microphone", icon="OUTLINER_OB_SPEAKER"
        ).source = "MICROPHONE"
        if not row.enabled:
            write(layout, NO_RECORDER, "INFO")


register, unregister = bpy.utils.register_classes_factory((GARRICK_PT_live,))
