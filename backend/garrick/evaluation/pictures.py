"""A whole evaluation: the judgement of the curves, and what the pictures of the shot show besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from garrick.context import RunContext
from garrick.evaluation.judge import Evaluation, judge_curves, judge_lips, speaks
from garrick.evaluation.likeness import portrait_scores
from garrick.evaluation.metric import Score
from garrick.evaluation.no_reference import cpbd
from garrick.evaluation.shot import Shot
from garrick.evaluation.sight import Sight
from garrick.evaluation.streams import ahead
from garrick.evaluation.sync import aperture_of_points
from garrick.evaluation.truth import compare, watch
from garrick.speech.audio import load_sound
from garrick.speech.prosody import measure_prosody

_SOFT = 0.5  # of the clip's median sharpness: a frame to look at


def evaluate(shot: Shot, ctx: RunContext, video: Path | None = None) -> Evaluation:
    """Judge a shot by itself, and beside a real video of the same words where there is one.

    Raises InputError for frames that cannot be read and for a video that cannot be compared; MissingError, Cancelled.
    """
    real = None if video is None else watch(shot, video, ctx)
    told = judge_curves(shot, _accents(shot))
    points, sharp = _look(shot, ctx)
    seen = aperture_of_points(points)
    in_time = np.full(len(shot.performance), np.nan)
    in_time[shot.frames.start : shot.frames.stop] = seen
    scores, verdicts, worst = judge_lips(shot, "lips in the pictures", in_time)
    beside, told_of_face = portrait_scores(shot, points, ctx)
    scores += [*told.scores, ("pictures", sharp), *(("face beside the portrait", found) for found in beside)]
    verdicts += told_of_face
    unseen = [frame for frame, gap in zip(shot.frames, seen, strict=True) if np.isnan(gap)]
    if unseen:
        verdicts.insert(0, f"No face is seen in {len(unseen)} of {len(seen)} frames.")
        worst += [(frame, "no face is seen") for frame in unseen]
    truth = None if real is None else compare(shot, points, real, ctx)
    if truth is not None:
        scores += truth.scores
        verdicts += truth.verdicts
        worst = [*truth.worst, *worst]
    return replace(
        told,
        scores=tuple(scores),
        verdicts=(*verdicts, *told.verdicts),
        worst=(*worst, *told.worst, *_soft(shot, sharp)),
        seen=seen,
        truth=truth,
    )


def _accents(shot: Shot) -> np.ndarray:
    """(A,) seconds of the pitch accents of a shot's voice; none where nobody speaks. Raises InputError for its sound."""
    if shot.sound is None or not speaks(shot):
        return np.zeros(0)
    return measure_prosody(load_sound(shot.sound, RunContext()).waveform, shot.phones).accents


def _look(shot: Shot, ctx: RunContext) -> tuple[np.ndarray, Score]:
    """(F, 478, 2) landmarks of the face in each picture, nan for none, and the sharpness of all of them."""
    sight, points = Sight(), []

    def pictures() -> Iterator[np.ndarray]:
        for done, frame in enumerate(shot.frames):
            ctx.step("look", done, len(shot.frames))
            picture = shot.picture(frame)
            points.append(sight.see(picture))
            yield picture
        ctx.step("look", len(shot.frames), len(shot.frames))

    sharp = cpbd(ahead(pictures()))
    return np.stack(points), sharp


def _soft(shot: Shot, sharp: Score) -> list[tuple[int, str]]:
    """The frames that are much softer than the others."""
    if sharp.each is None or not np.isfinite(sharp.each).any():
        return []
    soft = np.flatnonzero(sharp.each < _SOFT * np.nanmedian(sharp.each))
    return [(shot.frames[index], f"sharpness {sharp.each[index]:.2f}") for index in soft[np.argsort(sharp.each[soft])]]
