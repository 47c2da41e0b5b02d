"""Sentences in panels, over as many lines as they need: a label cuts off what it has no room for."""

from __future__ import annotations

from functools import lru_cache

import blf
import bpy
from bpy.app.translations import pgettext_iface

_USUAL = 280  # pixels: a sidebar's width where there is no window
_MARGINS = 64  # tabs, borders, and the indentation of a box
_ICON = 26
_POINTS = 11.5  # as wide as Blender's own text of 11 points, which is drawn without kerning


def write(layout: bpy.types.UILayout, text: str, icon: str = "NONE") -> None:
    """A sentence as labels; the icon stands before its first line."""
    region, scale = bpy.context.region, bpy.context.preferences.system.ui_scale or 1.0  # 0 where there is no window
    room = (region.width / scale if region else _USUAL) - _MARGINS - (0 if icon == "NONE" else _ICON)
    column = layout.column(align=True)
    for line in _lines(pgettext_iface(text), round(room)):
        column.label(text=line, icon=icon, translate=False)
        icon = icon if icon == "NONE" else "BLANK1"


@lru_cache(maxsize=256)
def _lines(text: str, room: int) -> tuple[str, ...]:
    """The text broken between words; a longer word has a line of its own. room: pixels at scale 1."""
    blf.size(0, _POINTS)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and blf.dimensions(0, longer)[0] > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return tuple(lines)
