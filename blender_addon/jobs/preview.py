"""The portrait as the panel shows it: the file's own picture, or what the service saw in it with the faces framed."""

from __future__ import annotations

from pathlib import Path

import bpy
import bpy.utils.previews

from . import consent, portraits
from .faces import Look, framed

_SCALE = 8.0
_KEPT = 32  # pictures; each takes a quarter of a megabyte

_previews: bpy.utils.previews.ImagePreviewCollection | None = None


def draw(layout: bpy.types.UILayout, scene: bpy.types.Scene, portrait: Path) -> None:
    """The picture."""
    seen = portraits.look_of(portrait)
    if isinstance(seen, Look):
        icon = _icon_of_look(f"{consent.digest_of(portrait)} {id(seen)}", seen, portraits.face_index(scene))
    else:
        icon = _icon_of_file(str(portrait), portrait.stat().st_mtime_ns)
    layout.template_icon(icon_value=icon, scale=_SCALE)


def register() -> None:
    """Make room for the pictures."""
    global _previews
    _previews = bpy.utils.previews.new()


def unregister() -> None:
    """Take them away again."""
    global _previews
    bpy.utils.previews.remove(_previews)
    _previews = None


def _icon_of_file(path: str, changed: int) -> int:
    """The icon of a picture; loaded anew when the file has changed."""
    assert _previews is not None
    key = f"{path} {changed}"
    found = _previews.get(key)
    if found is None:
        _make_room()
        found = _previews.load(key, path, "IMAGE")
    return found.icon_id


def _icon_of_look(name: str, seen: Look, index: int | None) -> int:
    """The icon of a framed picture. name: of the look, and of no other."""
    assert _previews is not None
    key = f"{name} {index}"
    found = _previews.get(key)
    if found is None:
        _make_room()
        pixels = framed(seen, index)
        found = _previews.new(key)
        found.image_size = pixels.shape[1::-1]
        found.image_pixels_float.foreach_set(pixels.ravel())
    return found.icon_id


def _make_room() -> None:
    assert _previews is not None
    if len(_previews) >= _KEPT:
        _previews.clear()
