"""What the face net adds to a frame's time: as it is shipped, in float32, and with 8-bit weights and activations."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from garrick.benchmarks.figures import Figure
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception import analyse
from garrick.rendering.puppet import Pose
from garrick.rendering.refine.net import FACE
from garrick.rendering.refine.refiner import Refiner, make_refiner
from garrick.rendering.refine.view import view_of
from garrick.rendering.render import Stage, prepare, render_pose

SIZES = ((512, 512), (1024, 1024))
_POSES = 12
_NO_TOOL = "There is no row of the net in 8 bits: making one takes the package onnx (of the extras dev and training)."


@dataclass(frozen=True)
class Row:
    """One net at one size.

    refined, refined_cpu: milliseconds that it adds to a frame, by the clock and of processor time.
    megabytes: of its file.    unlike: levels of 255 by which the face differs from float32's, root mean square.
    """

    size: tuple[int, int]
    net: str
    refined: float
    refined_cpu: float
    megabytes: float
    unlike: float


def measure(picture: Path) -> tuple[list[Row], list[str]]:
    """The rows, and a sentence on what is missing."""
    stages = [prepare(analyse.run(picture, size, None, RunContext()), RunContext()) for size in SIZES]
    with tempfile.TemporaryDirectory(prefix="garrick-benchmark-") as folder:
        nets = {"float32": FACE}
        if find_spec("onnx") is not None:
            nets["int8"] = in_8_bits(stages[0], FACE, Path(folder) / "face_int8.onnx")
        rows = [row for stage in stages for row in rows_of(stage, nets)]
    return rows, [] if "int8" in nets else [_NO_TOOL]


def rows_of(stage: Stage, nets: dict[str, Path]) -> list[Row]:
    """Of one portrait and size; the first of the nets is the one that others are compared with."""
    camera = stage.portrait.camera
    poses = list(_poses(stage))
    frames = [render_pose(stage, pose, camera) for pose in poses]
    wanted = None
    rows = []
    for name, path in nets.items():
        refiner = make_refiner(stage, path)
        refiner.refine(poses[0], camera, frames[0])
        clock, used = time.perf_counter(), time.process_time()
        refined = [refiner.refine(pose, camera, frame).plate for pose, frame in zip(poses, frames, strict=True)]
        clock, used = time.perf_counter() - clock, time.process_time() - used
        shown = np.stack(refined).astype(np.float32)
        wanted = shown if wanted is None else wanted
        touched = (wanted != np.stack([frame.plate for frame in frames])).any(axis=3)
        unlike = float(np.sqrt(np.mean((shown - wanted)[touched] ** 2))) if touched.any() else 0.0
        each = 1e3 / _POSES
        rows.append(Row(camera.size, name, clock * each, used * each, path.stat().st_size / 1e6, unlike))
    return rows


def in_8_bits(stage: Stage, net: Path, path: Path) -> Path:
    """Quantise a net to 8-bit weights and activations, whose ranges are those of the portrait's own frames."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Views(CalibrationDataReader):
        """What the net is given of each frame."""

        def __init__(self) -> None:
            self._feeds = _feeds(make_refiner(stage, net))

        def get_next(self) -> Any:
            return next(self._feeds, None)

    quantize_static(
        net,
        path,
        Views(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    return path


def figures(rows: list[Row]) -> list[Figure]:
    """The rows as figures."""
    return [
        Figure(f"{row.size[0]}x{row.size[1]}, face net in {row.net}, processor time", row.refined_cpu, "ms a frame")
        for row in rows
    ]


def table(rows: list[Row]) -> Table:
    """The rows, for a terminal."""
    shown = Table("size", "face net", "adds, ms", "of processor", "MB", "unlike float32, of 255")
    for row in rows:
        values = (f"{row.refined:.1f}", f"{row.refined_cpu:.1f}", f"{row.megabytes:.2f}", f"{row.unlike:.2f}")
        shown.add_row(f"{row.size[0]}x{row.size[1]}", row.net, *values)
    return shown


def _poses(stage: Stage) -> Iterator[Pose]:
    """A head that talks and nods."""
    source = stage.puppet.source
    for index in range(_POSES):
        face = source.face.copy()
        face[ARKIT_INDEX["jawOpen"]] = 0.25 + 0.25 * np.sin(index * 0.8)
        yield replace(source, face=face, rotation=source.rotation + 0.1 * np.sin(index * np.array([0.12, 0.08, 0.04])))


def _feeds(refiner: Refiner) -> Iterator[dict[str, np.ndarray]]:
    stage = refiner.stage
    camera = stage.portrait.camera
    for pose in _poses(stage):
        view = view_of(stage, refiner.traits, pose, camera, render_pose(stage, pose, camera).plate)
        yield {"colour": view.colour.astype(np.float32).transpose(2, 0, 1)[None] / 255, "cues": view.cues[None]}
