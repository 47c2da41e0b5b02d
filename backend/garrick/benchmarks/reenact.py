"""Recorded clips driven through the portrait: on their own first frame, on another portrait, and enhanced (KPBE).

Truth is the clip, cut out as the portrait was. Beside ours stands the still photo, which any method has to beat. For the
enhancement, the clip is spoilt as other tools spoil theirs, and what comes of that is compared with the clip.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from rich.table import Table

from garrick import enhance
from garrick.benchmarks.figures import Figure
from garrick.benchmarks.track import CHANNELS
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.core.rotation import rotation_matrices
from garrick.core.transfer import layered
from garrick.errors import GarrickError
from garrick.evaluation.images import l1, psnr, ssim
from garrick.evaluation.landmarks import akd, lmd
from garrick.files import write_bytes
from garrick.outputs.video import Segment
from garrick.perception import analyse, track
from garrick.perception.faces import detect_faces
from garrick.perception.image import frame_face, load_photo
from garrick.perception.landmarks import face_landmarks
from garrick.perception.portrait import Portrait
from garrick.perception.video import Video
from garrick.rendering import render
from garrick.rendering.detail import add_detail

SIZE = (512, 512)
_FRAMES = 150  # of each clip
_EVERY = 5  # frames are compared
_SHOWN = 6  # on a contact sheet
_STILL = 0.02  # deviation below which a curve says nothing
_FREE, _SWEEP = 20.0, 75  # degrees to both sides, frames
_BOXED, _BLURRED = 5, 9  # times coarser: the mouth's box, the whole picture

Frames = list[np.ndarray]


@dataclass(frozen=True)
class Row:
    """One clip, one way. face: of the face's box.    akd: pixels with pose removed.    lmd: eye distances, the mouth."""

    clip: str
    way: str
    psnr: float
    ssim: float
    l1: float
    face_psnr: float
    face_ssim: float
    akd: float
    lmd: float


@dataclass(frozen=True)
class Crossed:
    """A clip on another portrait, tracked again. r: mean over the channels that moved.    turn, free: degrees, without
    what is constant: of the clip's own head, and of one that the user turns by 20 degrees to both sides.
    """

    clip: str
    channels: int
    r: float
    turn: float
    free: float


@dataclass(frozen=True)
class Measured:
    """rows: by clip and way.    crossed: by clip.    refused: clips whose first frame is no portrait, and why."""

    rows: list[Row]
    crossed: list[Crossed]
    refused: list[tuple[str, str]]


def measure(sample: Path, data: Path, sheets: Path | None) -> Measured:
    """Measure on every video below `data`/eval. sheets: a folder for a contact sheet of each clip."""
    other = analyse.run(sample, SIZE, None, RunContext())
    rows: list[Row] = []
    crossed: list[Crossed] = []
    refused: list[tuple[str, str]] = []
    for video in sorted(data.glob("eval/**/*.mp4")):
        with tempfile.TemporaryDirectory() as folder:
            try:
                clip = _Clip(video, Path(folder))
                found, sheet = _own(clip)
                rows += found
                crossed.append(_cross(clip, other))
            except GarrickError as error:
                refused.append((video.stem, str(error)))
                continue
        if sheets is not None:
            sheets.mkdir(parents=True, exist_ok=True)
            Image.fromarray(sheet).save(sheets / f"{video.stem}.jpg", quality=90)
    return Measured(rows, crossed, refused)


class _Clip:
    """The first frames of a video, the portrait made of its first one, and the others cut out as that was."""

    def __init__(self, video: Path, folder: Path) -> None:
        self.name, self.folder = video.stem, folder
        with Video(video) as film:
            self.fps = film.facts.fps
            self.frames: Frames = [
                picture for _, picture in zip(range(_FRAMES), film, strict=False) if picture is not None
            ]
        photo = folder / "photo.png"
        Image.fromarray(self.frames[0]).save(photo)
        loaded = load_photo(photo)
        points = max(analyse.faces_in(loaded), key=analyse.height_of, default=None)
        self.portrait = analyse.run(photo, SIZE, 0, RunContext())
        assert points is not None  # analyse.run refuses a photo without a face
        self.truth: Frames = [self.cut(frame, points) for frame in self.frames[::_EVERY]]
        self.points = points

    def cut(self, frame: np.ndarray, points: np.ndarray) -> np.ndarray:
        return frame_face(frame, points[:468], SIZE)[0]

    def render(self, frames: Frames, name: str) -> tuple[Frames, Performance]:
        """The photo driven by a film of these frames."""
        driven = enhance.run(written(self.folder / name, frames, self.fps), self.portrait, None, RunContext())
        return rendered(self.portrait, driven.performance)[::_EVERY], driven.performance


def written(path: Path, frames: Sequence[np.ndarray], fps: Fraction) -> Path:
    """A film of (H, W, 3) frames; an odd side loses a pixel, as H.264 wants it."""
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    segment = Segment((width, height), fps)
    for frame in frames:
        segment.add(np.ascontiguousarray(frame[:height, :width]))
    write_bytes(path, segment.finish())
    return path


def rendered(portrait: Portrait, performance: Performance) -> Frames:
    """The frames of a performance, seen as the photo was."""
    still = CameraPath.still(portrait.camera, len(performance), performance.fps)
    take = render.run(portrait, performance, still, RunContext())
    return [take.render(index).plate for index in range(len(performance))]


def boxed(frame: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The mouth's box coarse and a shade lighter, as tools leave it that only draw the lower face at 96 pixels."""
    low, high = points[:468].min(axis=0), points[:468].max(axis=0)
    left, right = np.clip((low[0], high[0]), 0, frame.shape[1]).astype(int)
    top, bottom = np.clip(((low[1] + high[1]) / 2, high[1] + 0.05 * (high[1] - low[1])), 0, frame.shape[0]).astype(int)
    spoilt = frame.copy()
    box = frame[top:bottom, left:right]
    spoilt[top:bottom, left:right] = np.clip(_coarse(box, _BOXED).astype(np.int16) + 6, 0, 255)
    return spoilt


def blurred(frame: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The whole picture coarse, as of a net that works at a low resolution."""
    return _coarse(frame, _BLURRED)


def _coarse(picture: np.ndarray, times: int) -> np.ndarray:
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (max(1, width // times), max(1, height // times)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _own(clip: _Clip) -> tuple[list[Row], np.ndarray]:
    """A clip on its own first frame, then spoilt and enhanced; and a contact sheet of all that."""
    ways: dict[str, Frames] = {"photo": [clip.portrait.image] * len(clip.truth)}
    ways["reenacted"], _ = clip.render(clip.frames, "clip.mp4")
    spoilers: tuple[tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]], ...] = (
        ("boxed", boxed),
        ("blurred", blurred),
    )
    marks = _marks(clip.frames)
    for name, spoil in spoilers:
        spoilt = [spoil(frame, points) for frame, points in zip(clip.frames, marks, strict=True)]
        ways[name] = [clip.cut(frame, clip.points) for frame in spoilt[::_EVERY]]
        ways[f"{name}, rendered"], _ = clip.render(spoilt, f"{name}.mp4")
        pairs = zip(ways[name], ways[f"{name}, rendered"], strict=False)
        ways[f"{name}, enhanced"] = [add_detail(soft, sharp) for soft, sharp in pairs]
    real = _marks(clip.truth)
    low, high = (
        np.clip(edge, 0, SIZE[0]).astype(int)
        for edge in (real[:, :468].min(axis=(0, 1)), real[:, :468].max(axis=(0, 1)))
    )
    box = np.s_[low[1] : high[1], low[0] : high[0]]
    rows = [_row(clip, way, frames, real, box) for way, frames in ways.items()]
    shown = np.linspace(0, len(clip.truth) - 1, _SHOWN).astype(int)
    sheet = [
        np.concatenate([_small(frames[i]) for i in shown], axis=1) for frames in (clip.truth, *list(ways.values())[1:])
    ]
    return rows, np.concatenate(sheet)


def _row(clip: _Clip, way: str, frames: Frames, real: np.ndarray, box: tuple[slice, slice]) -> Row:
    truth = clip.truth[1:]  # the first is the photo
    frames = frames[1 : len(truth) + 1]
    truth = truth[: len(frames)]
    faces, real_faces = ([np.ascontiguousarray(frame[box]) for frame in some] for some in (frames, truth))
    marks = _marks(frames)
    return Row(
        clip.name,
        way,
        psnr=psnr(frames, truth).value,
        ssim=ssim(frames, truth).value,
        l1=l1(frames, truth).value,
        face_psnr=psnr(faces, real_faces).value,
        face_ssim=ssim(faces, real_faces).value,
        akd=akd(marks, real[1 : len(marks) + 1]).value,
        lmd=lmd(marks, real[1 : len(marks) + 1]).value,
    )


def _marks(frames: Frames) -> np.ndarray:
    """(F, 478, 2) landmarks of the largest face of each frame; of the frame before where none is found."""
    marks: list[np.ndarray] = []
    for frame in frames:
        faces = sorted(detect_faces(frame), key=lambda face: -face.size)
        points = face_landmarks(frame, faces[0])[0] if faces else None
        marks.append(points if points is not None else marks[-1] if marks else np.full((478, 2), np.nan))
    return np.stack(marks)


def _cross(clip: _Clip, other: Portrait) -> Crossed:
    """The clip's motion on another portrait, tracked again: how much of it can be seen there."""
    driver = track.run(clip.folder / "clip.mp4", None, None, False, RunContext()).performance
    again = _tracked_again(other, driver, clip.folder / "cross.mp4")
    columns = [ARKIT_INDEX[name] for name in CHANNELS]
    columns = [column for column in columns if driver.face[:, column].std() > _STILL]
    still = 1e-9 * np.arange(len(again))  # a curve that was lost correlates with nothing, instead of being nan
    r = [np.corrcoef(driver.face[:, column], again.face[:, column] + still)[0, 1] for column in columns]
    turn = _apart(again.head_rotation, driver.head_rotation)
    return Crossed(
        clip.name, len(columns), float(np.mean(r)) if r else float("nan"), turn, _free_view(clip, other, driver)
    )


def _free_view(clip: _Clip, other: Portrait, driver: Performance) -> float:
    """Degrees by which a head is seen to miss the user's own matrices, which turn it from side to side."""
    turns = np.zeros((_SWEEP, 3))
    turns[:, 1] = np.radians(np.linspace(-_FREE, _FREE, _SWEEP))
    matrices = np.tile(np.eye(4), (_SWEEP, 1, 1))
    matrices[:, :3, :3] = rotation_matrices(turns)
    poses = clip.folder / "poses.json"
    poses.write_text(json.dumps({"head": matrices.tolist()}))
    turned = layered(driver.frames(0, _SWEEP), enhance.read_poses(poses, driver.fps), ["head"])
    return _apart(_tracked_again(other, turned, clip.folder / "turned.mp4").head_rotation, turned.head_rotation)


def _tracked_again(portrait: Portrait, performance: Performance, film: Path) -> Performance:
    written(film, rendered(portrait, performance), performance.fps)
    return track.run(film, None, None, False, RunContext()).performance


def _apart(rotations: np.ndarray, others: np.ndarray) -> float:
    """Mean degrees between (F, 3) rotations, without what is constant."""
    one, other = (rotation_matrices(some[: len(rotations)].astype(np.float64)) for some in (rotations, others))
    off = one @ np.swapaxes(other[: len(one)], 1, 2)
    left, _, right = np.linalg.svd(off.mean(axis=0))
    traces = np.trace(off @ (left @ right).T, axis1=1, axis2=2)
    return float(np.degrees(np.arccos(np.clip((traces - 1) / 2, -1, 1))).mean())


def _small(frame: np.ndarray) -> np.ndarray:
    return cv2.resize(frame, (192, 192), interpolation=cv2.INTER_AREA)


def figures(measured: Measured) -> list[Figure]:
    """Means over the clips, by way."""
    found = []
    for way in dict.fromkeys(row.way for row in measured.rows):
        mine = [row for row in measured.rows if row.way == way]
        found += [
            Figure(f"{way}: PSNR", _mean([row.psnr for row in mine]), "dB"),
            Figure(f"{way}: SSIM", _mean([row.ssim for row in mine]), ""),
            Figure(f"{way}: PSNR of the face", _mean([row.face_psnr for row in mine]), "dB"),
            Figure(f"{way}: landmarks, pose removed", _mean([row.akd for row in mine]), "px"),
        ]
    if measured.crossed:
        found += [
            Figure("another portrait: r of the weights", _mean([row.r for row in measured.crossed]), ""),
            Figure("another portrait: head rotation", _mean([row.turn for row in measured.crossed]), "degrees"),
            Figure("another portrait: free view", _mean([row.free for row in measured.crossed]), "degrees"),
        ]
    return found


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values))


def tables(measured: Measured) -> list[Table | str]:
    """Each clip."""
    drawn: list[Table | str] = []
    for rows in (measured.rows, measured.crossed):
        if rows:
            table = Table(*(field.name.replace("_", " ") for field in fields(rows[0])))
            for row in rows:
                cells = (getattr(row, field.name) for field in fields(row))
                table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells))
            drawn.append(table)
    return [*drawn, *(f"{name} was left out: {why}" for name, why in measured.refused)]
