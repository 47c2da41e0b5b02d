"""A film and a contact sheet of a performance on the clay figure."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

from garrick.context import RunContext
from garrick.core.performance import Performance
from garrick.files import make_folder, write_bytes
from garrick.rendering.clay_figure import figure_frames

from . import sound, video

_TILES, _ACROSS, _TILE = 24, 8, 200  # pictures of a sheet, in a row, and a picture's width in pixels


def write_clay_film(
    path: Path,
    sheet: Path | None,
    performance: Performance,
    voice: Path | None,
    size: tuple[int, int],
    yaw: float,
    ctx: RunContext,
) -> None:
    """Write an .mp4, and a .png with frames of it at even distances.

    voice: the WAV of the performance's audio reference, heard as it is said there.    size, yaw: see `figure_frames`.
    Raises InputError, OutputError, Cancelled.
    """
    chosen = set(np.linspace(0, len(performance) - 1, min(_TILES, len(performance))).astype(int).tolist())
    segment, tiles = video.Segment(size, performance.fps), []
    for index, picture in enumerate(figure_frames(performance, size, yaw, ctx)):
        segment.add(picture)
        if index in chosen:
            height = round(_TILE * size[1] / size[0])
            tiles.append(cv2.resize(picture, (_TILE, height), interpolation=cv2.INTER_AREA))
    make_folder(path.parent)
    samples, rate = (None, 0) if voice is None else _heard(performance, voice)
    with tempfile.TemporaryDirectory(prefix="garrick-preview-") as folder:
        silent = Path(folder) / "silent.mp4"
        write_bytes(silent, segment.finish())
        video.join(path, (silent,), performance.fps, samples, rate)
    if sheet is not None:
        make_folder(sheet.parent)
        write_bytes(sheet, cv2.imencode(".png", _sheet(tiles)[..., ::-1])[1].tobytes())


def _heard(performance: Performance, voice: Path) -> tuple[np.ndarray, int]:
    samples, rate = sound.read_wav(voice)
    start = -performance.audio.offset if performance.audio else 0.0
    return sound.cut(samples, rate, start, performance.duration), rate


def _sheet(tiles: list[np.ndarray]) -> np.ndarray:
    """The pictures in rows, the last one filled up with white."""
    empty = [np.full_like(tiles[0], 255)] * (-len(tiles) % _ACROSS)
    full = [*tiles, *empty]
    return np.vstack([np.hstack(full[start : start + _ACROSS]) for start in range(0, len(full), _ACROSS)])
