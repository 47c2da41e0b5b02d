"""What the panel's buttons do: perform, and go on with, import, cancel and forget jobs."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.translations import pgettext_iface
from bpy.props import StringProperty

from .. import tasks
from ..backend_link import link
from ..shot_import.props import active_shot
from ..tasks import Task
from . import (
    consent,
    face_ops,
    history,
    importing,
    inputs,
    menus,
    places,
    portraits,
    preset_ops,
    schema_ui,
    watch,
    work,
)
from .beside import Beside
from .history import Row

_KEY = StringProperty(
    name="Job", description="Key or id of the job; the chosen one of the list when empty", options={"SKIP_SAVE"}
)


class GARRICK_OT_perform(Beside, bpy.types.Operator):
    """Have the service make the shot from these inputs and settings, and import it. You can go on working meanwhile"""

    bl_idname = "garrick.perform"
    bl_label = "Perform"
    bl_options = {"REGISTER"}  # noqa: RUF012, the undo step follows the import

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        why = _unready() or inputs.problem(context.scene) or _no_scene(context)
        if why is not None:
            cls.poll_message_set(why)
        return why is None

    def begin(self, context: bpy.types.Context, start: Any) -> None:
        if not schema_ui.fields():
            schema_ui.adopt(link.ensure().schema())  # or the settings that the scene remembers would not be sent
        run = work.perform(context.scene, inputs.asked(context.scene))
        work.begin(run, start)
        _tell(self, run)


class GARRICK_OT_take_up_job(Beside, bpy.types.Operator):
    """Import what the job has made; one that was stopped or has failed goes on where it was"""

    bl_idname = "garrick.take_up_job"
    bl_label = "Import"
    bl_options = {"REGISTER"}  # noqa: RUF012, the undo step follows the import

    key: _KEY  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        why = _no_scene(context)
        if why is not None:
            cls.poll_message_set(why)
        return why is None

    def begin(self, context: bpy.types.Context, start: Any) -> None:
        row = _row(self.key)
        if row.run is not None and row.state in ("running", "cancelling"):
            raise ValueError("The job is under way.")
        run = work.take_up(context.scene, row)
        work.begin(run, start, replaced=row.run)
        _tell(self, run)


class GARRICK_OT_cancel_job(Beside, bpy.types.Operator):
    """Stop the job; what is finished of it stays, and it can be taken up again"""

    bl_idname = "garrick.cancel_job"
    bl_label = "Cancel"

    key: _KEY  # type: ignore[valid-type]

    def begin(self, context: bpy.types.Context, start: Any) -> None:
        row = _row(self.key)
        if row.run is not None and row.run.task is not None:
            row.run.task.cancel()
        elif row.id is not None:
            start(work.cancel(row.id))


class GARRICK_OT_delete_job(Beside, bpy.types.Operator):
    """Have the service forget the job and its files; shots that were imported keep theirs"""

    bl_idname = "garrick.delete_job"
    bl_label = "Delete"

    key: _KEY  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self._go(context, tasks.run if bpy.app.background else tasks.start)

    def begin(self, context: bpy.types.Context, start: Any) -> None:
        row = _row(self.key)
        if not row.rests:
            raise ValueError("The job is under way: cancel it first.")
        if row.id is not None and history.record_of(row.id) is not None:
            start(work.delete(row.id))
        else:
            history.forget(row.key)
            work.show()


class GARRICK_OT_refresh_jobs(Beside, bpy.types.Operator):
    """Ask the service what it offers and what it has done; scripts call this before they set `scene.garrick_settings`"""

    bl_idname = "garrick.refresh_jobs"
    bl_label = "Refresh"

    def begin(self, context: bpy.types.Context, start: Any) -> None:
        start(work.refresh())


class GARRICK_OT_restore_job(bpy.types.Operator):
    """Put the inputs and settings of the job back into the panel"""

    bl_idname = "garrick.restore_job"
    bl_label = "Use Its Settings"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    key: _KEY  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            row = _row(self.key)
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        inputs.restore(context.scene, row.name, _asked(row))
        return {"FINISHED"}


class GARRICK_OT_restore_shot(bpy.types.Operator):
    """Put the inputs and settings that the active shot was made with back into the panel"""

    bl_idname = "garrick.restore_shot"
    bl_label = "Use Its Settings"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        shot = active_shot(context)
        why = None
        if shot is None:
            why = "Select an object of a Garrick shot first"
        elif not shot.garrick.job:
            why = "The shot was imported from a folder and does not know what it was asked for"
        elif context.scene.library is not None:
            why = "This scene is linked from another file"
        if why is not None:
            cls.poll_message_set(why)
        return why is None

    def execute(self, context: bpy.types.Context) -> set[str]:
        shot = active_shot(context)
        try:
            inputs.restore(context.scene, shot.name, importing.asked_for(shot))
        except ValueError as error:
            self.report({"ERROR"}, f"What the shot remembers of its job is damaged: {error}")
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_give_consent(bpy.types.Operator):
    """Confirm that the person in the chosen portrait agrees to this use of the face"""

    bl_idname = "garrick.give_consent"
    bl_label = "The Person Agrees"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if inputs.portrait_of(context.scene) is None:
            cls.poll_message_set("Choose a portrait first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        portrait = inputs.portrait_of(context.scene)
        try:
            consent.give(portrait, True)
        except OSError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class GARRICK_OT_take_from_scene(bpy.types.Operator):
    """Take the frame rate (frames/s) and the picture size (px, made even) from the scene's output settings"""

    bl_idname = "garrick.take_from_scene"
    bl_label = "From Scene"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not schema_ui.fields():
            cls.poll_message_set("Connect to the service first: it says what can be set")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        inputs.take_from_scene(context.scene)
        return {"FINISHED"}


class GARRICK_OT_open_shots(bpy.types.Operator):
    """Open the folder in which the shots of this file lie"""

    bl_idname = "garrick.open_shots"
    bl_label = "Open Shots Folder"

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = places.shots_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.report({"ERROR"}, f"{folder} cannot be made: {error.strerror}.")
            return {"CANCELLED"}
        return bpy.ops.wm.path_open(filepath=str(folder))


_CLASSES = (
    GARRICK_OT_perform,
    GARRICK_OT_take_up_job,
    GARRICK_OT_cancel_job,
    GARRICK_OT_delete_job,
    GARRICK_OT_refresh_jobs,
    GARRICK_OT_restore_job,
    GARRICK_OT_restore_shot,
    GARRICK_OT_give_consent,
    GARRICK_OT_take_from_scene,
    GARRICK_OT_open_shots,
)


def register() -> None:
    """Add the operators, their menu entries and shortcut, and the look-out for the service."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    preset_ops.register()
    face_ops.register()
    menus.register()
    watch.register()


def unregister() -> None:
    """Take them away again."""
    watch.unregister()
    menus.unregister()
    face_ops.unregister()
    preset_ops.unregister()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    history.clear()
    portraits.forget()


def _unready() -> str | None:
    """Why no service can take a job now; a script without a window finds out when it asks."""
    if bpy.app.background:
        return None
    now = link.status()
    if now.light == "outdated":
        return now.sentence
    if now.light == "off" and not (link.settings().local and link.environment() is not None):
        return pgettext_iface("No service: {why}").format(why=now.sentence)
    return None if schema_ui.fields() else "Start the service first: it says what can be set"


def _no_scene(context: bpy.types.Context) -> str | None:
    if context.scene.library is not None:
        return "This scene is linked from another file"
    return "Leave the edit or pose mode first" if context.mode != "OBJECT" else None


def _row(key: str) -> Row:
    """The job that an operator is meant for. Raises ValueError."""
    chosen = key or work.chosen_key()
    row = history.find(chosen) if chosen else None
    if row is None:
        raise ValueError("Choose a job of the list first." if not key else f"There is no job {key} in the list.")
    return row


def _asked(row: Row) -> dict[str, Any]:
    """The job as this computer asked for it, or else as the service has it."""
    if row.run is not None and row.run.job:
        return row.run.job
    return (history.record_of(row.id) or {}).get("job", {}) if row.id else {}


def _tell(operator: bpy.types.Operator, run: history.Run) -> None:
    """Say how a job that was waited for has ended, or that one has begun."""
    task: Task[Any] | None = run.task
    if task is None or task.state == "running":
        operator.report({"INFO"}, f"{run.name}: begun")
        return
    operator.report({"INFO"} if run.imported else {"WARNING"}, f"{run.name}: {run.note}")
