"""The versions of a shot, and its place in time: what the panel's buttons do."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.translations import pgettext_iface as _
from bpy.props import IntProperty

from .. import tasks
from ..shot_import.props import active_shot
from ..slices import Steps, through
from . import sliding, versions
from .apply import show_version
from .order import under_way
from .parts import by_uid
from .version_files import Stored, load


class _VersionOperator:
    """Common to the operators that show another version: its files are read beside the window, or waited for."""

    bl_options = {"REGISTER"}  # noqa: RUF012, the undo step follows the swap

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return own_shot(cls, context, cls.least)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return self._go(context, tasks.start)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self._go(context, tasks.run)

    def _go(self, context: bpy.types.Context, start: Any) -> set[str]:
        shot = active_shot(context)
        try:
            start(_swap(shot, context.scene, self.version(shot)))
        except (ValueError, OSError, tasks.Cancelled) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_switch_version(_VersionOperator, bpy.types.Operator):
    """Show the frames of this version everywhere the shot shows frames; keys and cameras stay as they are"""

    bl_idname = "garrick.switch_version"
    bl_label = "Show Version"

    least = 1
    index: IntProperty(name="Version", description="Number in the list of versions, from 0", min=0)  # type: ignore[valid-type]

    def version(self, shot: bpy.types.Collection) -> int:
        if self.index >= len(shot.garrick.versions):
            raise ValueError(f"{shot.name} has {len(shot.garrick.versions)} versions.")
        return self.index


class GARRICK_OT_compare_versions(_VersionOperator, bpy.types.Operator):
    """Switch between the version that is shown and the one that was shown before it"""

    bl_idname = "garrick.compare_versions"
    bl_label = "A/B"

    least = 2

    def version(self, shot: bpy.types.Collection) -> int:
        other, shown = shot.garrick_rerender.other, shot.garrick.active_version
        if other >= len(shot.garrick.versions) or other == shown:
            other = shown - 1 if shown else 1
        return other


class GARRICK_OT_delete_version(bpy.types.Operator):
    """Delete this version with its frames on disk, which cannot be undone; neither the original nor the one that is shown"""

    bl_idname = "garrick.delete_version"
    bl_label = "Delete Version"
    bl_options = {"REGISTER"}  # noqa: RUF012, files do not come back with an undo

    index: IntProperty(name="Version", description="Number in the list of versions, from 0", min=0)  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _idle_shot(cls, context, 2)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            versions.delete(active_shot(context), self.index)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_move_shot(bpy.types.Operator):
    """Let the whole shot begin at another frame: motion, keys laid over it, plates, pictures, voice and markers"""

    bl_idname = "garrick.move_shot"
    bl_label = "Move in Time"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    frame: IntProperty(name="Start Frame", description="The scene's frame that shows the shot's first one")  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _idle_shot(cls, context, 0)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.properties.is_property_set("frame"):
            self.frame = context.scene.frame_current
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            sliding.move(active_shot(context), context.scene, self.frame)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


_CLASSES = (
    GARRICK_OT_switch_version,
    GARRICK_OT_compare_versions,
    GARRICK_OT_delete_version,
    GARRICK_OT_move_shot,
)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)


def own_shot(cls: Any, context: bpy.types.Context, least: int) -> bool:
    """Whether the active shot can be changed and has so many versions; an operator's `poll`."""
    shot = active_shot(context)
    if shot is None:
        cls.poll_message_set("Select an object of the shot: the scene has none, or several")
        return False
    if shot.library is not None or shot.override_library is not None:
        cls.poll_message_set("The shot is linked from another file")
        return False
    if len(shot.garrick.versions) < least:
        cls.poll_message_set("The shot has not been rendered again yet")
        return False
    return True


def _idle_shot(cls: Any, context: bpy.types.Context, least: int) -> bool:
    """As `own_shot`, and nothing renders it."""
    if not own_shot(cls, context, least):
        return False
    if under_way(active_shot(context)) is not None:
        cls.poll_message_set("The shot is being rendered")
        return False
    return True


def _swap(shot: bpy.types.Collection, scene: bpy.types.Scene, index: int) -> tasks.Task[Stored]:
    """What shows another version of a shot."""
    kept, uid, place = shot.garrick, shot.session_uid, scene.session_uid
    version = kept.versions[index]
    name, folder = version.name, versions.folder_of(version)

    def work(handle: tasks.Handle) -> Stored:
        if not folder.is_dir():
            raise ValueError(f"The files of {name} are not in {folder} any more.")
        return load(folder)

    def done(files: Stored) -> Steps[None]:
        steps = show_version(by_uid(bpy.data.collections, uid), by_uid(bpy.data.scenes, place), index, files)
        yield from through(steps)

    def failed(error: Exception) -> None:
        shot = next((item for item in bpy.data.collections if item.session_uid == uid), None)
        if shot is not None:
            shot.garrick_rerender.note = str(error)

    return tasks.Task(_("Show Version"), work, done, failed, _("Show Version"), uid)
