"""evaluation.json: what was found about a shot, for programs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from garrick.evaluation.judge import Evaluation, judge_curves
from garrick.evaluation.metric import Score
from garrick.evaluation.shot import Shot, read_shot
from garrick.files import write_json

if TYPE_CHECKING:
    from garrick.evaluation.truth import Truth


def write_first_record(folder: Path, accents: np.ndarray) -> tuple[str, ...]:
    """Judge a shot that has just been made, by its curves, and write its evaluation.json; the verdicts.

    A page about earlier pictures goes. The same shot gives the same bytes.
    accents: (A,) seconds of the voice's pitch accents. Raises InputError, MissingError, OutputError.
    """
    shot = read_shot(folder)
    found = judge_curves(shot, accents)
    (folder / "evaluation.html").unlink(missing_ok=True)
    write_record(shot, found, folder)
    return found.verdicts


def write_record(shot: Shot, found: Evaluation, folder: Path) -> Path:
    """Write evaluation.json into a folder. Raises OutputError."""
    path = folder / "evaluation.json"
    write_json(path, facts(shot, found))
    return path


def facts(shot: Shot, found: Evaluation) -> dict[str, Any]:
    """What evaluation.json holds: finite numbers and None; the same shot gives the same wherever it lies.

    "pictures" says whether anybody looked at them; where nobody did, the curves and phones alone were judged.
    """
    return {
        "frames": {"first": shot.frames.start, "last": shot.frames.stop - 1},
        "pictures": found.seen is not None,
        "verdicts": list(found.verdicts),
        "scores": [
            {
                "subject": subject,
                "metric": score.metric.name,
                "value": finite(score.value),
                "unit": score.metric.unit,
                "better": score.metric.better,
                "source": score.metric.source,
                "samples": score.samples,
                "warning": score.warning,
            }
            for subject, score in found.scores
        ],
        "worst": [{"frame": frame, "why": why} for frame, why in found.worst],
        "truth": None if found.truth is None else _truth_facts(found.truth),
    }


def _truth_facts(truth: Truth) -> dict[str, Any]:
    """How the video was laid over the shot, and the scores that have one value a compared frame."""
    return {
        "video": truth.video.name,
        "scale": finite(truth.framing.scale),
        "moved": [finite(value) for value in truth.framing.moved],
        "frames": {"first": truth.frames.start, "last": truth.frames.stop - 1},
        "notes": list(truth.notes),
        "each": [_each(subject, score) for subject, score in truth.scores if score.each is not None],
    }


def _each(subject: str, score: Score) -> dict[str, Any]:
    assert score.each is not None
    return {"subject": subject, "metric": score.metric.name, "values": [finite(value) for value in score.each]}


def finite(value: float) -> float | None:
    """A number as JSON has it: None for one that is not defined."""
    return round(float(value), 6) if math.isfinite(value) else None
