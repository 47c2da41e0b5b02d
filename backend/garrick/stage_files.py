"""Speech and Portrait as .npz files: lossless, the same bytes for the same content, no pickles."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from garrick.core.archive import load_arrays, save_arrays
from garrick.core.camera import Camera
from garrick.perception.portrait import FitReport, Portrait
from garrick.speech.speech import Mark, Phone, Prosody, Speech, Word

_PORTRAIT = ("image", "alpha", "landmarks", "identity", "face", "head_rotation", "gaze", "light")
_PROSODY = ("semitones", "voiced", "energy", "accents", "pauses", "phrase_ends", "phrase_tones", "rate")


def save_speech(path: Path, speech: Speech) -> None:
    """Write a speech. Raises OSError."""
    header = {
        "rate": speech.playback_rate,
        "hop": speech.prosody.hop,
        "text": speech.text,
        "language": speech.language,
        "transcribed": speech.transcribed,
        "warnings": speech.warnings,
        "phones": [[phone.symbol, phone.start, phone.end, phone.confidence] for phone in speech.phones],
        "words": [[word.text, word.start, word.end] for word in speech.words],
        "marks": [[mark.name, mark.time] for mark in speech.marks],
    }
    arrays = {"waveform": speech.waveform, "playback": speech.playback}
    arrays |= {name: getattr(speech.prosody, name) for name in _PROSODY}
    _save(path, header, arrays)


def load_speech(path: Path) -> Speech:
    """Read what `save_speech` wrote. Raises OSError, ValueError, KeyError or TypeError for anything else."""
    header, arrays = _load(path)
    return Speech(
        waveform=arrays["waveform"],
        playback=arrays["playback"],
        playback_rate=header["rate"],
        phones=tuple(Phone(*phone) for phone in header["phones"]),
        words=tuple(Word(*word) for word in header["words"]),
        prosody=Prosody(header["hop"], **{name: arrays[name] for name in _PROSODY}),
        text=header["text"],
        marks=tuple(Mark(*mark) for mark in header["marks"]),
        language=header["language"],
        transcribed=header["transcribed"],
        warnings=tuple(header["warnings"]),
    )


def save_portrait(path: Path, portrait: Portrait) -> None:
    """Write a portrait. Raises OSError."""
    header = {"size": portrait.camera.size, "report": asdict(portrait.report)}
    arrays = {name: getattr(portrait, name) for name in _PORTRAIT}
    arrays |= {"intrinsics": portrait.camera.intrinsics, "world_to_camera": portrait.camera.world_to_camera}
    _save(path, header, arrays)


def load_portrait(path: Path) -> Portrait:
    """Read what `save_portrait` wrote. Raises OSError, ValueError, KeyError or TypeError for anything else."""
    header, arrays = _load(path)
    width, height = header["size"]
    camera = Camera(arrays["intrinsics"], arrays["world_to_camera"], (width, height))
    return Portrait(**{name: arrays[name] for name in _PORTRAIT}, camera=camera, report=FitReport(**header["report"]))


def _save(path: Path, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    # Numbers of the header come back exactly: JSON holds the shortest decimal that gives the same double.
    save_arrays(path, {"header": np.array(json.dumps(header)), **arrays}, compress=False)


def _load(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    arrays = load_arrays(path)
    return json.loads(str(arrays.pop("header"))), arrays
