"""Garrick for Blender: a performance from a portrait, a voice and a line of text, editable and rendered again.

Nothing is imported here before `register`, so that the build step and the tests can reach single modules.
"""

from __future__ import annotations


def register() -> None:
    """Called by Blender when the extension is switched on."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Called by Blender when the extension is switched off."""
    from . import registration

    registration.unregister()
