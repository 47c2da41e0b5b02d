"""Keep the panel's settings and list of jobs up to date while Blender's window is open."""

from __future__ import annotations

import time

import bpy

from .. import tasks
from ..backend_link import link
from . import consent, history, inputs, portraits, schema_ui, work

_EVERY_S = 1.0
_ELSEWHERE_S = 5.0  # between two looks at jobs that this Blender does not follow

_light = ""
_resting = 0  # runs that had come to rest when the list was last asked for
_looked = 0.0


def register() -> None:
    """Begin to look; without a window no timer ever fires."""
    bpy.app.timers.register(look, first_interval=_EVERY_S, persistent=True)


def unregister() -> None:
    """Look no more."""
    global _light, _resting
    if bpy.app.timers.is_registered(look):
        bpy.app.timers.unregister(look)
    _light, _resting = "", 0


def look() -> float:
    """Ask for the list when the service has come, when a run has come to rest, and while others' jobs are under way."""
    global _light, _resting, _looked
    light = link.status().light
    there = light in ("ready", "busy")
    resting = sum(run.task is not None and run.task.state != "running" for run in history.runs)
    due = history.elsewhere() and time.monotonic() - _looked > _ELSEWHERE_S
    came = there and _light not in ("ready", "busy")
    if came:
        portraits.forget_failures()
    if there and (came or resting != _resting or due):
        _looked = time.monotonic()
        tasks.start(work.refresh())
    work.show()  # a file that was opened meanwhile may have brought a list of its own
    if schema_ui.adopt(link.schema()):
        tasks.redraw()
    if there:
        _look_at_portraits()
    _light, _resting = light, resting
    return _EVERY_S


def _look_at_portraits() -> None:
    """Have the service look at what the scenes that are open have chosen, each picture once."""
    for scene in {window.scene for window in bpy.context.window_manager.windows}:
        portrait = inputs.portrait_of(scene)
        if portrait is None or portraits.under_way(portrait) or not portraits.may_be_shown(portrait):
            continue
        if consent.digest_of(portrait) is not None and portraits.look_of(portrait) is None:
            tasks.start(portraits.look(portrait))
