"""What the Blender extension imports, besides frames, sound and performance: shot.json and the files it names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from garrick.core.archive import save_arrays
from garrick.files import whole_file, write_bytes, write_json
from garrick.job import Job
from garrick.models import models_of
from garrick.source import MAKER
from garrick.speech.speech import Speech

from .frames import EXR_PATTERN, PATTERN, encode_png
from .synthetic import SYNTHETIC

SCHEMA = 1


def write_still(path: Path, picture: np.ndarray, synthetic: bool) -> None:
    """Write one picture as PNG. picture: (H, W, 3) uint8, sRGB. Raises OutputError."""
    write_bytes(path, encode_png(picture, synthetic))


def write_speech(path: Path, speech: Speech | None) -> None:
    """Write text, language, phones, words and marks with their times in seconds; none for a silent film.

    Raises OutputError.
    """
    phones, words, marks = ((), (), ()) if speech is None else (speech.phones, speech.words, speech.marks)
    write_json(
        path,
        {
            "text": "" if speech is None else speech.text,
            "language": "" if speech is None else speech.language,
            "transcribed": speech is not None and speech.transcribed,
            "phones": [
                [phone.symbol, float(phone.start), float(phone.end), round(float(phone.confidence), 4)]
                for phone in phones
            ],
            "words": [[word.text, float(word.start), float(word.end)] for word in words],
            "marks": [[mark.name, float(mark.time)] for mark in marks],
        },
    )


def write_rig(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write the arrays of `garrick.bodies.rig.rig_arrays`. Raises OutputError."""
    with whole_file(path) as aside:
        save_arrays(aside, arrays)


def write_shot(
    path: Path, job: Job, take: str, size: tuple[int, int], frames: range, silent: bool, renderer: str
) -> None:
    """Write shot.json, last of all: it names only what is there, and says how it is to be read.

    take: names everything that the pixels depend on. size: width and height of the frames. frames: those on disk.
    silent: there is no sound. renderer: what rendered them. The job's nets are named by content. Raises OutputError.
    """
    numbers = {"first": frames.start, "last": frames.stop - 1}
    write_json(
        path,
        {
            "schema": SCHEMA,
            "garrick": MAKER,
            "synthetic": True,
            "statement": SYNTHETIC,
            "take": take,
            "seed": job.seed,
            "renderer": renderer,
            "models": models_of(job),
            "fps": str(job.fps),
            "size": list(size),
            "performance": "performance.npz",
            "rig": "rig.npz",
            "texture": "texture.png",
            "head_texture": "head.png",
            "background": "background.png",
            "audio": None if silent else "audio.wav",
            "speech": "speech.json",
            "camera": "camera.json",
            "frames": {"pattern": PATTERN, "colour": "sRGB, straight alpha", **numbers},
            "passes": {"pattern": EXR_PATTERN, "colour": "linear Rec.709, premultiplied alpha", **numbers}
            if job.passes
            else None,
            "alpha_film": "alpha.mov" if path.with_name("alpha.mov").exists() else None,
        },
    )
