"""The video tracker: on rendered clips whose curves are known, on videos of people, and on the points of hands."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.table import Table
from scipy.signal import savgol_filter

from garrick.benchmarks.figures import Figure
from garrick.benchmarks.render import SIZE
from garrick.bodies.hand import load_hand, within_limits
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.core.rotation import rotation_matrices
from garrick.perception import analyse, track
from garrick.perception.clip_fit import Sighting, Solved, meet
from garrick.perception.follow import FaceFollower
from garrick.perception.hand_ik import solve_hand
from garrick.rendering import render
from garrick.training.known_motion import FPS, FRAMES, truth

CHANNELS = (
    "eyeBlinkLeft", "eyeBlinkRight", "eyeWideLeft", "eyeWideRight", "browDownLeft", "browDownRight", "browInnerUp",
    "browOuterUpLeft", "browOuterUpRight", "jawOpen", "jawLeft", "jawRight", "mouthFunnel", "mouthPucker", "mouthLeft",
    "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthLowerDownLeft",
    "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "mouthClose",
)  # fmt: skip
_ROWS = [ARKIT_INDEX[name] for name in CHANNELS]
_BLINKS = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
_OPEN = 0.5  # weight of a blink below which an eye counts as open
_MEN, _WOMEN = 3, 2  # portraits beside the sample
_SHORTEST, _WINDOW, _ORDER = 9, 7, 2  # frames in a row that count; the reference smoother's
_POSE_PIXELS = 768  # width and height of the pictures that the pose clips are of
_POSES = "eval/antgroup_echomimic_v2/assets/halfbody_demo/pose_npz"


@dataclass(frozen=True)
class RenderRow:
    """One rendered clip. r: (25,) correlations, `CHANNELS`.    seen: share of frames with a face.    fps: of tracking.

    Degrees: turn without the clip's constant offset, turn_absolute with it, gaze the angle between lines of sight while
    the eyes are open. Millimetres from rest: shift, and shift_xy without depth. missed: % of the face's width.
    """

    name: str
    r: np.ndarray
    turn: float
    turn_absolute: float
    shift: float
    shift_xy: float
    gaze: float
    missed: float
    seen: float
    fps: float


@dataclass(frozen=True)
class ClipRow:
    """One video. missed: % of the face's width.    seen: share of frames with a face.    fps: of `track.run`.

    turn: mean length of the second difference of the head's rotation in degrees; landmarks: of the net's landmarks, as
    they come, in % of the face's width. turn_ratio, landmarks_ratio: those over the same of the curves after the
    reference smoother. face_ratio: of the weights over the same of what the reference smoother makes of the unsmoothed
    ones.
    """

    name: str
    frames: int
    seen: float
    missed: float
    turn: float
    turn_ratio: float
    face_ratio: float
    landmarks: float
    landmarks_ratio: float
    fps: float


@dataclass(frozen=True)
class HandRow:
    """One hand of one clip. error: % of the palm.    beyond: % of joints beyond their limits.    fps: of `solve_hand`."""

    name: str
    frames: int
    error: float
    beyond: float
    fps: float


@dataclass(frozen=True)
class Measured:
    """All parts; a part without data is empty."""

    renders: list[RenderRow]
    clips: list[ClipRow]
    hands: list[HandRow]


def measure(sample: Path, data: Path | None) -> Measured:
    """Measure on a portrait and, where there is a data folder, on what of MANIFEST.tsv's is below it."""
    pictures, videos, poses = [sample], [], []
    if data is not None:
        for folder, count in (("man", _MEN), ("woman", _WOMEN)):
            # the last ones: the first were looked at while the tracker was made
            pictures += sorted(data.glob(f"train/**/{folder}/*.png"))[-count:]
        videos = sorted(data.glob("eval/**/*.mp4"))
        poses = sorted(data.glob(f"{_POSES}/*.npz"))
    return Measured(
        [_rendered(picture, seed) for seed, picture in enumerate(pictures)],
        [_clip(video) for video in videos],
        [row for path in poses for row in _hands(path)],
    )


def _rendered(picture: Path, seed: int) -> RenderRow:
    portrait = analyse.run(picture, SIZE, None, RunContext())
    known = truth(portrait, seed)
    take = render.run(portrait, known, CameraPath.still(portrait.camera, FRAMES, FPS), RunContext())
    follower = FaceFollower()
    sightings: list[Sighting | None] = []
    seconds = 0.0
    for index in range(FRAMES):
        plate = take.render(index).plate
        started = time.perf_counter()
        sightings.append(follower.see(plate).face)
        seconds += time.perf_counter() - started
    started = time.perf_counter()
    _, solved = meet(load_head(), sightings, portrait.camera.intrinsics, RunContext())
    seconds += time.perf_counter() - started
    name = "sample" if seed == 0 else f"{picture.parent.name} {picture.stem}"
    return score(name, known, solved, FRAMES / seconds)


def score(name: str, known: Performance, solved: Solved, fps: float) -> RenderRow:
    """What was solved against what is known."""
    face = np.array([state.face for state in solved.states])
    shifts = np.array([state.shift for state in solved.states]) * (1, -1, -1) - known.head_translation
    shifts -= np.median(shifts, axis=0)
    wanted = rotation_matrices(known.head_rotation.astype(np.float64))
    off = np.array([state.turn for state in solved.states]) @ np.swapaxes(wanted, 1, 2)
    left, _, right = np.linalg.svd(off.mean(axis=0))
    eyes_open = (known.face[:, _BLINKS] < _OPEN) & np.isfinite(solved.gaze[..., 0])
    between = (_sight(solved.gaze) * _sight(known.gaze.astype(np.float64))).sum(axis=-1)[eyes_open]
    return RenderRow(
        name,
        np.array([_correlation(face[:, row], known.face[:, row]) for row in _ROWS]),
        turn=_degrees(np.trace(off @ (left @ right).T, axis1=1, axis2=2)),
        turn_absolute=_degrees(np.trace(off, axis1=1, axis2=2)),
        shift=1e3 * float(np.linalg.norm(shifts, axis=1).mean()),
        shift_xy=1e3 * float(np.linalg.norm(shifts[:, :2], axis=1).mean()),
        gaze=float(np.degrees(np.arccos(np.clip(between, -1, 1))).mean()),
        missed=100 * float(np.nanmean(solved.missed)),
        seen=float(np.isfinite(solved.missed).mean()),
        fps=fps,
    )


def _degrees(traces: np.ndarray) -> float:
    """Mean angle of rotation matrices."""
    return float(np.degrees(np.arccos(np.clip((traces - 1) / 2, -1, 1))).mean())


def _sight(gaze: np.ndarray) -> np.ndarray:
    """(..., 2) yaw and pitch -> (..., 3) unit vectors."""
    yaw, pitch = gaze[..., 0], gaze[..., 1]
    return np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], axis=-1)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))


def _clip(video: Path) -> ClipRow:
    started = time.perf_counter()
    tracked = track.run(video, None, None, False, RunContext())
    seconds = time.perf_counter() - started
    marks = tracked.landmarks[:, :468]
    seen = np.isfinite(marks[:, 0, 0])
    parts = list(_in_a_row(seen, tracked.cuts))
    width = float(np.nanmedian(np.ptp(marks[..., 0], axis=1)))
    turn, turn_ratio = roughness(np.degrees(tracked.performance.head_rotation[:, None]), parts)
    face, _ = roughness(tracked.performance.face[..., None], parts)
    before, before_ratio = roughness(tracked.unsmoothed[..., None], parts)
    landmarks, landmarks_ratio = roughness(100 / width * marks, parts)
    missed = 100 * float(np.nanmean(tracked.missed))
    share, fps, face_ratio = float(seen.mean()), len(seen) / seconds, face / (before / before_ratio)
    return ClipRow(video.stem, len(seen), share, missed, turn, turn_ratio, face_ratio, landmarks, landmarks_ratio, fps)


def _in_a_row(seen: np.ndarray, cuts: Sequence[int]) -> Iterator[slice]:
    """Frames of one shot that all show a face, where they are enough to smooth."""
    edges = np.flatnonzero(np.diff(seen.astype(int))) + 1
    bounds = sorted({0, *edges.tolist(), *cuts, len(seen)})
    for start, stop in pairwise(bounds):
        if seen[start] and stop - start >= _SHORTEST:
            yield slice(start, stop)


def roughness(curves: np.ndarray, parts: Sequence[slice]) -> tuple[float, float]:
    """Mean length of the second differences of (F, N, D) curves, and that over the reference smoother's of the same."""
    ours, reference = [], []
    for part in parts:
        values = curves[part].astype(np.float64)
        smooth = savgol_filter(values, _WINDOW, _ORDER, axis=0)
        for bent, kept in ((values, ours), (smooth, reference)):
            second = np.diff(np.asarray(bent), 2, axis=0)
            kept.append(np.linalg.norm(second, axis=-1).mean(axis=1))
    if not ours:
        return np.nan, np.nan
    mean = float(np.concatenate(ours).mean())
    return mean, mean / max(float(np.concatenate(reference).mean()), 1e-12)


def _hands(path: Path) -> list[HandRow]:
    """The left and the right hand of a clip, where they are seen."""
    rows = []
    with np.load(path, allow_pickle=False) as clip:
        points, confidence = clip["hands_xy"].astype(np.float64), clip["hands_score"].astype(np.float64)
    points = np.where((points < 0).any(axis=-1, keepdims=True), np.nan, points * _POSE_PIXELS)
    for index, side in enumerate(("left", "right")):
        hand = load_hand(side)
        started = time.perf_counter()
        found = solve_hand(hand, points[:, index], confidence[:, index])
        seconds = time.perf_counter() - started
        if found.seen.any():
            beyond = 1 - within_limits(hand, found.rotations[found.seen]).mean()
            error = float(np.nanmean(found.errors))
            frames = int(found.seen.sum())
            rows.append(HandRow(f"{path.stem} {side}", frames, 100 * error, 100 * float(beyond), frames / seconds))
    return rows


def figures(measured: Measured) -> list[Figure]:
    """The means over each part; each row is in `tables` and `values`."""
    found = []
    if measured.renders:
        r = np.array([row.r for row in measured.renders])
        found += [
            Figure("renders: r of 25 channels", float(r.mean()), ""),
            Figure("renders: channels with r of .9 or more", 100 * float((r >= 0.9).mean()), "%"),
            Figure("renders: head rotation", _mean(measured.renders, "turn"), "degrees"),
            Figure("renders: head rotation, absolute", _mean(measured.renders, "turn_absolute"), "degrees"),
            Figure("renders: head translation", _mean(measured.renders, "shift"), "mm"),
            Figure("renders: head translation, xy", _mean(measured.renders, "shift_xy"), "mm"),
            Figure("renders: gaze", _mean(measured.renders, "gaze"), "degrees"),
            Figure("renders: frames tracked", _mean(measured.renders, "fps"), "a second"),
        ]
    if measured.clips:
        found += [
            Figure("clips: reprojection", _mean(measured.clips, "missed"), "% of the face width"),
            Figure("clips: head rotation, 2nd difference", _mean(measured.clips, "turn"), "degrees"),
            Figure("clips: head rotation, over reference", _mean(measured.clips, "turn_ratio"), ""),
            Figure("clips: weights, over reference", _mean(measured.clips, "face_ratio"), ""),
            Figure("clips: landmarks, 2nd difference", _mean(measured.clips, "landmarks"), "% of the face width"),
            Figure("clips: landmarks, over reference", _mean(measured.clips, "landmarks_ratio"), ""),
            Figure("clips: frames tracked", _mean(measured.clips, "fps"), "a second"),
        ]
    if measured.hands:
        found += [
            Figure("hands: reprojection", _mean(measured.hands, "error"), "% of the palm"),
            Figure("hands: joints beyond limits", _mean(measured.hands, "beyond"), "%", at_most=0),
            Figure("hands: frames solved", _mean(measured.hands, "fps"), "a second"),
        ]
    return found


def _mean(rows: Sequence[RenderRow] | Sequence[ClipRow] | Sequence[HandRow], name: str) -> float:
    return float(np.nanmean([getattr(row, name) for row in rows]))


def values(measured: Measured) -> dict[str, dict[str, float]]:
    """Each row's numbers for programs, by the part and the name of the row."""
    found: dict[str, dict[str, float]] = {}
    for part, rows in (("renders", measured.renders), ("clips", measured.clips), ("hands", measured.hands)):
        for row in rows:
            numbers = {field.name: getattr(row, field.name) for field in fields(row) if field.name not in ("name", "r")}
            if isinstance(row, RenderRow):
                numbers |= {f"r {name}": value for name, value in zip(CHANNELS, row.r.tolist(), strict=True)}
            found[f"{part}: {row.name}"] = {name: round(float(value), 4) for name, value in numbers.items()}
    return found


def tables(measured: Measured) -> list[Table]:
    """Each part row by row, and the correlations by channel."""
    drawn = []
    if measured.renders:
        names = ("turn", "turn_absolute", "shift", "shift_xy", "gaze", "missed", "seen", "fps")
        heads = ("turn deg", "absolute", "shift mm", "xy", "gaze deg", "missed %", "seen", "fps")
        table = Table("renders", "r", "r >= .9", *heads)
        for row in measured.renders:
            cells = (float(row.r.mean()), float((row.r >= 0.9).mean()), *(getattr(row, name) for name in names))
            table.add_row(row.name, *(f"{cell:.2f}" for cell in cells))
        by_channel = np.array([row.r for row in measured.renders])
        channels = Table("channel", "mean r", "least r")
        for name, mean, least in zip(CHANNELS, by_channel.mean(axis=0), by_channel.min(axis=0), strict=True):
            channels.add_row(name, f"{mean:.2f}", f"{least:.2f}")
        drawn += [table, channels]
    for name, rows in (("clips", measured.clips), ("hands", measured.hands)):
        if rows:
            columns = [field.name for field in fields(rows[0])][1:]
            table = Table(name, *(column.replace("_", " ") for column in columns))
            for row in rows:
                cells = (getattr(row, column) for column in columns)
                table.add_row(row.name, *(str(cell) if isinstance(cell, int) else f"{cell:.2f}" for cell in cells))
            drawn.append(table)
    return drawn
