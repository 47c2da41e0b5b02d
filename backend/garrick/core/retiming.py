"""Another timing for the same words: a map from old times to new ones, from phones or markers, and curves moved by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np

from .performance import CHANNELS, AudioReference, Performance
from .timing import frame_count, frame_times

Span = tuple[str, float, float]
"""A phone or a word: what it is, start and end in seconds."""

_APART = 1e-3  # seconds at least between two anchors: nothing is squeezed into no time
_ALIKE = 0.5  # of the sounds must be the same ones, else it is another text


@dataclass(frozen=True)
class TimeMap:
    """Straight lines between anchors; before the first and after the last one, times are only shifted.

    old, new: (A,) float64 seconds, strictly ascending, at least one.
    """

    old: np.ndarray
    new: np.ndarray

    def __post_init__(self) -> None:
        for name in ("old", "new"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64))
        if len(self.old) != len(self.new) or len(self.old) == 0:
            raise ValueError("A retiming needs at least one moment, known before and after.")
        if (np.diff(self.old) <= 0).any() or (np.diff(self.new) <= 0).any():
            raise ValueError("The moments of a retiming must keep their order.")

    def __call__(self, times: np.ndarray | float) -> np.ndarray:
        """(...) old seconds -> new ones."""
        return _mapped(np.asarray(times, np.float64), self.old, self.new)

    def back(self, times: np.ndarray | float) -> np.ndarray:
        """(...) new seconds -> old ones."""
        return _mapped(np.asarray(times, np.float64), self.new, self.old)


def align(old: Sequence[Span], new: Sequence[Span]) -> TimeMap:
    """Where each sound of `old` is said in `new`: sounds that only one of them has are passed over.

    Raises ValueError when the two do not say the same.
    """
    matcher = SequenceMatcher(None, [span[0] for span in old], [span[0] for span in new], autojunk=False)
    pairs = [
        (old[block.a + place], new[block.b + place])
        for block in matcher.get_matching_blocks()
        for place in range(block.size)
    ]
    if len(pairs) < _ALIKE * max(len(old), len(new), 1):
        raise ValueError("The new voice says something else: fewer than half of its sounds are those of the old one.")
    return through([moment for a, b in pairs for moment in ((a[1], b[1]), (a[2], b[2]))])


def through(anchors: Sequence[tuple[float, float]]) -> TimeMap:
    """A map through (old, new) seconds; anchors that follow too close or out of order are left out. Raises ValueError."""
    kept: list[tuple[float, float]] = []
    for old, new in sorted(anchors):
        if not kept or (old - kept[-1][0] >= _APART and new - kept[-1][1] >= _APART):
            kept.append((old, new))
    return TimeMap(np.array([old for old, _ in kept]), np.array([new for _, new in kept]))


def retimed(performance: Performance, times: TimeMap, audio: AudioReference | None) -> Performance:
    """The performance with what happened at `old` happening at `new`; linear between frames, the same rate.

    audio: the new sound.
    """
    frames = frame_count(float(times(performance.duration)), performance.fps)
    source = times.back(frame_times(frames, performance.fps)) * float(performance.fps)
    source = np.clip(source, 0, len(performance) - 1)
    before = np.floor(source).astype(int)
    after = np.minimum(before + 1, len(performance) - 1)
    share = (source - before).astype(np.float32)

    def at(array: np.ndarray) -> np.ndarray:
        part = share.reshape(-1, *[1] * (array.ndim - 1))
        return array[before] * (1 - part) + array[after] * part

    return replace(performance, audio=audio, **{name: at(getattr(performance, name)) for name in CHANNELS})


def _mapped(times: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    inside = np.interp(times, old, new)
    return np.where(
        times < old[0], times + (new[0] - old[0]), np.where(times > old[-1], times + (new[-1] - old[-1]), inside)
    )
