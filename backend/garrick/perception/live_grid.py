"""Frames at a constant rate, of a face that was seen whenever a camera had a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from garrick.core.performance import Performance
from garrick.perception.live_track import Instant, Phase

LONGEST_GAP = 2.0
"""Seconds between two pictures; longer ones are taken for so long, as a clock that jumps must not make frames for ever."""

_FIRST = 1e-6  # of a frame: rounding of times


@dataclass(frozen=True)
class Frames:
    """Frames first, first + 1, ... at a constant rate; the arrays are a Performance's.

    confidence: (n,) 0..1.    phases: (n,) of the instant that ends each frame's interval.
    """

    first: int
    face: np.ndarray
    head_rotation: np.ndarray
    head_translation: np.ndarray
    gaze: np.ndarray
    confidence: np.ndarray
    phases: tuple[Phase, ...]

    def __len__(self) -> int:
        return len(self.face)


class Grid:
    """Frame i shows the time i / fps since the first instant, straight between the instants around it."""

    def __init__(self, fps: Fraction) -> None:
        self.made = 0
        self._fps = float(fps)
        self._clock = 0.0
        self._last: Instant | None = None

    @property
    def duration(self) -> float:
        """Seconds from the first instant to the last."""
        return self._clock

    def add(self, instant: Instant) -> Frames:
        """The next instant -> the frames up to it, which may be none."""
        last, self._last = self._last or instant, instant
        before = self._clock
        self._clock += min(instant.time - last.time, LONGEST_GAP)
        stop = int(np.floor(self._clock * self._fps + _FIRST)) + 1
        times = np.arange(self.made, stop) / self._fps
        share = np.clip((times - before) / max(self._clock - before, 1e-9), 0, 1)

        def between(name: str) -> np.ndarray:
            one, other = np.asarray(getattr(last, name)), np.asarray(getattr(instant, name))
            return (one + share.reshape(-1, *[1] * one.ndim) * (other - one)).astype(np.float32)

        channels = ("face", "head_rotation", "head_translation", "gaze", "confidence")
        frames = Frames(self.made, **{name: between(name) for name in channels}, phases=(instant.phase,) * len(times))
        self.made = stop
        return frames


def performance_of(takes: Sequence[Frames], fps: Fraction, identity: np.ndarray) -> tuple[Performance, np.ndarray]:
    """The performance from the first tracked frame on, and its confidence (F,); empty when nothing was tracked.

    identity: (B,) of the person.
    """
    phases = [phase for frames in takes for phase in frames.phases]
    start = phases.index("tracking") if "tracking" in phases else len(phases)
    channels = {
        name: np.concatenate([getattr(frames, name) for frames in takes])[start:]
        for name in ("face", "head_rotation", "head_translation", "gaze")
    }
    rest = Performance.rest(len(phases) - start, fps, identity)
    confidence = np.concatenate([frames.confidence for frames in takes])[start:]
    return replace(rest, tracks=dict.fromkeys(channels, "tracked"), **channels), confidence
