"""Time: where the performance's seconds lie on the scene's frames; rate, range, markers."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import bpy
import numpy as np

from .. import version_adapter

FIRST_FRAME = 1
"""The scene frame that shows frame 0 of the performance: where Blender's own scenes begin."""


def scene_rate(scene: bpy.types.Scene) -> float:
    """Frames a second that the scene plays at."""
    return scene.render.fps / scene.render.fps_base


def frame_at(scene: bpy.types.Scene, seconds: np.ndarray | float) -> np.ndarray | float:
    """Scene frame, with its fraction, of a time of the performance."""
    return FIRST_FRAME + np.asarray(seconds) * scene_rate(scene)


def is_fresh(scene: bpy.types.Scene) -> bool:
    """Whether nothing in the scene depends on its time yet, so that an import may set rate and range."""
    data = (item.animation_data for item in scene.objects)
    animated = any(item and (item.action or len(item.nla_tracks)) for item in data)
    return not (animated or len(scene.timeline_markers) or len(version_adapter.sequencer_strips(scene)))


def adopt_rate(scene: bpy.types.Scene, fps: Fraction, frames: int) -> None:
    """Set the scene's rate and range from the clip: 24000/1001 is 24 with a base of 1.001."""
    whole = -(-fps.numerator // fps.denominator)
    scene.render.fps = whole
    scene.render.fps_base = float(whole / fps)
    scene.frame_start, scene.frame_end = FIRST_FRAME, FIRST_FRAME + frames - 1
    scene.frame_set(FIRST_FRAME)


def add_markers(scene: bpy.types.Scene, spans: Iterable[tuple[str, float, float]]) -> None:
    """A marker where each word or phone begins, on the nearest frame."""
    for text, start, _ in spans:
        scene.timeline_markers.new(text, frame=int(np.floor(frame_at(scene, start) + 0.5)))
