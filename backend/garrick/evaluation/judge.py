"""A shot judged by itself, without a real one beside it: lips, motion and pictures, and what a person should look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from garrick.context import RunContext
from garrick.core.timing import frame_times
from garrick.evaluation.curves import jitter, roughness
from garrick.evaluation.metric import Score
from garrick.evaluation.no_reference import cpbd
from garrick.evaluation.repetition import expression_modes, face_repetition, head_repetition
from garrick.evaluation.rhythm import beat_consistency, chance_consistency, motion_beats
from garrick.evaluation.shot import Shot
from garrick.evaluation.sync import Sync, aperture_of_curves, aperture_of_points, lip_sync
from garrick.perception.faces import Face, detect_faces
from garrick.perception.landmarks import face_landmarks
from garrick.speech.alphabet import SILENCE
from garrick.speech.audio import load_sound
from garrick.speech.prosody import measure_prosody

_LATE = 60.0  # ms by which lips may be away from the voice; ITU-R BT.1359 has people notice 45 ms of a late picture
_FACE = 0.8  # presence from which a frame shows a face
_FEW_MODES, _LONG = 2, 20.0  # so few expressions in so many seconds look stiff
_FEWEST = 30  # frames of curves that can be smoothed, and may repeat
_SOFT = 0.5  # of the clip's median sharpness: a frame to look at


@dataclass(frozen=True)
class Evaluation:
    """What was found.

    scores:   (subject, score), by subject: "lips of the curves", "lips in the pictures", "head", "face", "pictures".
    verdicts: sentences; empty where there is nothing to say.
    times:    (F,) seconds of the frames on disk.
    curves, seen: (F,) lip aperture of the curves, metres, and in the pictures, eye distances; nan where no face is seen.
    worst:    (frame number, why it should be looked at).
    """

    scores: tuple[tuple[str, Score], ...]
    verdicts: tuple[str, ...]
    times: np.ndarray
    curves: np.ndarray
    seen: np.ndarray
    worst: tuple[tuple[int, str], ...]


def evaluate(shot: Shot, ctx: RunContext) -> Evaluation:
    """Judge a shot. Raises InputError for frames that cannot be read, MissingError, Cancelled."""
    whole, fps = shot.performance, shot.performance.fps
    times = frame_times(len(whole.face), fps)[shot.frames.start : shot.frames.stop]
    curves = aperture_of_curves(whole)
    seen, sharp = _look(shot, ctx)
    scores: list[tuple[str, Score]] = []
    verdicts: list[str] = []
    worst: list[tuple[int, str]] = []
    if any(phone.symbol != SILENCE for phone in shot.phones):
        in_time = np.full(len(whole.face), np.nan)
        in_time[shot.frames.start : shot.frames.stop] = seen
        for subject, aperture in (("lips of the curves", curves), ("lips in the pictures", in_time)):
            if np.isfinite(aperture).any():
                found = lip_sync(aperture, fps, shot.phones)
                scores += [(subject, found.lag), (subject, found.following), (subject, found.closures)]
                verdicts += _of_lips(subject, found)
                worst += [(round(time * fps), f"{subject}: open on a bilabial") for time in found.missed]
        scores += [("head", score) for score in _rhythm(shot)]
    else:
        verdicts.append("Nobody speaks, so lips were not judged.")
    if len(whole.face) >= _FEWEST:
        motion, sentences = _motion(shot)
        scores += motion
        verdicts += sentences
    scores.append(("pictures", sharp))
    missing = int(np.isnan(seen).sum())
    if missing:
        verdicts.insert(0, f"No face is seen in {missing} of {len(seen)} frames.")
        worst += [(shot.frames[index], "no face is seen") for index in np.flatnonzero(np.isnan(seen))]
    worst += _soft(shot, sharp)
    kept = [(frame, why) for frame, why in dict.fromkeys(worst) if frame in shot.frames]
    return Evaluation(
        tuple(scores), tuple(verdicts), times, curves[shot.frames.start : shot.frames.stop], seen, tuple(kept)
    )


def _look(shot: Shot, ctx: RunContext) -> tuple[np.ndarray, Score]:
    """Lip aperture in each picture, (F,) eye distances, and the sharpness of all of them."""
    points: list[np.ndarray] = []

    def pictures() -> Iterator[np.ndarray]:
        face: Face | None = None
        for done, frame in enumerate(shot.frames):
            ctx.step("look", done, len(shot.frames))
            picture = shot.picture(frame)
            face = _same_face(picture, face, points)
            yield picture
        ctx.step("look", len(shot.frames), len(shot.frames))

    sharp = cpbd(pictures())
    return aperture_of_points(np.stack(points)), sharp


def _same_face(picture: np.ndarray, before: Face | None, points: list[np.ndarray]) -> Face | None:
    """Add the landmarks of the face where it was before, or of the largest one; nan for none. The face, for the next."""
    for face in ([before] if before else []) + sorted(detect_faces(picture) if before is None else [], key=_smallness):
        found, presence = face_landmarks(picture, face)
        if presence >= _FACE:
            points.append(found)
            low, high = found[:468].min(axis=0), found[:468].max(axis=0)
            return Face(np.concatenate([low, high]), np.array([*found[[33, 263]], *face.points[2:]]), presence)
    if before is not None:
        return _same_face(picture, None, points)
    points.append(np.full((478, 2), np.nan))
    return None


def _smallness(face: Face) -> float:
    return -face.size


def _of_lips(subject: str, found: Sync) -> list[str]:
    told = []
    if found.missed:
        told.append(f"{subject.capitalize()}: {found.sentence()}.")
    lag = found.lag.value
    if abs(lag) > _LATE and not found.lag.warning:
        told.append(f"{subject.capitalize()}: {abs(lag):.0f} ms {'late' if lag > 0 else 'early'}.")
    return told


def _rhythm(shot: Shot) -> list[Score]:
    """How the head keeps time with the pitch accents; nothing where there are none."""
    if shot.sound is None:
        return []
    accents = measure_prosody(load_sound(shot.sound, RunContext()).waveform, shot.phones).accents
    beats = motion_beats(shot.performance.head_rotation, shot.performance.fps)
    if not len(accents) or not len(beats):
        return []
    measured = beat_consistency(beats, accents)
    chance = chance_consistency(accents, len(shot.performance.face) / float(shot.performance.fps))
    by_chance = replace(measured.metric, name=f"{measured.metric.name}, by chance")
    return [measured, replace(measured, metric=by_chance, value=chance)]


def _motion(shot: Shot) -> tuple[list[tuple[str, Score]], list[str]]:
    """Scores of the curves, and sentences about loops and stiffness."""
    whole, fps = shot.performance, shot.performance.fps
    head, face = head_repetition(whole.head_rotation, fps), face_repetition(whole.face, fps)
    modes = expression_modes(whole.face, fps)
    told = [f"{what}: {found.sentence()}." for what, found in (("Head", head), ("Face", face)) if found.looping]
    seconds = len(whole.face) / float(fps)
    if modes.value <= _FEW_MODES and seconds >= _LONG:
        told.append(f"The face shows {modes.value:.0f} expressions in {seconds:.0f} s.")
    of_head = [head.share, jitter(whole, "head_rotation"), roughness(whole.head_rotation, fps)]
    of_face = [face.share, modes, jitter(whole, "face"), roughness(whole.face, fps)]
    return [*(("head", score) for score in of_head), *(("face", score) for score in of_face)], told


def _soft(shot: Shot, sharp: Score) -> list[tuple[int, str]]:
    """The frames that are much softer than the others."""
    if sharp.each is None or not np.isfinite(sharp.each).any():
        return []
    soft = np.flatnonzero(sharp.each < _SOFT * np.nanmedian(sharp.each))
    return [(shot.frames[index], f"sharpness {sharp.each[index]:.2f}") for index in soft[np.argsort(sharp.each[soft])]]
