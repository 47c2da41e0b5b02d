"""How a shot is rendered again: settings on its collection, so that they go with it."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from .read_curves import LAST_CAMERA, SCENE_CAMERA, SHOT_CAMERA

_CAMERAS = (
    (SHOT_CAMERA, "Shot Camera", "The camera that was imported with the shot, wherever you have moved it"),
    (SCENE_CAMERA, "Scene Camera", "What the scene is rendered through: its camera, or the cameras bound to markers"),
    (LAST_CAMERA, "As Before", "The camera of the version that is shown, wherever the cameras are now"),
)

AS_BEFORE = "KEEP"
_QUALITIES = (
    (AS_BEFORE, "As Before", "That of the version that is shown"),
    ("DRAFT", "Draft", "Half the width and height, for timing and cameras"),
    ("FINAL", "Final", "The whole width and height"),
)


class GARRICK_PG_rerender(bpy.types.PropertyGroup):
    """Settings and memory of a shot's re-rendering."""

    camera: EnumProperty(  # type: ignore[valid-type]
        name="Camera", description="Which camera the frames are rendered from", items=_CAMERAS, default=SHOT_CAMERA
    )
    use_scene_size: BoolProperty(  # type: ignore[valid-type]
        name="Scene Resolution",
        description="Render at the scene's resolution (pixels, even, 128 to 2048 a side) instead of the last version's;"
        " the frames are then all rendered again",
    )
    quality: EnumProperty(  # type: ignore[valid-type]
        name="Quality",
        description="Of the frames; where it is another than before, all of them are rendered again",
        items=_QUALITIES,
        default=AS_BEFORE,
    )
    other: IntProperty(min=0)  # type: ignore[valid-type]  # the version that A/B goes back to
    note: StringProperty()  # type: ignore[valid-type]  # how the last re-render ended, for the panel


def register() -> None:
    """Give every collection its `garrick_rerender`."""
    bpy.utils.register_class(GARRICK_PG_rerender)
    bpy.types.Collection.garrick_rerender = PointerProperty(type=GARRICK_PG_rerender)


def unregister() -> None:
    """Take it away again; what files have saved of it stays in them."""
    del bpy.types.Collection.garrick_rerender
    bpy.utils.unregister_class(GARRICK_PG_rerender)
