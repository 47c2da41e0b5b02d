"""Keeps a live session's motion: a new Action on a new NLA track above what the rig had."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import bpy
import numpy as np

from ..rerender.place import place_of
from ..shot_import.animation import animate_bones, animate_face, keying
from ..shot_import.shot import Rig
from ..version_adapter import Clip
from .session import recorded, seen, streamed

TRACK = "Live"


def keep(shot: str, scene: str, rig: Rig, frames: list[dict[str, Any]], fps: Fraction, identity: np.ndarray) -> None:
    """Write the frames of a session onto a shot's rig from the shot's first frame on.

    shot, scene: names. Raises ValueError when the shot has gone meanwhile, or nothing was heard or seen.
    """
    collection, target = bpy.data.collections.get(shot), bpy.data.scenes.get(scene)
    held = None if collection is None else collection.garrick
    if target is None or held is None or held.head is None or held.armature is None:
        raise ValueError("The shot was deleted while it was live; nothing was recorded.")
    frames = seen(frames)
    performance = recorded(frames, fps, identity)
    keys = keying(Clip(TRACK), place_of(collection, target), performance)
    animate_face(keys, held.head, performance)
    animate_bones(keys, held.armature, rig.following(streamed(frames[0])), performance)
    keys.clip.lay_down()
