"""What the panel's tools act on: remembered by the scene."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, PointerProperty

from .curves import REGIONS
from .tools import KEYS


class GARRICK_PG_curve_tools(bpy.types.PropertyGroup):
    """Which curves and which of their keys the tools change."""

    region: EnumProperty(  # type: ignore[valid-type]
        name="Curves", description="Which curves the tools change", items=REGIONS, default="FACE"
    )
    keys: EnumProperty(  # type: ignore[valid-type]
        name="Keys", description="Which keys of these curves the tools change", items=KEYS
    )


def register() -> None:
    """Give every scene its `garrick_curves`."""
    bpy.utils.register_class(GARRICK_PG_curve_tools)
    bpy.types.Scene.garrick_curves = PointerProperty(type=GARRICK_PG_curve_tools)


def unregister() -> None:
    """Take it away again."""
    del bpy.types.Scene.garrick_curves
    bpy.utils.unregister_class(GARRICK_PG_curve_tools)
