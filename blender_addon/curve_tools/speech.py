"""What a shot says and when: its words and phones, as its speech.json has them and as they were retimed since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import SequenceMatcher

import bpy
import numpy as np

from ..core.retiming import Span, TimeMap, through
from ..core.speech_times import SpeechTimes, read_speech_times
from ..rerender.versions import active_folder
from ..shot_import.timeline import Place

RETIMED = "garrick_retimed"
"""Custom property of a shot's collection, or of a character that plays it: JSON of [old seconds, new seconds], all retimings
so far as one map."""


def speech_of(shot: bpy.types.Collection | None, keeper: bpy.types.ID) -> SpeechTimes:
    """What is said now: the shot's words, as `keeper`, the shot or a character that plays it, remembers them retimed.

    Raises ValueError with a sentence for the user, OSError.
    """
    if shot is None:
        raise ValueError("Nobody knows what is said here: choose the shot that the character plays, in Own Character.")
    speech = read_speech_times(active_folder(shot) / "shot.json")  # a regenerated version says other words
    return speech if RETIMED not in keeper else speech.moved(TimeMap(*json.loads(keeper[RETIMED])))


def remember(keeper: bpy.types.ID, times: TimeMap) -> None:
    """Note on a shot or a character that what it says was moved by `times`."""
    if RETIMED in keeper:
        before = TimeMap(*json.loads(keeper[RETIMED]))
        moments = np.unique(np.concatenate([before.old, before.back(times.old)]))
        times = through(list(zip(moments.tolist(), times(before(moments)).tolist(), strict=True)))
    keeper[RETIMED] = json.dumps([times.old.tolist(), times.new.tolist()])


def by_markers(scene: bpy.types.Scene, place: Place, words: Sequence[Span]) -> TimeMap:
    """Where the artist has moved the markers of words to. Raises ValueError when none has moved.

    A marker stands on whole frames: one that is on its word's frame still says the word's own time.
    """
    markers = sorted(scene.timeline_markers, key=lambda marker: marker.frame)
    matcher = SequenceMatcher(None, [word[0] for word in words], [marker.name for marker in markers], autojunk=False)
    anchors, moved = [], False
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            start, frame = words[block.a + step][1], markers[block.b + step].frame
            stays = abs(float(place.frame_at(start)) - frame) <= 0.5 + 1e-6
            moved = moved or not stays
            anchors.append((start, start if stays else float(place.seconds_at(frame))))
    if not anchors:
        raise ValueError("The scene has no markers with the words of the shot; import the shot with word markers.")
    if not moved:
        raise ValueError("No marker of a word was moved; drag one to where the word is said now.")
    return through(anchors)


def move_markers(scene: bpy.types.Scene, place: Place, words: Sequence[Span], times: TimeMap) -> None:
    """Put the markers of words where the words are said now."""
    starts: dict[str, list[float]] = {}
    for name, start, _ in words:
        starts.setdefault(name, []).append(start)
    for marker in scene.timeline_markers:
        for start in starts.get(marker.name, ()):
            if abs(float(place.frame_at(start)) - marker.frame) <= 0.5 + 1e-6:
                marker.frame = place.marker_at(float(times(start)))
                break
