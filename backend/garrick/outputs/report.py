"""report.json: what was done, how long it took, how well the head fits, and what to look at."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import garrick
from garrick.core.performance import Performance
from garrick.files import write_json
from garrick.job import FILE_FIELDS, Job
from garrick.memory import peak_memory
from garrick.perception.portrait import Portrait
from garrick.speech.speech import Speech

from .synthetic import SYNTHETIC

_LIBRARIES = (
    "numpy",
    "torch",
    "numba",
    "opencv-python-headless",
    "onnxruntime",
    "ai-edge-litert",
    "av",
    "OpenEXR",
    "hama",
)


def write_report(
    path: Path,
    job: Job,
    portrait: Portrait,
    speech: Speech | None,
    performance: Performance,
    frames: Mapping[str, int],
    seconds: Mapping[str, float],
    cached: Sequence[str],
    warnings: Sequence[str],
) -> None:
    """Write the report.

    frames: first and last on disk, how many were rendered and kept. seconds: wall time of each phase. cached: the phases
    whose result was there from before. Raises OutputError.
    """
    write_json(
        path,
        {
            "garrick": garrick.__version__,
            "synthetic": SYNTHETIC,
            "job": job.model_dump(mode="json") | _places(job),
            "seconds": {phase: round(spent, 3) for phase, spent in seconds.items()},
            "peak_memory_bytes": peak_memory(),
            "portrait": _rounded(asdict(portrait.report)),
            "speech": None if speech is None else _speech_facts(speech),
            "performance": {
                "frames": len(performance),
                "fps": str(performance.fps),
                "tracks": dict(sorted(performance.tracks.items())),
            },
            "frames": dict(frames),
            "cached": list(cached),
            "warnings": list(warnings),
            "versions": {"python": platform.python_version(), "platform": platform.platform(), **_versions()},
        },
    )


def _speech_facts(speech: Speech) -> dict[str, Any]:
    spoken = [phone for phone in speech.phones if phone.symbol != "SIL"]
    return {
        "seconds": round(speech.duration, 3),
        "rate": speech.playback_rate,
        "channels": speech.playback.shape[1],
        "text": speech.text,
        "language": speech.language,
        "transcribed": speech.transcribed,
        "phones": len(spoken),
        "words": len(speech.words),
        "spoken_seconds": round(float(sum(phone.end - phone.start for phone in spoken)), 3),
        "mean_confidence": round(float(sum(phone.confidence for phone in spoken)) / max(len(spoken), 1), 4),
    }


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _LIBRARIES}


def _places(job: Job) -> dict[str, str]:
    """Where the job's files lie, whatever folder it was asked for from."""
    given = {name: getattr(job, name) for name in FILE_FIELDS}
    return {name: str(path.absolute()) for name, path in given.items() if path is not None}
