"""A button for each place where the frames can be shown, one for all, and one to take them away again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import bpy
from bpy.app.translations import pgettext_iface
from bpy.props import EnumProperty

from ..shot_import.props import active_shot
from . import compositor, plates, strips
from .pictures import pictures_of


class Place(NamedTuple):
    """Where frames can be shown. Each function takes the scene and the shot; `add` the pictures too, and returns notes."""

    label: str
    description: str
    icon: str
    find: Callable[..., Any]
    add: Callable[..., tuple[str, ...]]
    remove: Callable[..., bool]


PLACES = {
    "PLANE": Place(
        "Plane",
        "Show the frames on a plane that fills the view of the shot's camera just behind the head, in metres",
        "IMAGE_PLANE",
        plates.find_plane,
        plates.add_plane,
        plates.remove_plane,
    ),
    "BACKDROP": Place(
        "Camera Background",
        "Show the frames behind the view of the shot's camera, in the viewport only",
        "CAMERA_DATA",
        plates.find_backdrop,
        plates.add_backdrop,
        plates.remove_backdrop,
    ),
    "COMPOSITOR": Place(
        "Compositor",
        "Lay the person over the rendered scene: with alpha, and with EXR passes behind what is nearer to the camera "
        "and each part to be graded by its id. The camera then sees the frames instead of the 3D head",
        "NODE_COMPOSITING",
        compositor.find,
        compositor.add,
        compositor.remove,
    ),
    "STRIPS": Place(
        "Sequencer",
        "Add the frames as a strip of pictures, one a scene frame, in step with the voice",
        "SEQUENCE",
        strips.find,
        strips.add,
        strips.remove,
    ),
}
_ITEMS = tuple((name, place.label, place.description) for name, place in PLACES.items())


class _Frames:
    """What the operators have in common."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Leave the edit or pose mode first")
            return False
        shot = active_shot(context)
        if shot is None:
            cls.poll_message_set("Select an object of a Garrick shot first")
            return False
        if shot.library is not None or context.scene.library is not None:
            cls.poll_message_set("The shot is linked from another file; open that file")
            return False
        return True

    def show(self, context: bpy.types.Context, places: list[Place]) -> set[str]:
        """Show the active shot's frames in some places; reports, and changes nothing when the shot cannot be read."""
        shot = active_shot(context)
        try:
            pictures = pictures_of(shot)
            notes = [note for place in places for note in place.add(context.scene, shot, pictures)]
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for note in notes:
            self.report({"WARNING"}, note)
        return {"FINISHED"}


class GARRICK_OT_show_frames(_Frames, bpy.types.Operator):
    """Show the shot's rendered frames in one place of the scene"""

    bl_idname = "garrick.show_frames"
    bl_label = "Show Frames"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    where: EnumProperty(name="Where", description="Where the frames shall be shown", items=_ITEMS)  # type: ignore[valid-type]

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return pgettext_iface(PLACES[properties.where].description)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.show(context, [PLACES[self.where]])


class GARRICK_OT_show_frames_everywhere(_Frames, bpy.types.Operator):
    """Show the shot's rendered frames on a plane, behind the camera's view, in the compositor and in the sequencer"""

    bl_idname = "garrick.show_frames_everywhere"
    bl_label = "Show Frames Everywhere"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.show(context, list(PLACES.values()))


class GARRICK_OT_hide_frames(_Frames, bpy.types.Operator):
    """Take the shot's frames away from one place; what was there before comes back"""

    bl_idname = "garrick.hide_frames"
    bl_label = "Take Frames Away"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    where: EnumProperty(name="Where", description="Where the frames shall go", items=_ITEMS)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[str]:
        shot = active_shot(context)
        if not PLACES[self.where].remove(context.scene, shot):
            self.report({"INFO"}, f"The frames of {shot.name} are not there.")
            return {"CANCELLED"}
        return {"FINISHED"}


_CLASSES = (GARRICK_OT_show_frames, GARRICK_OT_show_frames_everywhere, GARRICK_OT_hide_frames)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)
