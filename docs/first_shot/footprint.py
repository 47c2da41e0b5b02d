"""What an extension has put into Blender: taken before it is installed and after it is gone, the two must be the same."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import bpy


def footprint() -> dict[str, set[str]]:
    """Everything by which an extension can be noticed, by its kind; every entry is a name for people to read.

    Not the Python modules, which Blender keeps loaded whichever extension it removes.
    """
    preferences = bpy.context.preferences
    return {
        "classes": set(dir(bpy.types)),
        "properties": {f"{name}.{key}" for name, kind in _classes() for key in kind.bl_rna.properties.keys()},  # noqa: SIM118, no dict
        "menu entries": {f"{name}: {_full_name(entry)}" for name, kind in _classes() for entry in _entries(kind)},
        "operators": {f"{module}.{name}" for module in dir(bpy.ops) for name in dir(getattr(bpy.ops, module))},
        "handlers": {
            f"{name}: {_full_name(function)}"
            for name in dir(bpy.app.handlers)
            if isinstance(functions := getattr(bpy.app.handlers, name), list)
            for function in functions
        },
        "shortcuts": {
            f"{keymap.name}: {item.idname}"
            for config in bpy.context.window_manager.keyconfigs
            for keymap in config.keymaps
            for item in keymap.keymap_items
        },
        "add-ons": set(preferences.addons.keys()),
        "threads": {thread.name for thread in threading.enumerate()},
    }


def files_under(folder: Path) -> set[str]:
    """The files below a Blender profile, by their paths in it; without the notes that Blender keeps on all extensions."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in paths if path.parts[:2] != ("extensions", ".cache")}


def functions_of(package: str) -> dict[str, FunctionType]:
    """The functions of a package's modules by their full names, to be asked later whether they are still on a timer."""
    functions = [
        value
        for name, module in list(sys.modules.items())
        if name == package or name.startswith(f"{package}.")
        for value in vars(module).values()
        if isinstance(value, FunctionType) and value.__module__ == name
    ]
    return {_full_name(function): function for function in functions}


def on_timers(functions: dict[str, FunctionType]) -> set[str]:
    """Those that Blender would still call."""
    return {name for name, function in functions.items() if bpy.app.timers.is_registered(function)}


def _classes() -> Iterator[tuple[str, type]]:
    for name in dir(bpy.types):
        kind = getattr(bpy.types, name)
        if hasattr(kind, "bl_rna"):
            yield name, kind


def _entries(kind: type) -> list[FunctionType]:
    """What was appended to a menu, panel or header; with the first one, Blender puts the class's own drawing there too."""
    added = getattr(kind.__dict__.get("draw"), "_draw_funcs", [])
    return [entry for entry in added if entry.__qualname__ != f"{kind.__name__}.draw"]


def _full_name(function: FunctionType) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', function)}"
