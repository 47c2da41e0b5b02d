"""Sentences of the panels: whole, in lines that fit."""

from __future__ import annotations

import blf
import pytest
from recording_layout import Layout

TEXT = "Choose Garrick's folder, the one with bootstrap.py, in the add-on's preferences, or do something else"


@pytest.mark.parametrize("icon", ["NONE", "INFO"])
def test_every_word_is_shown_in_lines_that_a_sidebar_has_room_for(icon):
    from blender_addon import sentences

    layout = Layout()
    sentences.write(layout, TEXT, icon)
    lines = layout.texts()
    assert " ".join(lines) == TEXT
    assert len(lines) > 1
    blf.size(0, 11)
    room = 280 - 57 - (0 if icon == "NONE" else 26)  # what a picture of a real sidebar showed
    assert all(blf.dimensions(0, line)[0] <= room for line in lines)


def test_the_icon_stands_before_the_first_line_alone():
    from blender_addon import sentences

    layout = Layout()
    sentences.write(layout, TEXT, "ERROR")
    icons = [entry.arguments["icon"] for entry in layout.drawn if entry.what == "label"]
    assert icons == ["ERROR"] + ["BLANK1"] * (len(icons) - 1)


def test_a_word_that_is_too_long_has_a_line_of_its_own():
    from blender_addon import sentences

    path = "/home/somebody/with/a/very/long/name/for/a/folder/of/shots/frame_0001.png"
    layout = Layout()
    sentences.write(layout, f"There is no file {path} here")
    assert path in layout.texts()
