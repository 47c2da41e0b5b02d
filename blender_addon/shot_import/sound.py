"""The voice as a strip in the sequencer, with the scene playing in step with it."""

from __future__ import annotations

from math import floor
from pathlib import Path

import bpy

from .. import version_adapter
from ..core.performance import Performance
from .materials import blend_path
from .timeline import Place


def add_sound(
    scene: bpy.types.Scene, place: Place, audio: Path, performance: Performance, channel: int | None = None
) -> str | None:
    """Add the sound strip, on a free channel where none is given; a sentence where this Blender has no sound."""
    if not version_adapter.has_sound():
        return "This Blender was built without sound: the voice was not imported."
    offset = performance.audio.offset if performance.audio else 0.0
    start = float(place.frame_at(offset))
    strips = version_adapter.sequencer_strips(scene, create=True)
    if channel is None:
        channel = 1 + max((strip.channel for strip in strips), default=0)
    first = floor(start)
    strip = strips.new_sound(audio.stem, blend_path(audio), channel=channel, frame_start=first)
    strip.sound_offset = (start - first) / place.rate  # strips begin with whole frames
    return None
