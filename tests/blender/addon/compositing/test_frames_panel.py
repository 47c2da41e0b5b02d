"""The panel "Frames in the Scene" in each of its states: what it offers, and what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from recording_layout import Layout, draw_class

pytestmark = pytest.mark.usefixtures("addon")


def drawn() -> Layout | None:
    panel, layout = bpy.types.GARRICK_PT_frames, Layout()
    if not panel.poll(bpy.context):
        return None
    draw_class(panel, bpy.context, layout)
    return layout


def bring_in(manifest: Path) -> bpy.types.Collection:
    assert bpy.ops.garrick.import_shot(filepath=str(manifest)) == {"FINISHED"}
    from blender_addon.shot_import.props import shots_of

    return shots_of(bpy.context.scene)[-1]


def test_without_a_shot_there_is_no_panel():
    assert drawn() is None


def test_each_place_has_a_button_and_another_to_take_it_away(tiny_shot):
    bring_in(tiny_shot(passes=True))
    panel = drawn()
    assert panel.buttons().count("garrick.show_frames") == 4
    assert panel.buttons().count("garrick.hide_frames") == 2  # the import made plane and background
    assert bpy.ops.garrick.show_frames_everywhere() == {"FINISHED"}
    panel = drawn()
    assert panel.buttons().count("garrick.hide_frames") == 4
    assert {"parts", "garrick_plates"} <= set(panel.properties())


def test_frames_without_passes_are_explained(tiny_shot):
    bring_in(tiny_shot())
    bpy.ops.garrick.show_frames(where="COMPOSITOR")
    panel = drawn()
    assert "parts" not in panel.properties()
    assert any("EXR" in text for text in panel.texts())


def test_what_grades_the_plates_is_named(tiny_shot):
    bring_in(tiny_shot())
    assert not any("grade" in text for text in drawn().texts())
    bpy.context.scene.view_settings.exposure = 1.0
    assert any("Exposure" in text for text in drawn().texts())


def test_a_shot_whose_folder_is_gone_still_draws(tiny_shot):
    manifest = tiny_shot(passes=True)
    bring_in(manifest)
    bpy.ops.garrick.show_frames_everywhere()
    manifest.parent.rename(manifest.parent.with_name("moved"))
    assert drawn() is not None
