"""The Own Character panel in each of its states: drawn through a layout that looks every name up."""

from __future__ import annotations

import bpy
import own_characters
import pytest
from recording_layout import draw_panels

from blender_addon.character.props import KIND_ITEMS, table_of

pytestmark = pytest.mark.usefixtures("addon")


def texts() -> list[str]:
    return draw_panels(bpy.context)["GARRICK_PT_character"].texts()


def test_without_a_character_it_says_what_to_select():
    assert "Select a character:" in texts()


def test_a_new_character_is_counted():
    bpy.context.view_layer.objects.active = own_characters.mpfb()
    assert "52 face keys, 12 bones" in texts()


@pytest.mark.parametrize("kind", [item[0] for item in KIND_ITEMS])
def test_every_kind_of_row(kind):
    bpy.context.view_layer.objects.active = armature = own_characters.mpfb()
    bpy.ops.garrick.map_character()
    table = table_of(bpy.context.scene, armature)
    table.rows[0].kind, table.rows[0].target = kind, "nowhere"
    table.reduce = True
    drawn = texts()
    assert "Recognised: ARKit, MPFB / MakeHuman" in drawn
    assert "Not on this character" in drawn


def test_groups_that_the_mapping_has_are_offered():
    bpy.context.view_layer.objects.active = own_characters.mpfb()
    bpy.ops.garrick.map_character()
    offered = draw_panels(bpy.context)["GARRICK_PT_character"].properties()
    assert [name for name in offered if name.startswith("use_")] == ["use_face", "use_head", "use_eyes", "use_body"]


def test_a_table_without_rows():
    bpy.context.view_layer.objects.active = armature = own_characters.mpfb()
    bpy.ops.garrick.add_mapping_row()
    bpy.ops.garrick.remove_mapping_row()
    assert not table_of(bpy.context.scene, armature).rows
    assert "52 face keys, 12 bones" in texts()
