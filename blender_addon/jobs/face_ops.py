"""Look at the portrait, and choose one of its faces."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import IntProperty

from . import inputs, portraits
from .beside import Beside
from .faces import Look


class GARRICK_OT_find_faces(Beside, bpy.types.Operator):
    """Have the service look for faces in the portrait; nothing is made of them"""

    bl_idname = "garrick.find_faces"
    bl_label = "Find Faces"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        portrait = inputs.portrait_of(context.scene)
        why = None
        if portrait is None:
            why = "Choose a portrait first"
        elif portraits.under_way(portrait):
            why = "The service is looking at it already"
        if why is not None:
            cls.poll_message_set(why)
        return why is None

    def begin(self, context: bpy.types.Context, start: Any) -> None:
        start(portraits.look(inputs.portrait_of(context.scene)))


class GARRICK_OT_choose_face(bpy.types.Operator):
    """Use this face of the portrait; faces are counted from the left"""

    bl_idname = "garrick.choose_face"
    bl_label = "Choose Face"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    index: IntProperty(name="Face", description="Number of the face, from the left, beginning with 0", min=0)  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        portrait = inputs.portrait_of(context.scene)
        if portrait is None or not isinstance(portraits.look_of(portrait), Look):
            cls.poll_message_set("Press Find Faces first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        look = portraits.look_of(inputs.portrait_of(context.scene))
        count = len(look.usable)
        if self.index >= count:
            self.report({"ERROR"}, f"There is no face {self.index}: the photo shows {count}, counted from 0.")
            return {"CANCELLED"}
        portraits.choose(context.scene, self.index)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((GARRICK_OT_find_faces, GARRICK_OT_choose_face))
