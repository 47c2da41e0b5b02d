"""A shot judged by its curves and its phones alone: lips, head and face. No picture is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from garrick.core.timing import frame_times
from garrick.evaluation.curves import jitter, roughness
from garrick.evaluation.metric import Score
from garrick.evaluation.repetition import expression_modes, face_repetition, head_repetition, long_enough
from garrick.evaluation.rhythm import beat_consistency, chance_consistency, motion_beats
from garrick.evaluation.shot import Shot
from garrick.evaluation.sync import Sync, aperture_of_curves, lip_sync
from garrick.speech.alphabet import SILENCE

if TYPE_CHECKING:
    from garrick.evaluation.truth import Truth

Scores = list[tuple[str, Score]]
"""(subject, score)."""

LATE = 60.0  # ms by which lips may be away from the voice; ITU-R BT.1359 has people notice 45 ms of a late picture
_FEW_MODES, _LONG = 2, 20.0  # so few expressions in so many seconds look stiff
_FEWEST, _SHORTEST = 30, 0.3  # frames and seconds of curves that can be smoothed


@dataclass(frozen=True)
class Evaluation:
    """What was found.

    scores:   (subject, score), e.g. of "head".
    verdicts: what a person should look at, in sentences; empty where there is nothing to say.
    times:    (F,) seconds of the frames on disk.
    curves:   (F,) metres between the lips of the curves.
    seen:     (F,) lip aperture in the pictures, eyes' distances, nan where no face is seen; None: nobody looked at them.
    worst:    (frame number, why it should be looked at).
    truth:    the shot beside a real video; None without one.
    """

    scores: tuple[tuple[str, Score], ...]
    verdicts: tuple[str, ...]
    times: np.ndarray
    curves: np.ndarray
    worst: tuple[tuple[int, str], ...]
    seen: np.ndarray | None = None
    truth: Truth | None = None


def judge_curves(shot: Shot, accents: np.ndarray) -> Evaluation:
    """Judge a shot without its pictures; every finished shot can be judged.

    accents: (A,) seconds of the voice's pitch accents. Raises MissingError without the head model.
    """
    whole, shown = shot.performance, slice(shot.frames.start, shot.frames.stop)
    aperture = aperture_of_curves(whole)
    scores, verdicts, worst = judge_lips(shot, "lips of the curves", aperture)
    if not speaks(shot):
        verdicts.append("Nobody speaks, so lips were not judged.")
    scores += _rhythm(shot, accents)
    motion, sentences = _motion(shot)
    return Evaluation(
        scores=(*scores, *motion),
        verdicts=(*verdicts, *sentences),
        times=frame_times(len(whole), whole.fps)[shown],
        curves=aperture[shown],
        worst=tuple(worst),
    )


def judge_lips(shot: Shot, subject: str, aperture: np.ndarray) -> tuple[Scores, list[str], list[tuple[int, str]]]:
    """Scores, sentences and frames of (F,) lip aperture against the voice; nothing where nobody speaks or no lips are seen.

    aperture: of the whole performance, in any unit, nan where it was not seen.
    """
    if not speaks(shot) or not np.isfinite(aperture).any():
        return [], [], []
    fps = shot.performance.fps
    found = lip_sync(aperture, fps, shot.phones)
    worst = [(round(time * fps), f"{subject}: open on a bilabial") for time in found.missed]
    worst = [(frame, why) for frame, why in dict.fromkeys(worst) if frame in shot.frames]
    scores = [(subject, score) for score in (found.lag, found.following, found.closures)]
    return scores, _of_lips(subject, found), worst


def speaks(shot: Shot) -> bool:
    """Whether anything is said while the performance lasts."""
    last = frame_times(len(shot.performance), shot.performance.fps)[-1]
    return any(phone.symbol != SILENCE and phone.start <= last for phone in shot.phones)


def _of_lips(subject: str, found: Sync) -> list[str]:
    told = []
    if found.missed:
        told.append(f"{subject.capitalize()}: {found.sentence()}.")
    lag = found.lag.value
    if abs(lag) > LATE and not found.lag.warning:
        told.append(f"{subject.capitalize()}: {abs(lag):.0f} ms {'late' if lag > 0 else 'early'}.")
    return told


def _rhythm(shot: Shot, accents: np.ndarray) -> Scores:
    """How the head keeps time with the pitch accents; nothing where there are none."""
    whole = shot.performance
    if not len(accents) or len(whole) < 2:
        return []
    beats = motion_beats(whole.head_rotation, whole.fps)
    if not len(beats):
        return []
    measured = beat_consistency(beats, accents)
    by_chance = replace(measured.metric, name=f"{measured.metric.name}, by chance")
    chance = replace(measured, metric=by_chance, value=chance_consistency(accents, whole.duration), each=None)
    return [("head", measured), ("head", chance)]


def _motion(shot: Shot) -> tuple[Scores, list[str]]:
    """Scores of head and face as far as the clip is long enough for them, and sentences about loops and stiffness."""
    whole, fps = shot.performance, shot.performance.fps
    if len(whole) < _FEWEST or whole.duration < _SHORTEST:
        return [], []
    modes = expression_modes(whole.face, fps)
    of_head = [jitter(whole, "head_rotation"), roughness(whole.head_rotation, fps)]
    of_face = [modes, jitter(whole, "face"), roughness(whole.face, fps)]
    told = []
    if long_enough(len(whole), fps):
        head, face = head_repetition(whole.head_rotation, fps), face_repetition(whole.face, fps)
        told += [f"{what}: {found.sentence()}." for what, found in (("Head", head), ("Face", face)) if found.looping]
        of_head.insert(0, head.share)
        of_face.insert(0, face.share)
    if modes.value <= _FEW_MODES and whole.duration >= _LONG:
        told.append(f"The face shows {modes.value:.0f} expressions in {whole.duration:.0f} s.")
    return [*(("head", score) for score in of_head), *(("face", score) for score in of_face)], told
