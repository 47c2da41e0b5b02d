"""Keeps a live session's motion: a new Action on a new NLA track above what the rig had, and a take on disk.

The take is the motion as a performance and what was heard with it, so that it can be rendered in its own length and with
its own voice.
"""

from __future__ import annotations

import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..core.live_record import recorded
from ..core.performance import AudioReference, Performance
from ..rerender import versions
from ..rerender.fitting import voice_strips
from ..rerender.place import place_of
from ..shot_import.animation import animate_bones, animate_face, keying
from ..shot_import.shot import Rig
from ..shot_import.sound import add_sound
from ..version_adapter import Clip
from .session import seen, streamed
from .sources import RATE

TRACK = "Live"
_TAKES = "live"  # folder beside the shot's manifest


def keep(
    shot: str,
    scene: str,
    rig: Rig,
    frames: list[dict[str, Any]],
    fps: Fraction,
    identity: np.ndarray,
    heard: bytes = b"",
) -> None:
    """Write the frames of a session onto a shot's rig from the shot's first frame on, and the take beside the shot.

    shot, scene: names.    heard: of a voice, 16-bit samples at `RATE`; it takes the place of the shot's voice, which is
    muted. Raises ValueError when the shot has gone meanwhile, or nothing was heard or seen, and OSError where the take
    cannot be written, the keys being set by then.
    """
    collection, target = bpy.data.collections.get(shot), bpy.data.scenes.get(scene)
    held = None if collection is None else collection.garrick
    if target is None or held is None or held.head is None or held.armature is None:
        raise ValueError("The shot was deleted while it was live; nothing was recorded.")
    frames = seen(frames)
    performance = recorded(frames, fps, identity)
    place = place_of(collection, target)
    keys = keying(Clip(TRACK), place, performance)
    animate_face(keys, held.head, performance)
    animate_bones(keys, held.armature, rig.following(streamed(frames[0])), performance)
    keys.clip.lay_down()
    sound = save_take(versions.root_of(collection) / _TAKES, performance, heard)
    if sound is not None:
        for strip in voice_strips(collection, target):
            strip.mute = True
        add_sound(target, place, sound, performance)


def save_take(folder: Path, performance: Performance, heard: bytes) -> Path | None:
    """Write take_001.npz, and take_001.wav when anything was heard, under the next free number -> the sound.

    A motion that is there is whole. Raises OSError.
    """
    folder.mkdir(exist_ok=True)
    taken = [path.stem[5:] for path in folder.glob("take_*.npz")]
    number = 1 + max((int(name) for name in taken if name.isdecimal()), default=0)
    motion = folder / f"take_{number:03d}.npz"
    sound = motion.with_suffix(".wav") if heard else None
    if sound is not None:
        with wave.open(str(sound), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(heard)
        performance = replace(performance, audio=AudioReference(sound.name))
    aside = motion.with_name(f".{motion.name}.part")
    performance.save(aside)
    aside.replace(motion)
    return sound
