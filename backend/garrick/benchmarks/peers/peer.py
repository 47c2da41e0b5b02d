"""What every peer is to the benchmark: a name, and a function from a recording to mouth cues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from garrick.benchmarks.notations import Cue, Notation


class PeerError(Exception):
    """A peer gave no answer for a recording."""


@dataclass(frozen=True)
class Clip:
    """A recording. waveform: (N,) float32, 16 kHz mono, -1..1; text: what is said."""

    waveform: np.ndarray
    text: str

    def pcm(self) -> bytes:
        """The sound as 16-bit little-endian samples."""
        return np.clip(np.rint(self.waveform * 32767), -32768, 32767).astype("<i2").tobytes()


@dataclass(frozen=True)
class Peer:
    """Another program.

    name:     with its mode.
    has_text: whether it is told what is said.
    notation: what it writes.
    absent:   how to get it; "" when it is here.
    hear:     a recording -> cues in order, without overlaps; raises PeerError.
    """

    name: str
    has_text: bool
    notation: Notation
    absent: str
    hear: Callable[[Clip], Sequence[Cue]]
