"""The sound strips of a shot."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..version_adapter import sequencer_strips


def mute_sound(scene: bpy.types.Scene, audio: Path) -> int:
    """Mute the strips that play a sound file; how many there were."""
    muted = 0
    for strip in sequencer_strips(scene):
        if strip.type == "SOUND" and strip.sound is not None and _same(strip.sound, audio):
            strip.mute = True
            muted += 1
    return muted


def _same(sound: bpy.types.Sound, audio: Path) -> bool:
    return Path(bpy.path.abspath(sound.filepath, library=sound.library)).resolve() == audio.resolve()
