"""Switches the features on, in an order in which each finds what it needs, and off again in the reverse one."""

from __future__ import annotations

import importlib

_MODULES = (
    "preferences",
    "shot_import.props", "jobs.props", "rerender.props", "character.props", "compositing.props", "curve_tools.props",
    "live.props",
    "tasks",
    "backend_link.ops", "shot_import.ops", "jobs.ops", "rerender.ops", "character.ops", "compositing.ops",
    "curve_tools.ops", "live.ops",
    "backend_link.panel", "jobs.panel", "rerender.panel", "compositing.panel", "curve_tools.panel", "character.panel",
    "live.panel",
    "jobs.shot_panel",
)  # fmt: skip
"""Modules below this package with `register` and `unregister`; the panels' order is the sidebar's."""


def register() -> None:
    """All or nothing: when one fails, what was switched on before it is switched off again."""
    done = []
    try:
        for name in _MODULES:
            module = importlib.import_module(f".{name}", __package__)
            module.register()
            done.append(module)
    except Exception:
        for module in reversed(done):
            module.unregister()
        raise


def unregister() -> None:
    """Leave nothing behind."""
    for name in reversed(_MODULES):
        importlib.import_module(f".{name}", __package__).unregister()
