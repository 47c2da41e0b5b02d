"""Start, stop and set up the backend; its log; diagnostics."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
from bpy.app.translations import pgettext_iface
from bpy.props import BoolProperty, IntProperty

from .. import preferences, tasks
from ..answers import ServiceError
from ..tasks import Handle, Task
from . import diagnostics, link, setup
from .log_file import last_lines, log_path, start_troubles

LOG_TEXT = "Garrick Log"

_last: Task[Any] | None = None  # starting, stopping or setting up: one at a time
_there = False  # the service, when that task failed


def last_task() -> Task[Any] | None:
    """The start, stop or set-up that is under way, or was last; None before the first."""
    return _last


def trouble() -> Exception | None:
    """Why the last task failed, for as long as the service is as it was then: there, or not there."""
    there = link.status().health is not None
    return _last.error if _last is not None and _last.state == "failed" and there == _there else None


def _under_way() -> bool:
    return _last is not None and _last.state == "running"


class _BackendOperator:
    """What starts, stops and sets up have in common: a task, beside the window or waited for.

    beside: set by `invoke`, so that `execute` after a dialog does not make the window wait.
    """

    beside: BoolProperty(options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    def task(self) -> Task[Any]:
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        global _last
        _last = self.task()
        if self.beside:
            tasks.start(_last)
            return {"FINISHED"}
        try:
            tasks.run(_last)
        except (ServiceError, tasks.Cancelled) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, link.status().sentence)
        return {"FINISHED"}


class GARRICK_OT_start_backend(_BackendOperator, bpy.types.Operator):
    """Start Garrick's service on this computer; it takes some seconds and goes on when Blender is closed"""

    bl_idname = "garrick.start_backend"
    bl_label = "Start"
    bl_options = {"REGISTER"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = ""
        if not link.settings().local:
            reason = "A service at an address is started where it is"
        elif _under_way():
            reason = "Wait until the backend's last task has ended"
        elif link.watching() and link.status().health is not None:
            reason = "It runs already"
        elif link.watching() and link.environment() is None:
            reason = "No backend was found on this computer: set it up first"
        cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.beside = True
        return self.execute(context)

    def task(self) -> Task[Any]:
        def work(handle: Handle) -> None:
            handle.progress("starting")
            link.bring_up(handle.check)

        return Task("Starting the backend", work, failed=_remember)


class GARRICK_OT_stop_backend(_BackendOperator, bpy.types.Operator):
    """Stop Garrick's service on this computer; a job under way goes on at the next start"""

    bl_idname = "garrick.stop_backend"
    bl_label = "Stop"
    bl_options = {"REGISTER"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = ""
        if not link.settings().local:
            reason = "A service at an address is stopped where it is"
        elif _under_way():
            reason = "Wait until the backend's last task has ended"
        elif link.watching() and link.status().health is None:
            reason = "It does not run"
        cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.beside = True
        if link.status().light == "busy":
            return context.window_manager.invoke_confirm(
                self,
                event,
                title="Stop the Backend?",
                message="A job is under way. It goes on when the backend is started again.",
                confirm_text="Stop",
            )
        return self.execute(context)

    def task(self) -> Task[Any]:
        def work(handle: Handle) -> None:
            handle.progress("stopping")
            link.bring_down()

        return Task("Stopping the backend", work, failed=_remember)


class GARRICK_OT_set_up_backend(_BackendOperator, bpy.types.Operator):
    """Install the backend in Garrick's folder with Blender's own Python: gigabytes of download, 5 to 20 minutes"""

    bl_idname = "garrick.set_up_backend"
    bl_label = "Set Up Backend"
    bl_options = {"REGISTER"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        wanted = link.settings()
        reason = setup.check(wanted.checkout, wanted.online)
        if _under_way():
            reason = "Wait until the backend's last task has ended"
        cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.beside = True
        return context.window_manager.invoke_props_dialog(self, width=600, confirm_text="Set Up")

    def draw(self, context: bpy.types.Context) -> None:
        free = shutil.disk_usage(link.settings().checkout).free
        for line in setup.warning(free):
            self.layout.label(text=line)

    def task(self) -> Task[Any]:
        checkout = Path(link.settings().checkout)

        def work(handle: Handle) -> None:
            setup.set_up(checkout, handle.progress, handle.log, handle.cancelled)
            handle.progress("starting")
            if link.look().light == "outdated":  # the service of before still runs
                link.bring_down()
            link.bring_up(handle.check)

        return Task("Setting the backend up", work, failed=_remember)


class GARRICK_OT_cancel_backend_task(bpy.types.Operator):
    """Stop starting or setting up the backend; a set-up that is begun again goes on from there"""

    bl_idname = "garrick.cancel_backend_task"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _under_way():
            cls.poll_message_set("Nothing is under way")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        assert _last is not None
        _last.cancel()
        return {"FINISHED"}


class GARRICK_OT_show_log(bpy.types.Operator):
    """Put the last lines of the service's log into a text and show it"""

    bl_idname = "garrick.show_log"
    bl_label = "Show Log"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender reads it

    lines: IntProperty(  # type: ignore[valid-type]
        name="Lines", description="Events of the log, newest last", default=300, min=1, soft_max=5000
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not link.settings().local:
            cls.poll_message_set("The log of a service at an address is on that computer")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        ended = self.execute(context)
        if ended == {"FINISHED"}:
            _show(context, bpy.data.texts[LOG_TEXT])
        return ended

    def execute(self, context: bpy.types.Context) -> set[str]:
        data = link.settings().data
        path = log_path(data)
        try:
            lines = start_troubles(data)
            if path.exists():
                lines += last_lines(path, self.lines)
        except OSError as error:
            self.report({"ERROR"}, f"{path} cannot be read: {error.strerror}")
            return {"CANCELLED"}
        lines = ([] if _last is None else _last.lines) + lines
        if not lines:
            self.report({"ERROR"}, "There is no log yet: the service has not run on this computer")
            return {"CANCELLED"}
        text = bpy.data.texts.get(LOG_TEXT) or bpy.data.texts.new(LOG_TEXT)
        text.from_string("\n".join([*lines, ""]))
        text.cursor_set(len(text.lines) - 1)
        return {"FINISHED"}


class GARRICK_OT_copy_diagnostics(bpy.types.Operator):
    """Copy what a report of a fault should hold: versions, state, the last errors. No token, no user name"""

    bl_idname = "garrick.copy_diagnostics"
    bl_label = "Copy Diagnostics"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender reads it

    def execute(self, context: bpy.types.Context) -> set[str]:
        text = diagnostics.report()
        if bpy.app.background:  # there is no clipboard
            print(text)
        else:
            context.window_manager.clipboard = text
        self.report({"INFO"}, pgettext_iface("Copied {} lines").format(len(text.splitlines())))
        return {"FINISHED"}


class GARRICK_OT_open_preferences(bpy.types.Operator):
    """Open the add-on's preferences: which backend, where it is, how it is started"""

    bl_idname = "garrick.open_preferences"
    bl_label = "Preferences"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender reads it

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if bpy.app.background or preferences.preferences() is None:
            cls.poll_message_set("There is no window, or the add-on was switched on by a script")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.preferences.addon_show(module=preferences.GARRICK_AP_preferences.bl_idname)
        return {"FINISHED"}


_CLASSES = (
    GARRICK_OT_start_backend,
    GARRICK_OT_stop_backend,
    GARRICK_OT_set_up_backend,
    GARRICK_OT_cancel_backend_task,
    GARRICK_OT_show_log,
    GARRICK_OT_copy_diagnostics,
    GARRICK_OT_open_preferences,
)


def register() -> None:
    """Add the operators and begin to look at the service."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    link.register()


def unregister() -> None:
    """Take them away again; a service that runs goes on."""
    global _last
    link.unregister()
    _last = None
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)


def _remember(error: Exception) -> None:
    global _there
    _there = link.status().health is not None


def _show(context: bpy.types.Context, text: bpy.types.Text) -> None:
    """Show a text where one is shown already, else in a window of its own."""
    areas = [area for window in context.window_manager.windows for area in window.screen.areas]
    area = next((area for area in areas if area.type == "TEXT_EDITOR"), None)
    if area is None:
        bpy.ops.wm.window_new()
        area = context.window_manager.windows[-1].screen.areas[0]
        area.type = "TEXT_EDITOR"
    area.spaces.active.text = text
