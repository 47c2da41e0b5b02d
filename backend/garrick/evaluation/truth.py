"""A shot beside a real video of the same words, frame by frame: pixels, landmarks, lips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from garrick.context import RunContext
from garrick.errors import InputError
from garrick.evaluation.features import FEATURE_DISTANCE, feature_distance, features_there
from garrick.evaluation.framing import Framing, find_framing
from garrick.evaluation.identity import csim, identity_distance
from garrick.evaluation.identity_net import face_chip, identity_there, identity_vectors
from garrick.evaluation.images import PSNR
from garrick.evaluation.judge import LATE, Scores
from garrick.evaluation.landmarks import akd, lmd
from garrick.evaluation.lip_match import lip_match
from garrick.evaluation.metric import Score, score
from garrick.evaluation.pixel_match import face_boxes, match_pixels
from garrick.evaluation.shot import Shot
from garrick.evaluation.sight import NET_SIDE, Sight, evenly, face_square
from garrick.evaluation.streams import ahead
from garrick.evaluation.sync import aperture_of_points
from garrick.perception.video import Video

WHOLE, BOX, SQUARE, FACE, LIPS = (
    f"against the video: {what}" for what in ("whole frame", "face's box", "face's square", "face", "lips")
)
"""Subjects of the scores. The box is the upright one around the landmarks of both faces; the square is turned with the
video's face and 1.2 times as large."""

_ENOUGH = 0.8  # of the shot's frames that the video must have
_SAMPLE = 12  # frames whose features are compared, evenly through the clip: each takes as long as all else
_WORST, _APART = 5, 0.4  # frames that should be looked at, and seconds between them


@dataclass(frozen=True)
class RealClip:
    """A video as far as it goes beside a shot.

    points: (n, 478, 2) landmarks, pixels of the video, nan where no face is seen; of the shot's first n frames.
    size:   width and height of its pictures.
    """

    path: Path
    points: np.ndarray
    size: tuple[int, int]


@dataclass(frozen=True)
class Truth:
    """What a comparison found.

    frames:   numbers of the shot's frames that were compared.
    scores:   (subject, score); where a score has `each`, one value a compared frame, nan where it was not measured.
    aperture: (n,) lip aperture in the video, eyes' distances, nan where no face is seen.
    verdicts, worst: as of an `Evaluation`.    notes: how the comparison was made, in sentences.
    """

    video: Path
    framing: Framing
    frames: range
    scores: tuple[tuple[str, Score], ...]
    aperture: np.ndarray
    verdicts: tuple[str, ...]
    notes: tuple[str, ...]
    worst: tuple[tuple[int, str], ...]


def watch(shot: Shot, video: Path, ctx: RunContext) -> RealClip:
    """Look for the face in a video at the instants of a shot's frames; the video begins where the performance does.

    Raises InputError for what is no video, shows no face, or ends long before the shot; MissingError, Cancelled.
    """
    sight, points, size = Sight(), [], (0, 0)
    with Video(video, shot.performance.fps) as film:
        size = film.facts.size
        for done, picture in enumerate(_frames(film, shot.frames, ctx)):
            ctx.step("watch", done, len(shot.frames))
            points.append(sight.see(picture))
    ctx.step("watch", len(shot.frames), len(shot.frames))
    if len(points) < _ENOUGH * len(shot.frames):
        raise InputError(
            f"{video.name} has only {len(points)} of the shot's {len(shot.frames)} frames.",
            "Give a video that begins and ends with the performance.",
        )
    if not np.isfinite(points).any():
        raise InputError(f"No face was found in {video.name}.", "Give a video of the person who speaks.")
    return RealClip(video, np.stack(points), size)


def compare(shot: Shot, points: np.ndarray, real: RealClip, ctx: RunContext) -> Truth:
    """Compare a shot, with (F, 478, 2) landmarks of its pictures, with a video that was watched.

    The video is laid over the shot's background and person by one scale and one shift. Raises InputError, Cancelled.
    """
    frames = shot.frames[: len(real.points)]
    ours = points[: len(frames)]
    height, width = shot.behind().shape[:2]
    framing = find_framing(real.points, ours, real.size, (width, height))
    theirs = framing.points(real.points)
    real_lips = aperture_of_points(real.points)
    lips = lip_match(aperture_of_points(ours), real_lips, shot.performance.fps)
    scores = _of_pictures(shot, ours, theirs, real, framing, ctx)
    face_psnr = next(found for subject, found in scores if subject == BOX and found.metric is PSNR)
    return Truth(
        video=real.path,
        framing=framing,
        frames=frames,
        scores=(
            *scores,
            *((FACE, found) for found in (lmd(ours, theirs), akd(ours, theirs), akd(ours, theirs, stable=None))),
            *((LIPS, found) for found in lips),
        ),
        aperture=real_lips,
        verdicts=tuple(_verdicts(theirs, lips[2])),
        notes=tuple(_notes(shot, frames, framing)),
        worst=tuple(_worst(frames, face_psnr, float(shot.performance.fps))),
    )


def framed_pictures(shot: Shot, truth: Truth, wanted: set[int], ctx: RunContext) -> dict[int, np.ndarray]:
    """The video's pictures, (H, W, 3) uint8 in the shot's framing, of the wanted frames as far as it has them."""
    with Video(truth.video, shot.performance.fps) as film:
        pictures = zip(truth.frames, _frames(film, truth.frames, ctx), strict=False)
        return {
            frame: truth.framing.picture(picture)
            for frame, picture in pictures
            if frame in wanted and picture is not None
        }


def _frames(film: Video, frames: range, ctx: RunContext) -> Iterator[np.ndarray | None]:
    """The pictures of those frames, as far as there are any."""
    for frame, picture in zip(range(frames.stop), film, strict=False):
        ctx.check()
        if frame >= frames.start:
            yield picture


def _of_pictures(
    shot: Shot, ours: np.ndarray, theirs: np.ndarray, real: RealClip, framing: Framing, ctx: RunContext
) -> Scores:
    """Scores of pixels, and of features where the net is there. ours, theirs: (n, 478, 2) landmarks in the shot."""
    frames, behind = shot.frames[: len(ours)], shot.behind()
    seen = np.flatnonzero(np.isfinite(ours).all(axis=(1, 2)) & np.isfinite(theirs).all(axis=(1, 2)))
    features, identity = features_there(), identity_there()
    sample = evenly(seen, _SAMPLE) if features or identity else []
    crops: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    chips: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def pairs() -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        with Video(real.path, shot.performance.fps) as film:
            for done, picture in enumerate(_frames(film, frames, ctx)):
                ctx.step("compare", done, len(frames))
                shown = shot.picture(frames[done], behind)
                laid = None if picture is None else framing.picture(picture)
                if done in sample and laid is not None:
                    square = face_square(theirs[done])
                    crops[done] = square.cut(shown, NET_SIDE), square.cut(laid, NET_SIDE)
                    chips[done] = face_chip(shown, ours[done]), face_chip(laid, theirs[done])
                yield shown, laid
        ctx.step("compare", len(frames), len(frames))

    whole = framing.covered()
    of_whole, of_box = match_pixels(ahead(pairs()), whole, face_boxes(ours, theirs, whole))
    scores = [*((WHOLE, found) for found in of_whole), *((BOX, found) for found in of_box)]
    if crops and features:
        distances = np.full(len(frames), np.nan)
        distances[list(crops)] = feature_distance(*zip(*crops.values(), strict=True)).each
        scores.append((SQUARE, score(FEATURE_DISTANCE, distances)))
    if chips and identity:
        found = np.array([identity_vectors(some) for some in zip(*chips.values(), strict=True)])
        vectors = np.full((2, len(frames), found.shape[2]), np.nan)
        vectors[:, list(chips)] = found
        scores += [(FACE, csim(*vectors)), (FACE, identity_distance(*vectors))]
    return scores


def _verdicts(theirs: np.ndarray, lag: Score) -> Iterator[str]:
    missing = int(np.isnan(theirs[:, 0, 0]).sum())
    if missing:
        yield f"No face is seen in {missing} of the video's {len(theirs)} frames."
    if abs(lag.value) > LATE and not lag.warning:
        way = "late" if lag.value > 0 else "early"
        yield f"The lips are {abs(lag.value):.0f} ms {way} against the video's: check that both begin at one instant."


def _notes(shot: Shot, frames: range, framing: Framing) -> Iterator[str]:
    yield framing.sentence()
    ended = "" if len(frames) == len(shot.frames) else "; the video ends before the others"
    yield f"{len(frames)} of the shot's {len(shot.frames)} frames were compared{ended}."
    rows, columns = framing.covered()
    share = (rows.stop - rows.start) * (columns.stop - columns.start) / (framing.shot[0] * framing.shot[1])
    if share < 1:
        yield f"The video shows {share:.0%} of the shot's frame; the whole frame is that much."
    if not features_there():
        yield "Features were not compared: garrick weights pull quality gets their net."
    if not identity_there():
        yield "Identities were not compared: garrick weights pull identity gets their net."


def _worst(frames: range, found: Score, fps: float) -> Iterator[tuple[int, str]]:
    """The frames whose faces are farthest from the video's, none near another."""
    assert found.each is not None
    taken: list[int] = []
    for index in np.argsort(found.each)[: np.isfinite(found.each).sum()]:
        if len(taken) < _WORST and all(abs(index - other) >= _APART * fps for other in taken):
            taken.append(int(index))
            yield frames[index], f"face PSNR {found.each[index]:.1f} dB"
