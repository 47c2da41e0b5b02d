"""Inputs, settings and jobs: in the 3D view's sidebar, and again in the scene's properties."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as _

from .. import version_adapter
from ..answers import ServiceError
from ..backend_link import link
from ..sentences import write
from . import history, inputs, portraits, preview, schema_ui, work
from .faces import Look, chosen
from .presets import INPUTS
from .row_ui import draw_line, draw_progress, draw_row
from .words import spoken_text

_IN_A_ROW = 5  # numbers of faces


def draw_inputs(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Portrait, consent, voice, and the button that starts it all."""
    scene = context.scene
    given = scene.garrick_inputs
    layout.use_property_split, layout.use_property_decorate = True, False
    layout.prop(given, "portrait")
    portrait = inputs.portrait_of(scene)
    known = False
    if portrait is not None:
        preview.draw(layout, scene, portrait)
        known = _draw_faces(layout, scene, portrait)
        layout.prop(given, "consent")
    _draw_voice(layout, scene)
    layout.prop(given, "shot_name")
    layout.prop(given, "place")
    schema_ui.draw(layout, scene, INPUTS, schema_ui.field_of(portraits.FACE) if known else None)
    _draw_perform(layout, scene)


def draw_settings(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Whatever the service says can be set, group by group."""
    layout.use_property_split, layout.use_property_decorate = True, False
    if not schema_ui.fields():
        layout.label(text="Connect to the service once:", icon="INFO")
        layout.label(text="it says what can be set.", icon="BLANK1")
        return
    row = layout.row(align=True)
    row.menu("GARRICK_MT_presets", icon="PRESET")
    row.operator("garrick.save_preset", text="", icon="ADD")
    for group in schema_ui.group_names():
        if group == INPUTS:
            continue
        header, body = layout.panel(f"garrick_settings_{group}", default_closed=True)
        header.label(text=group)
        if body is not None:
            schema_ui.draw(body, context.scene, group)
            if any(field.widget in ("rate", "size") for field in schema_ui.shown(context.scene, group)):
                body.operator("garrick.take_from_scene", icon="SCENE_DATA")


def draw_jobs(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The list of jobs, and what can be done about the chosen one."""
    window = context.window_manager
    row = layout.row()
    row.template_list(
        "GARRICK_UL_jobs", "", window, "garrick_jobs", window, "garrick_job", rows=3 if window.garrick_jobs else 1
    )
    side = row.column(align=True)
    side.operator("garrick.refresh_jobs", text="", icon="FILE_REFRESH")
    side.operator("garrick.open_shots", text="", icon="FILE_FOLDER")
    key = work.chosen_key()
    chosen = history.find(key) if key else None
    if chosen is not None:
        draw_row(layout, chosen)
    elif not window.garrick_jobs:
        layout.label(text="No jobs yet.")


class GARRICK_UL_jobs(bpy.types.UIList):
    """One line a job: state, name, progress."""

    def draw_item(
        self, context, layout, data, item, icon, active_data, active_property, index=0, filter_flag=0
    ) -> None:
        row = history.find(item.name)
        if row is not None:
            draw_line(layout, row)


class _Sidebar:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"


class _SceneTab:
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "scene"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender reads it


class GARRICK_PT_inputs(_Sidebar, bpy.types.Panel):
    bl_label = "Inputs"

    def draw(self, context: bpy.types.Context) -> None:
        draw_inputs(self.layout, context)


class GARRICK_PT_settings(_Sidebar, bpy.types.Panel):
    bl_label = "Settings"

    def draw(self, context: bpy.types.Context) -> None:
        draw_settings(self.layout, context)


class GARRICK_PT_jobs(_Sidebar, bpy.types.Panel):
    bl_label = "Jobs"

    def draw(self, context: bpy.types.Context) -> None:
        draw_jobs(self.layout, context)


class GARRICK_PT_scene(_SceneTab, bpy.types.Panel):
    bl_label = "Garrick"

    def draw(self, context: bpy.types.Context) -> None:
        draw_inputs(self.layout, context)


class GARRICK_PT_scene_settings(_SceneTab, bpy.types.Panel):
    bl_label = "Settings"
    bl_parent_id = "GARRICK_PT_scene"

    def draw(self, context: bpy.types.Context) -> None:
        draw_settings(self.layout, context)


class GARRICK_PT_scene_jobs(_SceneTab, bpy.types.Panel):
    bl_label = "Jobs"
    bl_parent_id = "GARRICK_PT_scene"

    def draw(self, context: bpy.types.Context) -> None:
        draw_jobs(self.layout, context)


_CLASSES = (
    GARRICK_UL_jobs,
    GARRICK_PT_inputs,
    GARRICK_PT_settings,
    GARRICK_PT_jobs,
    GARRICK_PT_scene,
    GARRICK_PT_scene_settings,
    GARRICK_PT_scene_jobs,
)


_register_classes, _unregister_classes = bpy.utils.register_classes_factory(_CLASSES)


def register() -> None:
    """Add the panels."""
    preview.register()
    _register_classes()


def unregister() -> None:
    """Take them away again."""
    _unregister_classes()
    preview.unregister()


def _draw_faces(layout: bpy.types.UILayout, scene: bpy.types.Scene, portrait: Path) -> bool:
    """What the service saw in the portrait; whether that is known, so that the face needs no number."""
    seen = portraits.look_of(portrait)
    if portraits.under_way(portrait):
        layout.label(text="Looking for the face...", icon="VIEWZOOM")
    elif isinstance(seen, ServiceError):
        if seen.kind != "input":  # that is said below the button Perform
            layout.operator("garrick.find_faces", icon="VIEWZOOM")
    elif seen is None:
        if link.status().light in ("ready", "busy"):
            layout.operator("garrick.find_faces", icon="VIEWZOOM")
    else:
        _draw_seen(layout, seen, portraits.face_index(scene))
        return True
    return False


def _draw_seen(layout: bpy.types.UILayout, seen: Look, index: int | None) -> None:
    """How many faces there are, which one is used, and what could be better about it."""
    count, face = len(seen.usable), chosen(seen, index)
    if count > 1 or (index is not None and face is None):
        row = layout.split(factor=0.4)
        label = row.row()
        label.alignment = "RIGHT"
        label.label(text="Face")
        buttons = row.grid_flow(row_major=True, columns=min(count, _IN_A_ROW), even_columns=True, align=True)
        for number in range(count):
            used = face is not None and number == face.index
            button = buttons.operator("garrick.choose_face", text=str(number + 1), translate=False, depress=used)
            button.index = number
    elif face is not None:
        layout.label(text=_("Face: {height:.0f} px high").format(height=face.height), icon="USER", translate=False)
    if face is not None:
        for note in face.notes:
            write(layout, note, "INFO")


def _draw_voice(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Where the voice comes from, and the voice."""
    given = scene.garrick_inputs
    row = layout.row(align=True)
    row.use_property_split = False  # four words and no room for a fifth
    row.prop(given, "voice", expand=True)
    if given.voice == "FILE":
        layout.prop(given, "audio", text="")
    elif given.voice == "TEXT":
        layout.prop(given, "text", text="")
    elif given.voice == "BLOCK":
        layout.prop(given, "text_block", text="")
        words = len(spoken_text(scene).split())
        if words:
            layout.label(text=_("Says {count} words").format(count=words), translate=False)
    elif scene.sequence_editor is None:
        layout.label(text="The sequencer of this scene is empty.", icon="INFO")
    else:
        strips = version_adapter.strips_name(scene.sequence_editor)
        layout.prop_search(given, "strip", scene.sequence_editor, strips, text="", icon="SOUND")
    if given.voice in ("FILE", "STRIP"):
        layout.label(text="What the voice says, if you know:")
        if given.said_block is None:
            layout.prop(given, "said", text="")
        layout.prop(given, "said_block", text="")


def _draw_perform(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """The button that starts it, why it is grey, and how far this scene's newest run is."""
    button = layout.column()
    button.scale_y = 1.5
    button.operator("garrick.perform", icon="PLAY")
    missing = inputs.problem(scene)
    if missing is not None:
        write(layout, missing, "INFO")
    newest = next((row for row in history.rows() if row.run is not None and row.run.scene == scene.session_uid), None)
    if newest is not None and not newest.rests:
        draw_progress(layout, newest)
