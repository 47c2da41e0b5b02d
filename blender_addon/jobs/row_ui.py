"""How one job looks in the list and below it."""

from __future__ import annotations

import time

import bpy
from bpy.app.translations import pgettext_iface as _

from ..backend_link import link
from ..sentences import write
from .history import Problem, Row

_ICONS = {
    "running": "PLAY",
    "queued": "TIME",
    "cancelling": "CANCEL",
    "done": "CHECKMARK",
    "failed": "ERROR",
    "cancelled": "PANEL_CLOSE",
}

_STATES = {
    "queued": "Waiting",
    "running": "Running",
    "cancelling": "Stopping",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}

_PHASES = {
    "": "Starting",
    "lively face": "Moving the mouth",
    "lively body": "Moving the body",
    "voice": "Cutting the voice",
    "service": "Looking for the service",
    "upload": "Uploading",
    "queued": "Waiting for its turn",
    "running": "Starting",
    "check": "Checking the inputs",
    "decode": "Reading the voice",
    "look": "Looking at the frames",
    "watch": "Looking at the video",
    "compare": "Comparing with the video",
    "report": "Writing the report",
    "track": "Tracking the face",
    "overlay": "Drawing what was tracked",
    "detail": "Adding detail",
    "speak": "Speaking",
    "transcribe": "Writing down what is said",
    "listen": "Listening",
    "voices": "Comparing voices",
    "speech": "Waiting for the speech",
    "portrait": "Reading the portrait",
    "motion": "Acting",
    "prepare": "Preparing the head",
    "frames": "Rendering frames",
    "preview": "Making the preview",
    "prores": "Making the ProRes film",
    "scene": "Writing the scene",
    "download": "Fetching",
    "read": "Reading",
    "import": "Importing",
    "show": "Showing",
    "export": "Exporting",
}

_FIXES = {
    "consent": ("garrick.give_consent", "The Person Agrees", "CHECKMARK"),
    "unreachable": ("garrick.start_backend", "Start the Service", "PLAY"),
    "start": ("garrick.set_up_backend", "Set Up Backend", "IMPORT"),
    "missing": ("garrick.set_up_backend", "Set Up Backend", "IMPORT"),
    "offline": ("garrick.open_preferences", "Preferences", "PREFERENCES"),
    "address": ("garrick.open_preferences", "Preferences", "PREFERENCES"),
    "output": ("garrick.open_shots", "Open Shots Folder", "FILE_FOLDER"),
}
"""Kind of an error -> the operator that mends it, its text and icon."""


def draw_line(layout: bpy.types.UILayout, row: Row) -> None:
    """One line of the list."""
    line = layout.row()
    line.label(text=row.name, icon=_ICONS.get(row.state, "QUESTION"), translate=False)
    right = line.row()
    right.alignment = "RIGHT"
    if row.state == "running" and row.total:
        right.label(text=f"{100 * row.done / row.total:.0f} %", translate=False)
    elif row.created and row.state == "done":
        right.label(text=time.strftime("%d %b %H:%M", time.localtime(row.created)), translate=False)
    else:
        right.label(text=_STATES.get(row.state, row.state))


def draw_row(layout: bpy.types.UILayout, row: Row) -> None:
    """What the chosen job is doing or has come to, and what can be done about it."""
    box = layout.box().column()
    if not row.rests:
        draw_progress(box, row)
        if row.state != "cancelling":
            box.operator("garrick.cancel_job", icon="CANCEL").key = row.key
        if row.run is None:
            box.operator("garrick.take_up_job", text="Follow and Import", icon="IMPORT").key = row.key
        return
    if row.note:
        write(box, row.note, "INFO")
    if row.problem is not None:
        _draw_problem(box, row.problem)
    buttons = box.row(align=True)
    going_on = {"done": ("Import", "IMPORT"), "cancelled": ("Resume", "PLAY"), "failed": ("Try Again", "FILE_REFRESH")}
    text, icon = going_on[row.state]
    buttons.operator("garrick.take_up_job", text=text, icon=icon).key = row.key
    buttons.operator("garrick.restore_job", text="", icon="LOOP_BACK").key = row.key
    buttons.operator("garrick.delete_job", text="", icon="TRASH").key = row.key


def draw_bar(layout: bpy.types.UILayout, phase: str, done: float, total: float) -> None:
    """The bar of a phase, by its name in the service or in the add-on; a name that is not known is shown as it is."""
    text = _(_PHASES.get(phase, phase))
    if total:
        text = _("{phase}: {done} of {total}").format(phase=text, done=int(done), total=int(total))
    layout.progress(factor=min(1.0, done / total) if total else 0.0, text=text)


def draw_progress(layout: bpy.types.UILayout, row: Row) -> None:
    """The bar of a job under way, with its phase and the time that it has still to go."""
    draw_bar(layout, "Stopping" if row.state == "cancelling" else row.phase, row.done, row.total)
    if row.run is not None and link.status().light == "off":
        write(layout, _("The service does not answer. The job goes on when it is back."), "INFO")
    elif row.remaining is not None and row.state == "running":
        layout.label(text=_("About {time} left").format(time=_duration(row.remaining)), translate=False)


def _draw_problem(layout: bpy.types.UILayout, problem: Problem) -> None:
    write(layout, problem.message, "ERROR")
    if problem.fix:
        write(layout, problem.fix, "BLANK1")
    if problem.kind in _FIXES:
        operator, text, icon = _FIXES[problem.kind]
        layout.operator(operator, text=text, icon=icon)


def _duration(seconds: float) -> str:
    """Seconds as people say them."""
    whole = round(seconds)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min" if whole < 5400 else f"{whole / 3600:.1f} h"
