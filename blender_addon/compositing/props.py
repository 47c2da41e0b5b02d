"""What a scene and its shots remember of their frames in the scene."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, PointerProperty

from . import colour, compositor

_PARTS = (
    ("body", "Body", "Neck, shoulders, arms and clothes"),
    ("hair", "Hair", "Hair and what is around the head"),
    ("skin", "Skin", "Skin of the face"),
    ("eyes", "Eyes", "Eyeballs"),
    ("teeth", "Teeth", "Teeth"),
    ("mouth", "Mouth", "Tongue, gums and the inside of the mouth"),
    ("hands", "Hands", "Skin of the hands"),
)
"""What the id pass of a frame counts (`garrick.rendering.take.ID_NAMES`), as Cryptomatte names."""


class GARRICK_PG_hidden(bpy.types.PropertyGroup):
    """An object that the compositor's set-up hides from the camera."""

    item: PointerProperty(type=bpy.types.Object)  # type: ignore[valid-type]


def _parts_changed(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Whichever scene's compositor shows the shot."""
    for scene in bpy.data.scenes:
        compositor.set_parts(scene, settings.id_data)


def _plates_changed(scene: bpy.types.Scene, _context: bpy.types.Context) -> None:
    colour.apply(scene)


class GARRICK_PG_frames(bpy.types.PropertyGroup):
    """How a shot's frames are shown in the scene."""

    parts: EnumProperty(  # type: ignore[valid-type]
        name="Parts",
        description="Parts of the person that the Colour Balance node of the set-up grades",
        items=_PARTS,
        options={"ENUM_FLAG"},
        update=_parts_changed,
    )
    hidden: CollectionProperty(type=GARRICK_PG_hidden)  # type: ignore[valid-type]
    sequencer_was_on: BoolProperty()  # type: ignore[valid-type]


_CLASSES = (GARRICK_PG_hidden, GARRICK_PG_frames)


def register() -> None:
    """Give collections and scenes their settings, and let plates follow the view transform."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Collection.garrick_frames = PointerProperty(type=GARRICK_PG_frames)
    bpy.types.Scene.garrick_plates = EnumProperty(
        name="Plates",
        description="How the scene's view transform treats the rendered frames and the photo on the head",
        items=(
            ("UNTOUCHED", "Untouched", "They look as they were rendered, under every view transform"),
            ("GRADED", "Graded with the Scene", "They go through the view transform like the light of the scene"),
        ),
        update=_plates_changed,
    )
    bpy.app.handlers.depsgraph_update_post.append(colour.follow)
    bpy.app.handlers.load_post.append(colour.forget)


def unregister() -> None:
    """Take them away again."""
    bpy.app.handlers.load_post.remove(colour.forget)
    bpy.app.handlers.depsgraph_update_post.remove(colour.follow)
    del bpy.types.Scene.garrick_plates
    del bpy.types.Collection.garrick_frames
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
