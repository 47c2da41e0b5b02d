"""From curves to files: frames a second by size, quality and passes; memory over 3,000 frames; ids in 1,000 random ones."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from rich.table import Table

from garrick.benchmarks.figures import Figure
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.outputs.frames import FrameStore
from garrick.outputs.stream import write_take
from garrick.perception import analyse
from garrick.perception.portrait import Portrait
from garrick.rendering import render
from garrick.rendering.camera_moves import camera_move
from garrick.rendering.take import Take

SIZES = ((512, 512), (512, 768), (1024, 1024))
THREADS = (1, 2)
_FPS = Fraction(25)
_CLIP = 24  # frames of each row of the table
_LONG, _SETTLED = 3000, 300  # frames of the clip for memory, and after how many it has what it needs
_RANDOM, _RANDOM_SIZE = 1000, (192, 192)
_TURNS = np.radians([12, 25, 8])  # to each side: pitch, yaw, roll
_ORBIT = 20.0  # degrees to each side
_SEE_THROUGH = 64  # of 255: less alpha shows what is behind
_WEIGHTS = 0.4  # share of the curves that a random face moves


@dataclass(frozen=True)
class Row:
    """How fast frames of one kind are made.

    drawn:       milliseconds to render one, by itself.
    drawn_cpu:   milliseconds of processor time of that; a busy machine changes it less than the clock.
    written:     frames a second through renderer, PNG, EXR where there are passes, H.264 and the disk together, by the
                 number of `THREADS`.
    written_cpu: milliseconds of processor time a frame of that, by the number of threads.
    """

    size: tuple[int, int]
    quality: str
    passes: bool
    drawn: float
    drawn_cpu: float
    written: tuple[float, ...]
    written_cpu: tuple[float, ...]


def measure(picture: Path) -> tuple[list[Row], list[Figure]]:
    """The table, and the figures of memory and ids."""
    rows = [row for size in SIZES for row in _rows(analyse.run(picture, size, None, RunContext()))]
    settled, whole = _memory(picture)
    unnamed, pierced = _random_frames(analyse.run(picture, _RANDOM_SIZE, None, RunContext()))
    figures = []
    for row in rows:
        for threads, written, used in zip(THREADS, row.written, row.written_cpu, strict=True):
            name = f"{_name(row)}, by {threads} thread{'s' if threads > 1 else ''}"
            figures += [Figure(name, written, "frames/s"), Figure(f"{name}, processor time", used, "ms a frame")]
    return rows, [
        *figures,
        Figure(f"memory that frames {_SETTLED} to {_LONG} add", (whole - settled) / 1e6, "MB", at_most=30),
        Figure(f"pixels of the person without an id in {_RANDOM} random frames", unnamed, "", at_most=0),
        Figure(f"see-through pixels inside the silhouette in {_RANDOM} random frames", pierced, "", at_most=0),
    ]


def table(rows: list[Row]) -> Table:
    """The rows, for a terminal."""
    by = [f"written by {threads}, frames/s" for threads in THREADS]
    shown = Table("size", "quality", "passes", "render, ms", "of processor", *by, "processor ms a frame")
    for row in rows:
        passes = "yes" if row.passes else "no"
        size = f"{row.size[0]}x{row.size[1]}"
        values = (row.drawn, row.drawn_cpu, *row.written, row.written_cpu[0])
        shown.add_row(size, row.quality, passes, *(f"{value:.1f}" for value in values))
    return shown


def _name(row: Row) -> str:
    return f"{row.size[0]}x{row.size[1]} {row.quality}{' with passes' if row.passes else ''}"


def _rows(portrait: Portrait) -> list[Row]:
    """Of one size."""
    size = portrait.camera.size
    rows = []
    for quality, shown in (("draft", (size[0] // 2, size[1] // 2)), ("final", size)):
        for passes in (False, True):
            take = _talking(portrait, _CLIP, shown, passes)
            take.render(0)
            drawn, drawn_cpu = _timed(partial(_draw, take))
            written = [_timed(partial(_write, take, passes, threads)) for threads in THREADS]
            each = 1e3 / _CLIP  # milliseconds a frame
            speeds, costs = tuple(_CLIP / clock for clock, _ in written), tuple(used * each for _, used in written)
            rows.append(Row(size, quality, passes, drawn * each, drawn_cpu * each, speeds, costs))
    return rows


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock and of processor time."""
    clock, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - used


def _draw(take: Take) -> None:
    for index in range(len(take)):
        take.render(index)


def _write(take: Take, passes: bool, threads: int) -> None:
    """All frames, onto the disk."""
    with tempfile.TemporaryDirectory(prefix="garrick-benchmark-") as folder:
        write_take(take, range(len(take)), FrameStore(Path(folder), "key", passes), RunContext(), threads=threads)


def _talking(portrait: Portrait, frames: int, size: tuple[int, int], passes: bool) -> Take:
    """A head that talks, blinks and nods."""
    times = np.arange(frames) / float(_FPS)
    face = np.repeat(portrait.face[None], frames, axis=0)
    face[:, ARKIT_INDEX["jawOpen"]] = 0.25 + 0.25 * np.sin(times * 20)
    for side in ("Left", "Right"):
        face[:, ARKIT_INDEX[f"eyeBlink{side}"]] = np.maximum(0, np.sin(times * 7)) ** 8
    nod = portrait.head_rotation + 0.08 * np.sin(times[:, None] * [3, 2, 1])
    performance = replace(Performance.rest(frames, _FPS), face=face, head_rotation=nod.astype(np.float32))
    camera = CameraPath.still(portrait.camera, frames, _FPS).resized(size)
    return render.run(portrait, performance, camera, RunContext(), passes)


def _memory(picture: Path) -> tuple[float, float]:
    """Peak bytes of a fresh process after `_SETTLED` frames and after `_LONG`, written with passes and a film."""
    done = subprocess.run(
        [sys.executable, "-m", "garrick.benchmarks.frames", str(picture)], capture_output=True, text=True, check=True
    )
    settled, whole = done.stdout.split()[-2:]
    return float(settled), float(whole)


def _write_long(picture: Path) -> None:
    """Write `_LONG` frames by several threads and print both peaks."""
    from garrick.memory import peak_memory

    portrait = analyse.run(picture, (128, 128), None, RunContext())
    short = _talking(portrait, _SETTLED, (128, 128), True)
    peaks = []
    for frames in (_SETTLED, _LONG):
        camera = CameraPath.still(portrait.camera, frames, _FPS)
        _write(Take(camera, lambda index: short.render(index % _SETTLED), short.background), True, THREADS[-1])
        peaks.append(peak_memory() or 0)
    print(*peaks)


def _random_frames(portrait: Portrait) -> tuple[int, int]:
    """Pixels that the person covers by more than half and that have no id; and those inside that show what is behind."""
    stage, rng = render.prepare(portrait, RunContext()), np.random.default_rng(0)
    source = stage.puppet.source
    unnamed, pierced = 0, 0
    for _ in range(_RANDOM):
        moved = rng.normal(0, 0.3, 52) * (rng.uniform(size=52) < _WEIGHTS)
        turn = rotation_matrices(rng.uniform(-_TURNS, _TURNS)) @ rotation_matrices(source.rotation)
        pose = replace(
            source,
            face=np.clip(source.face + moved, 0, 1).astype(np.float32),
            rotation=axis_angles(turn).astype(np.float32),
            translation=rng.uniform(-0.03, 0.03, 3).astype(np.float32),
            gaze=rng.uniform(-0.4, 0.4, (2, 2)),
        )
        camera = camera_move(portrait, "orbit", rng.uniform(-_ORBIT, _ORBIT), 2, _FPS, rng).at(1)
        frame = render.render_pose(stage, pose, camera)
        unnamed += int(((frame.rgba[..., 3] > 128) & (frame.ids == 0)).sum())
        pierced += _enclosed(frame.rgba[..., 3] < _SEE_THROUGH)
    return unnamed, pierced


def _enclosed(empty: np.ndarray) -> int:
    """How many pixels of (H, W) bool have no way to the picture's edge, corners counted: what is left open where an ear
    meets hair is a notch of the outline, and no hole."""
    _, areas = cv2.connectedComponents(np.pad(empty, 1, constant_values=True).astype(np.uint8), connectivity=8)
    return int((empty & (areas[1:-1, 1:-1] != areas[0, 0])).sum())


if __name__ == "__main__":
    _write_long(Path(sys.argv[1]))
