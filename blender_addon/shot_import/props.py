"""What a scene remembers of a shot: on the shot's collection, so that it is saved, appended and duplicated with it."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, CollectionProperty, IntProperty, PointerProperty, StringProperty

from .. import version_adapter
from . import moving
from .timeline import FIRST_FRAME

OWNER = "garrick_shot"
"""Custom property of nodes and strips that were made for a shot: its collection."""


class GARRICK_PG_version(bpy.types.PropertyGroup):
    """One rendering of a shot: a folder of frames."""

    name: StringProperty(name="Version")  # type: ignore[valid-type]
    folder: StringProperty(  # type: ignore[valid-type]
        name="Folder",
        subtype="DIR_PATH",
        description="Where the frames lie",
        options=version_adapter.path_options(),
    )
    first: IntProperty(name="First", min=0)  # type: ignore[valid-type]
    last: IntProperty(name="Last", min=0)  # type: ignore[valid-type]


class GARRICK_PG_shot(bpy.types.PropertyGroup):
    """A shot: where its files lie, what was asked for, what in the scene belongs to it, what was rendered."""

    is_shot: BoolProperty()  # type: ignore[valid-type]
    folder: StringProperty(  # type: ignore[valid-type]
        name="Shot Folder",
        subtype="DIR_PATH",
        description="Where the shot's files lie",
        options=version_adapter.path_options(),
    )
    job: StringProperty(description="The job as it was asked for: JSON, files by their paths")  # type: ignore[valid-type]
    job_id: StringProperty(description="The service's name of that job")  # type: ignore[valid-type]
    portrait_consent: BoolProperty(name="Consent", description="The person in the portrait agrees")  # type: ignore[valid-type]
    start: IntProperty(  # type: ignore[valid-type]
        default=FIRST_FRAME, description="The frame at which the keys of the shot's own Action begin"
    )
    head: PointerProperty(type=bpy.types.Object)  # type: ignore[valid-type]
    armature: PointerProperty(type=bpy.types.Object)  # type: ignore[valid-type]
    camera: PointerProperty(type=bpy.types.Object)  # type: ignore[valid-type]
    versions: CollectionProperty(type=GARRICK_PG_version)  # type: ignore[valid-type]
    active_version: IntProperty(name="Version", min=0)  # type: ignore[valid-type]


def shots_of(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """The shots of a scene, in the order of its collections."""
    return [collection for collection in scene.collection.children_recursive if collection.garrick.is_shot]


def active_shot(context: bpy.types.Context) -> bpy.types.Collection | None:
    """The shot of the active object, else the scene's only one; None when that says nothing."""
    shots = shots_of(context.scene)
    active = context.view_layer.objects.active
    for shot in shots:
        if active is not None and active.name in shot.all_objects:
            return shot
    return shots[0] if len(shots) == 1 else None


def register() -> None:
    """Give every collection its `garrick`."""
    bpy.utils.register_class(GARRICK_PG_version)
    bpy.utils.register_class(GARRICK_PG_shot)
    bpy.types.Collection.garrick = PointerProperty(type=GARRICK_PG_shot)
    moving.register()


def unregister() -> None:
    """Take it away again; what files have saved of it stays in them."""
    moving.unregister()
    del bpy.types.Collection.garrick
    bpy.utils.unregister_class(GARRICK_PG_shot)
    bpy.utils.unregister_class(GARRICK_PG_version)
