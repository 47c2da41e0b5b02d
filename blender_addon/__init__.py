"""Garrick for Blender: imports a shot folder (performance, rig, frames, sound) as an editable scene.

Nothing is imported here before `register`, so that the build step and the tests can reach single modules.
"""

from __future__ import annotations


def register() -> None:
    """Called by Blender when the extension is switched on."""
    from .shot_import import ops

    ops.register()


def unregister() -> None:
    """Called by Blender when the extension is switched off."""
    from .shot_import import ops

    ops.unregister()
