"""A regenerated performance in the scene: new keys on the curves that nobody edited, new voice, new words, new frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .. import version_adapter
from ..core.merging import is_edited
from ..core.performance import Performance
from ..core.timing import frame_times
from ..shot_import import timeline
from ..shot_import.animation import animate_bones, animate_face
from ..shot_import.shot import Rig, Shot
from ..shot_import.sound import add_sound
from . import shot_job, versions
from .layers import layered_curves, rewrite_curve, stretch_strips
from .parts import Parts, parts_of
from .plates import hang
from .version_files import Stored, load
from .work import Rendered


def show_regenerated(
    shot: bpy.types.Collection, scene: bpy.types.Scene, rendered: Rendered, before: Stored, changes: Mapping[str, Any]
) -> None:
    """Let the scene show a regenerated version. Raises ValueError, OSError before anything is changed."""
    assert rendered.folder is not None
    new, parts = load(rendered.folder), parts_of(shot)
    shown = shot.garrick.active_version
    index = versions.add(shot, rendered.folder, rendered.first, rendered.last)
    rewrite(scene, parts, new.shot.rig, new.shot.performance, len(before.shot.performance))
    versions.show(shot, index)
    versions.fit_length(shot, scene, new.shot.performance.fps, rendered.first, rendered.last)
    hang(shot, scene)
    _speak(scene, before.shot, new.shot)
    shot_job.remember(shot, dict(changes))
    shot.garrick_rerender.other = shown


def rewrite(scene: bpy.types.Scene, parts: Parts, rig: Rig, performance: Performance, before: int) -> int:
    """Put the performance's keys on the curves of the shot that nobody edited; how many these were.

    before: frames that the shot had. A curve that was edited, by keys or by what lies over it, stays as the artist left it.
    """
    keys = _Rekeying(scene, rig, performance)
    animate_face(keys, parts.head, performance)
    animate_bones(keys, parts.armature, rig, performance)
    end = float(timeline.frame_at(scene, (before - 1) / float(performance.fps)))
    for block in keys.layers:
        stretch_strips(block, end, float(keys.frames[-1]))
    return keys.written


class _Rekeying:
    """Takes what the import would key, as its `Keying` does, and puts it on the curves that are there."""

    def __init__(self, scene: bpy.types.Scene, rig: Rig, performance: Performance) -> None:
        self.frames = timeline.frame_at(scene, frame_times(len(performance), performance.fps))
        self.layers: dict[bpy.types.ID, dict[tuple[str, int], bpy.types.FCurve]] = {}
        self.written = 0
        self._performance = performance
        self._turned = dict(zip(rig.joint_names, rig.joint_channels, strict=True))

    def write(self, block: bpy.types.ID, path: str, values: np.ndarray, group: str) -> None:
        """New keys for one curve, values (F,), or for the components of a property together, values (F, C)."""
        if self._kept(path):
            return
        if block not in self.layers:
            # The lowest layer is the import's; the artist's lie over it.
            lowest_last = reversed(layered_curves(block))
            self.layers[block] = {(curve.data_path, curve.array_index): curve for curve in lowest_last}
        columns = values[:, None] if values.ndim == 1 else values
        for index in range(columns.shape[1]):
            curve = self.layers[block].get((path, index))
            if curve is not None:
                rewrite_curve(curve, self.frames, columns[:, index])
                self.written += 1

    def _kept(self, path: str) -> bool:
        """Whether a path's curves bear an artist's hand."""
        owner, name, prop = path.split('"')
        if owner.startswith("key_blocks"):
            return is_edited(self._performance, f"face.{name}")
        track = "head_translation" if prop.endswith("location") else self._turned[name].partition(".")[0]
        return is_edited(self._performance, track)


def _speak(scene: bpy.types.Scene, before: Shot, new: Shot) -> None:
    """The new voice and words in place of the old ones."""
    old = {
        (text, int(np.floor(timeline.frame_at(scene, start) + 0.5))) for text, start, _ in before.words + before.phones
    }
    for marker in [marker for marker in scene.timeline_markers if (marker.name, marker.frame) in old]:
        if marker.camera is None:
            scene.timeline_markers.remove(marker)
    timeline.add_markers(scene, new.words)
    strips = version_adapter.sequencer_strips(scene)
    for strip in [strip for strip in strips if before.audio is not None and _plays(strip, before.audio)]:
        strips.remove(strip)
    if new.audio is not None and version_adapter.has_sound():
        add_sound(scene, new.audio, new.performance)


def _plays(strip: Any, audio: Path) -> bool:
    return strip.type == "SOUND" and strip.sound and Path(bpy.path.abspath(strip.sound.filepath)) == audio
