"""Properties > Object > Garrick Shot: what a shot is, where it lies, how it is rendered again; for any of its objects."""

from __future__ import annotations

import bpy

from ..rerender.panel import GARRICK_PT_rerender, GARRICK_PT_versions
from ..shot_import.props import active_shot
from .importing import asked_for

_ASKED = (("text", "Text"), ("audio", "Voice"), ("portrait", "Portrait"), ("fps", "Frame Rate"), ("seed", "Seed"))
"""What is told of the job, by its fields."""


class _ObjectTab:
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "object"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender reads it


class GARRICK_PT_object(_ObjectTab, bpy.types.Panel):
    """The shot that the object belongs to"""

    bl_label = "Garrick Shot"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        shot, active = active_shot(context), context.object
        return shot is not None and active is not None and active.name in shot.all_objects

    def draw(self, context: bpy.types.Context) -> None:
        layout, shot = self.layout, active_shot(context)
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(shot.garrick, "folder")
        for name, value in _facts(shot):
            row = layout.split(factor=0.4)
            label = row.row()
            label.alignment = "RIGHT"
            label.label(text=name)
            row.label(text=value, translate=False)
        layout.operator("garrick.restore_shot", icon="LOOP_BACK")


class GARRICK_PT_object_rerender(_ObjectTab, bpy.types.Panel):
    """Render again what you have changed"""

    bl_label = "Re-render"
    bl_parent_id = "GARRICK_PT_object"

    draw = GARRICK_PT_rerender.draw


class GARRICK_PT_object_versions(_ObjectTab, bpy.types.Panel):
    """Every rendering of the shot: the frames of the marked one are shown"""

    bl_label = "Versions"
    bl_parent_id = "GARRICK_PT_object"

    draw = GARRICK_PT_versions.draw

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return GARRICK_PT_versions.poll(context)


register, unregister = bpy.utils.register_classes_factory(
    (GARRICK_PT_object, GARRICK_PT_object_rerender, GARRICK_PT_object_versions)
)


def _facts(shot: bpy.types.Collection) -> list[tuple[str, str]]:
    """Name and value of what was asked for; nothing for a shot that does not know it."""
    try:
        asked = asked_for(shot)
    except ValueError:
        return []
    found = [(label, str(asked[name])) for name, label in _ASKED if asked.get(name) not in (None, "")]
    return [(label, bpy.path.basename(value) if label in ("Voice", "Portrait") else value) for label, value in found]
