"""A new version in the scene: its frames wherever the shot shows frames; and of a regenerated one new keys on the curves
that nobody edited, new voice and new words.

All in steps of a few milliseconds. What the version holds was read by the thread that made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np

from .. import version_adapter
from ..core.merging import is_edited
from ..core.performance import Performance
from ..core.timing import frame_times
from ..curve_tools.speech import RETIMED
from ..shot_import import timeline
from ..shot_import.animation import bone_steps, face_steps
from ..shot_import.shot import Rig, Shot
from ..shot_import.sound import add_sound
from ..shot_import.timeline import Place
from ..slices import Steps
from . import shot_job, versions
from .fitting import fit, voice_strips
from .layers import extend_curve, layered_curves, rewrite_curve, stretch_strips
from .parts import Parts, parts_of
from .place import place_of, written_place
from .plates import hang
from .version_files import Stored
from .work import Rendered


def show_version(shot: bpy.types.Collection, scene: bpy.types.Scene, index: int, files: Stored) -> Steps[None]:
    """Let everything that shows frames of the shot show those of a version that is recorded, at the shot's place.

    Raises ValueError before anything is changed when its files are gone.
    """
    yield "show", 0, 3
    before = shot.garrick.active_version
    versions.show(shot, index)
    yield "show", 1, 3
    fit(shot, scene, files.shot)
    yield "show", 2, 3
    hang(shot, scene, files)
    if before != index:
        shot.garrick_rerender.other = before


def show_rendered(shot: bpy.types.Collection, scene: bpy.types.Scene, rendered: Rendered) -> Steps[None]:
    """Record a new version and show it."""
    assert rendered.version is not None
    index = versions.add(shot, rendered.version.folder, rendered.first, rendered.last)
    yield from show_version(shot, scene, index, rendered.version)


def show_regenerated(
    shot: bpy.types.Collection, scene: bpy.types.Scene, rendered: Rendered, before: Stored, changes: Mapping[str, Any]
) -> Steps[None]:
    """Let the scene show a regenerated version. before: the one that was shown. changes: of the job."""
    assert rendered.version is not None
    new, parts, place = rendered.version.shot, parts_of(shot), place_of(shot, scene)
    voices = voice_strips(shot, scene)
    yield from rewrite(scene, shot, parts, new.rig, new.performance, len(before.shot.performance))
    yield from show_rendered(shot, scene, rendered)
    _speak(scene, place, voices, before.shot, new)
    _fit_range(scene, place, before.shot.performance, new.performance)
    shot_job.remember(shot, dict(changes))
    shot.pop(RETIMED, None)  # the new keys lie where the words are said


def rewrite(
    scene: bpy.types.Scene, shot: bpy.types.Collection, parts: Parts, rig: Rig, performance: Performance, before: int
) -> Steps[None]:
    """Put the performance's keys on the curves of the shot that nobody edited, wherever its strips have been slid to.

    before: frames that the shot had. A curve that was edited, by keys or by what lies over it, stays as the artist left it;
    where the clip is longer now it goes on with the performance's keys.
    """
    place = written_place(shot, scene)
    keys = _Rekeying(place, rig, performance, before)
    for steps in (face_steps(keys, parts.head, performance), bone_steps(keys, parts.armature, rig, performance)):
        for _ in steps:
            yield "show", 0, 0
    end = float(place.frame_at((before - 1) / float(performance.fps)))
    for block in keys.layers:
        stretch_strips(block, end, float(keys.frames[-1]))


class _Rekeying:
    """Takes what the import would key, as its `Keying` does, and puts it on the curves that are there."""

    def __init__(self, place: Place, rig: Rig, performance: Performance, before: int) -> None:
        self.frames = place.frame_at(frame_times(len(performance), performance.fps))
        self._before = before
        self.layers: dict[bpy.types.ID, dict[tuple[str, int], bpy.types.FCurve]] = {}
        self._performance = performance
        self._turned = dict(zip(rig.joint_names, rig.joint_channels, strict=True))

    def write(self, block: bpy.types.ID, path: str, values: np.ndarray, group: str) -> None:
        """New keys for one curve, values (F,), or for the components of a property together, values (F, C)."""
        kept = self._kept(path)
        if block not in self.layers:
            # The lowest layer is the import's; the artist's lie over it.
            lowest_last = reversed(layered_curves(block))
            self.layers[block] = {(curve.data_path, curve.array_index): curve for curve in lowest_last}
        columns = values[:, None] if values.ndim == 1 else values
        for index in range(columns.shape[1]):
            curve = self.layers[block].get((path, index))
            if curve is None:
                continue
            if kept:
                extend_curve(curve, self.frames, columns[:, index], self._before)
            else:
                rewrite_curve(curve, self.frames, columns[:, index])

    def _kept(self, path: str) -> bool:
        """Whether a path's curves bear an artist's hand."""
        owner, name, prop = path.split('"')
        if owner.startswith("key_blocks"):
            return is_edited(self._performance, f"face.{name}")
        track = "head_translation" if prop.endswith("location") else self._turned[name].partition(".")[0]
        return is_edited(self._performance, track)


def _speak(scene: bpy.types.Scene, place: Place, voices: list[Any], before: Shot, new: Shot) -> None:
    """The new voice, words and phones in place of the old ones; markers only where the artist has kept some."""
    for old, spans, wanted in ((before.words, new.words, not before.words), (before.phones, new.phones, False)):
        found = list(timeline.markers_of(scene, place, old))
        for marker in found:
            scene.timeline_markers.remove(marker)
        if found or wanted:
            timeline.add_markers(scene, place, spans)
    channel = voices[0].channel if voices else None
    for strip in voices:
        version_adapter.sequencer_strips(scene).remove(strip)
    if new.audio is not None and version_adapter.has_sound():
        add_sound(scene, place, new.audio, new.performance, channel)


def _fit_range(scene: bpy.types.Scene, place: Place, before: Performance, new: Performance) -> None:
    """A scene that began and ended with the shot still does."""

    def last(performance: Performance) -> int:
        return int(np.floor(float(place.frame_at((len(performance) - 1) / float(performance.fps))) + 0.5))

    if (scene.frame_start, scene.frame_end) == (round(place.start), last(before)):
        scene.frame_end = last(new)
