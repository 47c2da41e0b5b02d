"""Recorded clips acted by their own first frame: pixels, features, landmarks, identity and flicker, beside the still photo.

The driver is our tracker, so what it misses counts too. Copying the photo is what any renderer has to beat.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image
from rich.table import Table

from garrick import enhance
from garrick.benchmarks.figures import Figure
from garrick.benchmarks.reenact import Frames, rendered, written
from garrick.benchmarks.render import SIZE
from garrick.context import RunContext
from garrick.errors import GarrickError
from garrick.evaluation.features import feature_distance, features_there
from garrick.evaluation.identity import csim, identity_distance
from garrick.evaluation.identity_net import face_chip, identity_there, identity_vectors
from garrick.evaluation.landmarks import akd, lmd
from garrick.evaluation.metric import Score
from garrick.evaluation.pixel_match import face_boxes, match_pixels
from garrick.evaluation.sight import NET_SIDE, Sight, evenly, face_square
from garrick.perception import analyse
from garrick.perception.image import frame_face, load_photo
from garrick.perception.portrait import Portrait
from garrick.perception.video import Video

COPY, GEOMETRY = "copy of the photo", "geometry"
_FRAMES = 48  # of each clip
_SAMPLE = 8  # frames that nets look at


@dataclass(frozen=True)
class ClipRow:
    """One clip, one way. psnr, ssim: of the whole frame.    face_psnr, face_ssim, flicker: of the face's box.

    features: EffLite distance of the face's square.    akd: pixels, lmd: eye distances of the mouth, both with pose
    removed.    cosine, distance: of the identities at the same instant. nan where a net is missing.
    """

    clip: str
    way: str
    psnr: float
    ssim: float
    face_psnr: float
    face_ssim: float
    features: float
    akd: float
    lmd: float
    cosine: float
    distance: float
    flicker: float


def measure(data: Path) -> tuple[list[ClipRow], list[str]]:
    """Rows of every video below `data`/eval, and a sentence for each whose first frame is no portrait."""
    rows, refused = [], []
    for video in sorted(data.glob("eval/**/*.mp4")):
        try:
            rows += _rows(video)
        except GarrickError as error:
            refused.append(f"{video.stem} was left out: {error}")
    return rows, refused


def _rows(video: Path) -> list[ClipRow]:
    with Video(video) as film:
        fps, frames = film.facts.fps, [picture for picture in islice(film, _FRAMES) if picture is not None]
    with tempfile.TemporaryDirectory() as folder:
        portrait, truth = _portrait(frames, Path(folder))
        driver = written(Path(folder) / "clip.mp4", frames, fps)
        performance = enhance.run(driver, portrait, None, RunContext()).performance
    made = rendered(portrait, performance)[: len(truth)]
    real = _seen(truth)
    return [
        _row(video.stem, way, shown, truth[: len(shown)], real[: len(shown)])
        for way, shown in ((COPY, [portrait.image] * len(truth)), (GEOMETRY, made))
    ]


def _portrait(frames: Frames, folder: Path) -> tuple[Portrait, Frames]:
    """The portrait that the largest face of the first frame makes, and all frames cut out as it was."""
    photo = folder / "photo.png"
    Image.fromarray(frames[0]).save(photo)
    faces = analyse.faces_in(load_photo(photo))
    analyse.check_heights([analyse.height_of(points) for points in faces])
    usable = [points for points in faces if analyse.height_of(points) >= analyse.MIN_FACE]
    largest = max(range(len(usable)), key=lambda index: analyse.height_of(usable[index]))
    portrait = analyse.run(photo, SIZE, largest, RunContext())
    return portrait, [frame_face(frame, usable[largest][:468], SIZE)[0] for frame in frames]


def _seen(frames: Frames) -> np.ndarray:
    """(F, 478, 2) landmarks, nan where no face is seen."""
    sight = Sight()
    return np.stack([sight.see(frame) for frame in frames])


def _row(clip: str, way: str, frames: Frames, truth: Frames, real: np.ndarray) -> ClipRow:
    """real: landmarks of the truth."""
    ours = _seen(frames)
    whole = (slice(0, SIZE[1]), slice(0, SIZE[0]))
    pixels, boxes = match_pixels(zip(frames, truth, strict=True), whole, face_boxes(ours, real, whole))
    both = np.isfinite(ours).all(axis=(1, 2)) & np.isfinite(real).all(axis=(1, 2))
    sample = evenly(np.flatnonzero(both)[1:], _SAMPLE)  # the first frame is the photo
    features = cosine = distance = float("nan")
    if features_there():
        cut = [[face_square(real[i]).cut(some[i], NET_SIDE) for i in sample] for some in (frames, truth)]
        features = feature_distance(*cut).value
    if identity_there():
        faces, theirs = (
            identity_vectors(face_chip(some[i], points[i]) for i in sample)
            for some, points in ((frames, ours), (truth, real))
        )
        cosine, distance = csim(faces, theirs).value, identity_distance(faces, theirs).value
    return ClipRow(
        clip,
        way,
        psnr=value(pixels, "PSNR"),
        ssim=value(pixels, "SSIM"),
        face_psnr=value(boxes, "PSNR"),
        face_ssim=value(boxes, "SSIM"),
        features=features,
        akd=akd(ours, real).value,
        lmd=lmd(ours, real).value,
        cosine=cosine,
        distance=distance,
        flicker=value(boxes, "flicker ratio"),
    )


def value(scores: Sequence[Score], name: str) -> float:
    return next(found.value for found in scores if found.metric.name == name)


def figures(rows: Sequence[ClipRow]) -> list[Figure]:
    """Means over the clips of each way."""
    found = []
    for way in dict.fromkeys(row.way for row in rows):
        mine = [row for row in rows if row.way == way]
        goals = {"face_psnr": {"at_least": 24.0}, "flicker": {"at_most": 1.2}} if way == GEOMETRY else {}
        for field in fields(ClipRow)[2:]:
            mean = float(np.nanmean([getattr(row, field.name) for row in mine]))
            found.append(Figure(f"clips, {way}: {field.name.replace('_', ' ')}", mean, "", **goals.get(field.name, {})))
    return found


def table(rows: Sequence[ClipRow]) -> Table:
    """Each clip."""
    drawn = Table(*(field.name.replace("_", " ") for field in fields(ClipRow)))
    for row in rows:
        cells = (getattr(row, field.name) for field in fields(ClipRow))
        drawn.add_row(*(cell if isinstance(cell, str) else f"{cell:.3f}" for cell in cells))
    return drawn
