"""Time: where the performance's seconds lie on the scene's frames; rate, range, markers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

import bpy
import numpy as np

from .. import version_adapter

FIRST_FRAME = 1
"""Where shots began that were imported before a shot remembered it."""

PLACES = (
    ("START", "Scene Start", "At the scene's first frame"),
    ("PLAYHEAD", "Playhead", "At the current frame"),
)
"""Items of an EnumProperty: where a shot begins, see `start_frame`."""

Span = tuple[str, float, float]
"""A word or phone, and its first and last second."""


@dataclass(frozen=True)
class Place:
    """Where a performance lies in a scene's time. start: the scene's frame, with its fraction, of its frame 0.
    rate: scene frames a second."""

    start: float
    rate: float

    def frame_at(self, seconds: np.ndarray | float) -> np.ndarray | float:
        """Scene frame, with its fraction, of a time of the performance."""
        return self.start + np.asarray(seconds) * self.rate

    def seconds_at(self, frames: np.ndarray | float) -> np.ndarray:
        """Time of the performance at a frame of the scene."""
        return (np.asarray(frames, np.float64) - self.start) / self.rate

    def marker_at(self, seconds: float) -> int:
        """The whole frame that lies nearest to a time of the performance."""
        return int(np.floor(float(self.frame_at(seconds)) + 0.5))


def place_in(scene: bpy.types.Scene, start: float | None = None) -> Place:
    """A place that begins at frame `start`; at the scene's first one where that is None."""
    return Place(scene.frame_start if start is None else start, scene_rate(scene))


def start_frame(scene: bpy.types.Scene, place: str) -> int:
    """The scene's frame that one of `PLACES` means now."""
    return scene.frame_current if place == "PLAYHEAD" else scene.frame_start


def scene_rate(scene: bpy.types.Scene) -> float:
    """Frames a second that the scene plays at."""
    return scene.render.fps / scene.render.fps_base


def is_fresh(scene: bpy.types.Scene) -> bool:
    """Whether nothing in the scene depends on its time yet, so that an import may set rate and range."""
    data = (item.animation_data for item in scene.objects)
    animated = any(item and (item.action or len(item.nla_tracks)) for item in data)
    return not (animated or len(scene.timeline_markers) or len(version_adapter.sequencer_strips(scene)))


def adopted_rate(fps: Fraction) -> float:
    """What `scene_rate` will say once a scene has adopted a clip's rate: Blender holds it in single precision."""
    whole, base = _rate_settings(fps)
    return whole / base


def adopt_rate(scene: bpy.types.Scene, fps: Fraction, frames: int, start: int = FIRST_FRAME) -> None:
    """Set the scene's rate and range from the clip: 24000/1001 is 24 with a base of 1.001."""
    scene.render.fps, scene.render.fps_base = _rate_settings(fps)
    scene.frame_start, scene.frame_end = start, start + frames - 1
    scene.frame_set(start)


@contextmanager
def kept_on_failure(scene: bpy.types.Scene) -> Iterator[None]:
    """Give a scene its rate, range, frame and markers back when something goes wrong."""
    render, marked = scene.render, set(scene.timeline_markers)
    before = render.fps, render.fps_base, scene.frame_start, scene.frame_end, scene.frame_current
    try:
        yield
    except BaseException:
        render.fps, render.fps_base, scene.frame_start, scene.frame_end, _ = before
        scene.frame_set(before[-1])
        for marker in set(scene.timeline_markers) - marked:
            scene.timeline_markers.remove(marker)
        raise


def add_markers(scene: bpy.types.Scene, place: Place, spans: Iterable[Span]) -> None:
    """A marker where each word or phone begins, on the nearest frame."""
    for text, start, _ in spans:
        scene.timeline_markers.new(text, frame=place.marker_at(start))


def markers_of(scene: bpy.types.Scene, place: Place, spans: Iterable[Span]) -> Iterator[bpy.types.TimelineMarker]:
    """The markers of words or phones that stand where `add_markers` put them; none that has a camera bound to it."""
    wanted = {(text, place.marker_at(start)) for text, start, _ in spans}
    return (item for item in scene.timeline_markers if (item.name, item.frame) in wanted and item.camera is None)


def _rate_settings(fps: Fraction) -> tuple[int, float]:
    whole = -(-fps.numerator // fps.denominator)
    return whole, float(np.float32(whole / fps))
