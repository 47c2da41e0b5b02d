"""Whether eyes and lips of the frames do what the curves say: a line is spoken, rendered, and looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from rich.table import Table

from garrick.benchmarks.figures import Figure
from garrick.benchmarks.render import SIZE
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.evaluation.sight import Sight
from garrick.evaluation.sync import aperture_of_curves, aperture_of_points
from garrick.motion import perform
from garrick.perception import analyse
from garrick.perception.advice import eye_openings
from garrick.perception.clip_fit import Sighting, meet
from garrick.perception.follow import FaceFollower
from garrick.rendering import render
from garrick.speech import listen
from garrick.speech.speech import Speech

_FPS, _FRAMES = Fraction(25), 200


@dataclass(frozen=True)
class ApertureRow:
    """One portrait: correlations with the apertures of the curves that were rendered.

    eyes, lips: of what the landmark net sees in the frames.    tracked_eyes, tracked_lips: of the tracker's curves.
    """

    name: str
    eyes: float
    lips: float
    tracked_eyes: float
    tracked_lips: float


def measure(pictures: Sequence[Path], voice: Path) -> list[ApertureRow]:
    """A row a portrait, each of which says the first eight seconds of the voice."""
    speech = listen.run(voice, None, RunContext())
    return [_row(picture, speech) for picture in pictures]


def _row(picture: Path, speech: Speech) -> ApertureRow:
    portrait = analyse.run(picture, SIZE, 0, RunContext())
    driven = perform.run(speech, portrait, _FPS, perform.Manner(gestures=0), RunContext())
    driven = driven.frames(0, min(_FRAMES, len(driven)))
    take = render.run(portrait, driven, CameraPath.still(portrait.camera, len(driven), _FPS), RunContext())
    sight, follower = Sight(), FaceFollower()
    points: list[np.ndarray] = []
    sightings: list[Sighting | None] = []
    for frame in range(len(driven)):
        plate = take.render(frame).plate
        points.append(sight.see(plate))
        sightings.append(follower.see(plate).face)
    person, solved = meet(load_head(), sightings, portrait.camera.intrinsics, RunContext())
    weights = np.array([state.face for state in solved.states], np.float32)
    tracked = replace(Performance.rest(len(weights), _FPS, person.identity), face=weights)
    seen = np.stack(points)
    eyes, lips = eyes_of_curves(driven), aperture_of_curves(driven)
    return ApertureRow(
        f"{picture.parent.name} {picture.stem}",
        eyes=correlation(eye_openings(seen), eyes),
        lips=correlation(aperture_of_points(seen), lips),
        tracked_eyes=correlation(eyes_of_curves(tracked), eyes),
        tracked_lips=correlation(aperture_of_curves(tracked), lips),
    )


def eyes_of_curves(performance: Performance) -> np.ndarray:
    """(F,) opening of both eyes of the performance's own head, seen from the front."""
    head = load_head()
    vertices = head.vertices(performance.identity[None].astype(np.float32), performance.face)
    return eye_openings(head.landmarks(vertices)[..., :2])


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's, over the frames in which both are known."""
    both = np.isfinite(one) & np.isfinite(other)
    return float(np.corrcoef(one[both], other[both])[0, 1]) if both.sum() > 1 else float("nan")


def figures(rows: Sequence[ApertureRow]) -> list[Figure]:
    """Means over the portraits. The net alone rounds lids off, so the goal is set for what the tracker makes of it."""
    goals = {
        "eyes": ("eye aperture in the frames", None),
        "lips": ("mouth aperture in the frames", None),
        "tracked_eyes": ("eye aperture, re-tracked", 0.95),
        "tracked_lips": ("mouth aperture, re-tracked", 0.95),
    }
    return [
        Figure(f"{name}: r with the curves", float(np.mean([getattr(row, key) for row in rows])), "", at_least=goal)
        for key, (name, goal) in goals.items()
    ]


def table(rows: Sequence[ApertureRow]) -> Table:
    """Each portrait."""
    drawn = Table("portrait", "eyes", "mouth", "eyes, re-tracked", "mouth, re-tracked", title="r with the curves")
    for row in rows:
        drawn.add_row(row.name, *(f"{r:.3f}" for r in (row.eyes, row.lips, row.tracked_eyes, row.tracked_lips)))
    return drawn
