"""The voice that is to be resembled: measured once from a clip, kept as a small file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garrick.context import RunContext
from garrick.core.archive import load_arrays, save_arrays
from garrick.errors import InputError
from garrick.files import make_folder, whole_file
from garrick.speech.audio import load_sound
from garrick.speech.likeness.timbre import Timbre, measure_timbre
from garrick.speech.likeness.voiceprint import embed, spoken_part
from garrick.speech.speech import Speech
from garrick.weights.hashing import file_hash

SHORTEST = 3.0  # seconds of speech; Resemblyzer's authors advise 5 to 30
_LONGEST = 60.0
_FOLDER = "voiceprints"
_LIMIT = 1e6  # bytes in memory


@dataclass(frozen=True)
class Target:
    """A voice to resemble.

    digest:     SHA-256 of the clip, in hex: what consent is kept for.
    voiceprint: (256,) float32 of length 1.
    seconds:    of speech that it was measured on.
    """

    digest: str
    voiceprint: np.ndarray
    timbre: Timbre
    seconds: float


def load_target(clip: Path, ctx: RunContext) -> Target:
    """The voice in a clip, or in a file that `save_target` wrote; a clip that was measured before is not decoded again.

    Raises InputError for what cannot be read or has too little speech in it, MissingError, OutputError, Cancelled.
    """
    if clip.suffix.lower() == ".npz":
        return _read(clip)
    if not clip.is_file():
        raise InputError(f"The sound file {clip.name} does not exist.", "Check the path.")
    digest = file_hash(clip)
    kept = ctx.cache / _FOLDER / f"{digest}.npz"
    if kept.is_file():
        return _read(kept)
    target = _measure(load_sound(clip, ctx).waveform, clip.name, digest)
    make_folder(kept.parent)
    save_target(kept, target)
    return target


def save_target(path: Path, target: Target) -> None:
    """Write about 3 kB that `load_target` takes in place of the clip. Raises OutputError."""
    arrays = {
        "digest": np.array(target.digest),
        "voiceprint": target.voiceprint,
        "seconds": np.array(target.seconds),
        **{name: np.asarray(value) for name, value in dataclasses.asdict(target.timbre).items()},
    }
    with whole_file(path) as aside:
        save_arrays(aside, arrays)


def _measure(waveform: np.ndarray, name: str, digest: str) -> Target:
    speech = spoken_part(waveform)[: round(_LONGEST * Speech.SAMPLE_RATE)]
    seconds = len(speech) / Speech.SAMPLE_RATE
    timbre = measure_timbre(speech)
    if seconds < SHORTEST or timbre is None:
        raise InputError(
            f"{name} has less than {SHORTEST:g} s of a voice in it.", "Give 5 to 30 s of one person speaking."
        )
    return Target(digest, embed(speech), timbre, seconds)


def _read(path: Path) -> Target:
    try:
        arrays = load_arrays(path, _LIMIT)
        timbre = Timbre(float(arrays["pitch"]), float(arrays["spread"]), arrays["colour"])
        target = Target(str(arrays["digest"]), arrays["voiceprint"], timbre, float(arrays["seconds"]))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", "Check the path.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path.name} is not a voiceprint.", "Give the clip again.") from error
    shapes = (target.voiceprint.shape, timbre.colour.shape)
    numbers = (target.voiceprint, timbre.colour, np.array([timbre.pitch, timbre.spread, target.seconds]))
    if shapes != ((256,), (257,)) or not all(np.isfinite(part).all() for part in numbers):
        raise InputError(f"{path.name} is not a voiceprint.", "Give the clip again.")
    return target
