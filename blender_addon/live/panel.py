"""The Live panel."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface

from ..sentences import write
from . import show, sources
from .ops import (
    NO_RECORDER,
    GARRICK_OT_live_calibrate,
    GARRICK_OT_live_emotion,
    GARRICK_OT_live_gesture,
    GARRICK_OT_live_start,
    GARRICK_OT_live_stop,
    voice,
)
from .session import CameraSession, VoiceSession

_STATES = {
    "calibrating": ("Look calmly into the camera", "TIME"),
    "tracking": ("Following the face", "HIDE_OFF"),
    "away": ("The face is not seen", "HIDE_ON"),
}


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
            if isinstance(show.current.session, CameraSession):
                _draw_camera(layout, show.current.session)
            elif isinstance(show.current.session, VoiceSession):
                _draw_voice(layout, show.current.session)
            if show.current.session.notice:
                write(layout, show.current.session.notice, "INFO")
            layout.operator(GARRICK_OT_live_stop.bl_idname, icon="SNAP_FACE")
            return
        if show.current is not None and (trouble := show.current.trouble):
            write(layout, trouble, "ERROR")
        layout.operator(GARRICK_OT_live_start.bl_idname, text="From a Sound File", icon="FILE_SOUND").source = "FILE"
        row = layout.row()
        row.enabled = sources.recorder() is not None
        row.operator(
            GARRICK_OT_live_start.bl_idname, text="From the Microphone", icon="OUTLINER_OB_SPEAKER"
        ).source = "MICROPHONE"
        if not row.enabled:
            write(layout, NO_RECORDER, "INFO")
        layout.prop(context.scene.garrick_live, "gestures")
        row = layout.row(align=True)
        row.operator(GARRICK_OT_live_start.bl_idname, text="From a Camera", icon="CAMERA_DATA").source = "CAMERA"
        row.prop(context.scene.garrick_live, "camera", text="")


class GARRICK_MT_live_gestures(bpy.types.Menu):
    """The gestures that can be made now"""

    bl_label = "Gesture"
    bl_idname = "GARRICK_MT_live_gestures"

    def draw(self, context: bpy.types.Context) -> None:
        for name in () if (session := voice()) is None else session.can_gesture:
            self.layout.operator(GARRICK_OT_live_gesture.bl_idname, text=_in_words(name)).name = name


class GARRICK_MT_live_emotions(bpy.types.Menu):
    """What can be felt from now on"""

    bl_label = "Emotion"
    bl_idname = "GARRICK_MT_live_emotions"

    def draw(self, context: bpy.types.Context) -> None:
        for name in () if (session := voice()) is None else session.can_feel:
            self.layout.operator(GARRICK_OT_live_emotion.bl_idname, text=_in_words(name)).name = name


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _draw_voice(layout: bpy.types.UILayout, session: VoiceSession) -> None:
    """How long it has been heard, and what can be asked for meanwhile."""
    layout.label(text=iface("{:.1f} s heard").format(show.current.task.done), icon="REC")
    row = layout.row(align=True)
    gestures = row.row(align=True)
    gestures.enabled = bool(session.can_gesture)
    gestures.menu(GARRICK_MT_live_gestures.bl_idname, icon="VIEW_PAN")
    row.menu(GARRICK_MT_live_emotions.bl_idname, icon="MONKEY")


def _draw_camera(layout: bpy.types.UILayout, session: CameraSession) -> None:
    """What the camera sees, and how well."""
    if not session.frames:
        layout.label(text="Opening the camera ...", icon="CAMERA_DATA")
        return
    last = session.frames[-1]
    text, icon = _STATES[last["state"]]
    layout.label(text=text, icon=icon)
    told = iface("{seconds:.1f} s, {fps:.0f} pictures a second").format(
        seconds=last["time"], fps=session.camera.get("fps", 0)
    )
    layout.label(text=told, icon="REC")
    if last["state"] == "tracking":
        layout.progress(factor=last["confidence"], text=iface("Confidence {:.0%}").format(last["confidence"]))
    layout.operator(GARRICK_OT_live_calibrate.bl_idname, icon="USER")


register, unregister = bpy.utils.register_classes_factory(
    (GARRICK_MT_live_gestures, GARRICK_MT_live_emotions, GARRICK_PT_live)
)
