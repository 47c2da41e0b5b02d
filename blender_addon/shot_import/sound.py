"""The voice as a strip in the sequencer, with the scene playing in step with it."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import version_adapter
from ..core.performance import Performance
from .materials import blend_path
from .timeline import frame_at


def add_sound(scene: bpy.types.Scene, audio: Path, performance: Performance) -> str | None:
    """Add the sound strip on a free channel; a sentence for the user where this Blender has no sound."""
    if not version_adapter.has_sound():
        return "This Blender was built without sound: the voice was not imported."
    offset = performance.audio.offset if performance.audio else 0.0
    start = float(frame_at(scene, offset))
    strips = version_adapter.sequencer_strips(scene, create=True)
    channel = 1 + max((strip.channel for strip in strips), default=0)
    strip = strips.new_sound(audio.stem, blend_path(audio), channel=channel, frame_start=round(start))
    strip.frame_start = start  # `new_sound` takes whole frames; sound keeps its fraction
    return None
