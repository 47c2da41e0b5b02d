"""Sidebar > Garrick > Backend: its light, what to do about it, and the details."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.translations import pgettext_iface

from .. import preferences, version_adapter
from ..sentences import write
from . import link, ops, setup
from .status import Light, addon_version, compare

_LIGHTS: dict[Light, int] = {"off": 9, "starting": 3, "ready": 4, "busy": 5, "outdated": 2}
"""Of colour tags: grey, yellow, green, blue, orange."""


class GARRICK_PT_backend(bpy.types.Panel):
    """How the backend does, and what can be done about it"""

    bl_label = "Backend"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.label(icon=version_adapter.color_icon(_LIGHTS[link.status().light]))

    def draw(self, context: bpy.types.Context) -> None:
        write(self.layout, link.status().sentence)
        draw_setup(self.layout)


class GARRICK_PT_backend_details(bpy.types.Panel):
    """Version, device, models, memory and jobs of the backend; its log; diagnostics"""

    bl_label = "Details"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Garrick"
    bl_parent_id = "GARRICK_PT_backend"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender reads it

    def draw(self, context: bpy.types.Context) -> None:
        health = link.status().health
        if health is not None:
            column = self.layout.column(align=True)
            for name, value in _facts(health):
                row = column.split(factor=0.4)
                row.label(text=name)
                row.label(text=value)
        column = self.layout.column(align=True)
        column.operator(ops.GARRICK_OT_show_log.bl_idname, icon="TEXT")
        column.operator(ops.GARRICK_OT_copy_diagnostics.bl_idname, icon="COPYDOWN")
        column.operator(ops.GARRICK_OT_open_preferences.bl_idname, icon="PREFERENCES")


def draw_light(layout: bpy.types.UILayout) -> None:
    """The light and what it means, where there is no panel of ours with a light in its head."""
    now = link.status()
    write(layout, now.sentence, icon=version_adapter.color_icon(_LIGHTS[now.light]))


def draw_setup(layout: bpy.types.UILayout) -> None:
    """What is under way or went wrong, and the buttons that fit the state; in the panel and in the preferences."""
    task = ops.last_task()
    if task is not None and task.state == "running":
        row = layout.row(align=True)
        factor = task.done / task.total if task.total else 0.0
        text = pgettext_iface("{}: {}").format(pgettext_iface(task.title), task.phase)
        row.progress(factor=factor, type="BAR", text=text)
        row.operator(ops.GARRICK_OT_cancel_backend_task.bl_idname, text="", icon="X")
        return
    _draw_buttons(layout)
    if (trouble := ops.trouble()) is not None:
        write(layout, str(trouble), icon="ERROR")


def _draw_buttons(layout: bpy.types.UILayout) -> None:
    settings, now = link.settings(), link.status()
    if not settings.local:
        layout.operator(ops.GARRICK_OT_open_preferences.bl_idname, icon="PREFERENCES")
        return
    found = link.environment() is not None
    if now.health is not None:
        layout.operator(ops.GARRICK_OT_stop_backend.bl_idname, icon="PAUSE")
    elif found:
        layout.operator(ops.GARRICK_OT_start_backend.bl_idname, icon="PLAY")
    newer = now.health is not None and compare(str(now.health.get("version", "")), addon_version()) > 0
    if (now.light == "outdated" and not newer) or (now.health is None and not found):
        if not settings.checkout and preferences.preferences() is not None:
            layout.label(text="Garrick's Folder:")
            layout.prop(preferences.preferences(), "checkout", text="")
        layout.operator(ops.GARRICK_OT_set_up_backend.bl_idname, icon="IMPORT")
        if reason := setup.check(settings.checkout, settings.online):
            write(layout, reason, icon="INFO")


def _facts(health: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and value of what the service tells of itself; what it does not tell is left out."""
    facts = [("Version", health.get("version")), ("Device", health.get("device"))]
    models = health.get("models")
    if models is not None:
        facts.append(("Models", pgettext_iface("{} of {}").format(sum(models.values()), len(models))))
    workers = health.get("workers") or []
    if workers:
        facts.append(("Workers", ", ".join(str(worker.get("state")) for worker in workers)))
        memory = sum(worker.get("rss") or 0 for worker in workers)
        facts.append(("Memory", pgettext_iface("{:.1f} GB").format(memory / 1e9)))
    if health.get("disk_free") is not None:
        facts.append(("Free Disk", pgettext_iface("{:.0f} GB").format(health["disk_free"] / 1e9)))
    for name, state in (("Waiting", "queued"), ("At Work", "running")):
        facts.append((name, str((health.get("queue") or {}).get(state, 0))))
    return [(name, str(value)) for name, value in facts if value is not None]


_CLASSES = (GARRICK_PT_backend, GARRICK_PT_backend_details)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)
