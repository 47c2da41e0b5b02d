"""Where a performance for a character comes from: a shot folder, or a motion file of any kind that Garrick reads."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..core.exchange import read_motion
from ..core.performance import CHANNELS, Performance
from ..shot_import.shot import read_shot


@dataclass(frozen=True)
class Source:
    """A performance with its name, and its voice where it has one.

    channels: those that the file moves; the others are at rest and say nothing. notes: sentences for the user.
    """

    name: str
    performance: Performance
    channels: frozenset[str]
    audio: Path | None
    notes: tuple[str, ...]


def read_source(path: Path, fps: Fraction | None = None) -> Source:
    """Read shot.json, a performance, Live Link Face CSV, SMPL-X NPZ or BVH.

    fps: for a file that does not say its rate. Raises ValueError with a sentence for the user, OSError.
    """
    if path.suffix.lower() == ".json":
        shot = read_shot(path)
        return Source(shot.name, shot.performance, frozenset(CHANNELS), shot.audio, ())
    motion = read_motion(path, fps)
    reference = motion.performance.audio
    audio = path.with_name(Path(reference.name).name) if reference is not None else None
    name = path.parent.name if path.stem == "performance" else path.stem
    voice = audio if audio is not None and audio.is_file() else None
    return Source(name, motion.performance, motion.channels, voice, tuple(motion.notes))
