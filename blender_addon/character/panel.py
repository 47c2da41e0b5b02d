"""Own Character: the mapping table of the active character, its test poses, and the buttons that animate it."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface

from ..sentences import write
from . import parts, trying
from .mapping import AIM, GROUPS, KEY, MOVE, group_of
from .ops import POSE_ITEMS
from .props import KIND_ITEMS, active_character, rows_of, table_of

_ICONS = {item[0]: item[3] for item in KIND_ITEMS}


class GARRICK_UL_mapping(bpy.types.UIList):
    """Rows of a mapping: what moves, and what it follows."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property, index=0, flt_flag=0) -> None:
        row = layout.row(align=True)
        row.prop(item, "enabled", text="")
        columns = row.split(factor=0.5, align=True)  # names need the room; the gain is below the list
        columns.active = item.enabled
        columns.label(text=item.target or "?", icon=_ICONS[item.kind])
        columns.label(text=item.source or "?")

    def filter_items(self, context, data, property) -> tuple[list[int], list[int]]:
        typed = self.filter_name.lower()
        shown = [typed in row.target.lower() or typed in row.source.lower() for row in getattr(data, property)]
        return [self.bitflag_filter_item if found else 0 for found in shown], []


class GARRICK_PT_character(bpy.types.Panel):
    """The sidebar's part for a character of the artist's own."""

    bl_idname = "GARRICK_PT_character"
    bl_label = "Own Character"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender reads it

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        character = active_character(context)
        if character is None:
            layout.label(text="Select a character:", icon="INFO")
            layout.label(text="an armature, or a mesh with shape keys", icon="BLANK1")
            return
        keys = len(character.key_names)
        layout.label(
            text=character.root.name, icon="OUTLINER_OB_ARMATURE" if character.armature else "OUTLINER_OB_MESH"
        )
        layout.label(text=iface("{keys} face keys, {bones} bones").format(keys=keys, bones=len(character.bone_names)))
        obstacle = parts.obstacle(character)
        if obstacle:
            write(layout, obstacle, "ERROR")
        table = table_of(context.scene, character.root)
        row = layout.row(align=True)
        row.operator("garrick.map_character", icon="AUTO")
        row.operator("garrick.load_mapping", text="", icon="FILEBROWSER")
        row.operator("garrick.save_mapping", text="", icon="FILE_TICK")
        if table is None:
            return
        if table.families:
            layout.label(text=iface("Recognised: {families}").format(families=table.families), icon="CHECKMARK")
        self._draw_table(layout, character, table)
        self._draw_test(layout)
        self._draw_animate(layout, table)

    def _draw_table(self, layout, character, table) -> None:
        row = layout.row()
        row.template_list("GARRICK_UL_mapping", "", table, "rows", table, "active_row", rows=6)
        buttons = row.column(align=True)
        buttons.operator("garrick.add_mapping_row", text="", icon="ADD")
        buttons.operator("garrick.remove_mapping_row", text="", icon="REMOVE")
        if not 0 <= table.active_row < len(table.rows):
            return
        item = table.rows[table.active_row]
        column = layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        column.prop(item, "kind")
        column.prop(item, "target", icon=_ICONS[item.kind])
        column.prop(item, "source")
        if item.kind in (AIM, MOVE):
            column.prop(item, "pivot")
        column.prop(item, "gain")
        there = character.key_names if item.kind == KEY else character.bone_names
        if item.target and item.target not in there:
            column.label(text="Not on this character", icon="ERROR")

    def _draw_test(self, layout) -> None:
        header, body = layout.panel("garrick_test_poses", default_closed=True)
        header.label(text="Test Poses")
        if body is None:
            return
        grid = body.grid_flow(columns=2, even_columns=True, align=True)
        for name, label, _ in POSE_ITEMS:
            icon = "RESTRICT_SELECT_OFF" if name == trying.ROW else "NONE"
            grid.operator("garrick.test_pose", text=label, icon=icon).expression = name
        body.operator("garrick.clear_test_pose", icon="LOOP_BACK")

    def _draw_animate(self, layout, table) -> None:
        column = layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        groups = {group_of(row) for row in rows_of(table)}
        boxes = column.column(heading="Moves", align=True)
        for group in dict.fromkeys(GROUPS.values()):
            if group in groups:
                boxes.prop(table, f"use_{group}")
        column.prop(table, "shot")
        column.prop(table, "facing")
        column.prop(table, "push_down")
        column.prop(table, "sound")
        column.prop(table, "reduce")
        if table.reduce:
            column.prop(table, "key_error")
        row = layout.row(align=True)
        row.scale_y = 1.4
        row.operator("garrick.animate_character", icon="ANIM")
        row.operator("garrick.animate_character_from_file", text="", icon="FILEBROWSER")


register, unregister = bpy.utils.register_classes_factory((GARRICK_UL_mapping, GARRICK_PT_character))
