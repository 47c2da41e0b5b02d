"""What a live session begins with: remembered by the scene."""

from __future__ import annotations

import bpy
from bpy.props import FloatProperty, IntProperty, PointerProperty

_CAMERAS = 64  # that the service tells apart


class GARRICK_PG_live(bpy.types.PropertyGroup):
    """Which camera is opened, and how much a voice gestures."""

    camera: IntProperty(  # type: ignore[valid-type]
        name="Camera", description="Which camera of this machine, from 0", min=0, max=_CAMERAS - 1
    )
    gestures: FloatProperty(  # type: ignore[valid-type]
        name="Gestures",
        description="How much arms and hands do while a voice is heard; at 0 they stay as they are",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )


def register() -> None:
    """Give every scene its `garrick_live`."""
    bpy.utils.register_class(GARRICK_PG_live)
    bpy.types.Scene.garrick_live = PointerProperty(type=GARRICK_PG_live)


def unregister() -> None:
    """Take it away again."""
    del bpy.types.Scene.garrick_live
    bpy.utils.unregister_class(GARRICK_PG_live)
