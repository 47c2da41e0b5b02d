"""Frames on a GPU, where one is at hand: milliseconds each by size and passes, and whether they are the processor's."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from garrick.benchmarks.figures import Figure
from garrick.benchmarks.frames import SIZES
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.perception import analyse
from garrick.perception.portrait import Portrait
from garrick.rendering.puppet import Pose
from garrick.rendering.render import prepare, render_pose
from garrick.rendering.take import Frame
from garrick.rendering.torch_engine.device import usable_gpu
from garrick.rendering.torch_engine.instant import Instant

_CLIP = 64  # frames of each row
_COMPARED = 8
_NONE = "There is no row of a GPU: torch sees none that it can use."


def measure(picture: Path) -> tuple[list[Figure], list[str]]:
    """The figures, or a sentence on why there are none."""
    found = usable_gpu()
    if found is None:
        return [], [_NONE]
    portraits = [analyse.run(picture, size, None, RunContext()) for size in SIZES]
    return [figure.of(found) for portrait in portraits for figure in figures(portrait, "cuda", _CLIP)], []


def figures(portrait: Portrait, device: str, clip: int) -> list[Figure]:
    """Of one size on a torch device: time a frame until it is in the processor's memory, over `clip` frames."""
    import torch

    from garrick.rendering.torch_engine.batches import Batches
    from garrick.rendering.torch_engine.engine import Engine

    stage = prepare(portrait, RunContext())
    instants = _talking(stage.puppet.source, portrait, clip)
    engine = Engine(stage, torch.device(device))
    size = "{}x{}".format(*portrait.camera.size)
    found = []
    for passes in (False, True):
        name = f"{size}{' with passes' if passes else ''}"
        Batches(engine, instants.__getitem__, clip, passes).render(0)  # loads and compiles what it needs
        drawn = Batches(engine, instants.__getitem__, clip, passes)
        before = time.perf_counter()
        frames = [drawn.render(index) for index in range(clip)][:_COMPARED]
        spent = (time.perf_counter() - before) / clip
        kernels = [render_pose(stage, instant.pose, instant.camera, None, passes) for instant in instants[:_COMPARED]]
        found += [
            Figure(f"{name}, rendered", spent * 1e3, "ms a frame"),
            Figure(f"{name}, pixels unlike the processor's", 100 * _unlike(frames, kernels), "%", at_most=0.03),
        ]
    return found


def _talking(source: Pose, portrait: Portrait, frames: int) -> list[Instant]:
    """A head that talks and nods."""
    instants = []
    for index in range(frames):
        face = source.face.copy()
        face[ARKIT_INDEX["jawOpen"]] = 0.25 + 0.25 * np.sin(index * 0.8)
        nod = source.rotation + 0.08 * np.sin(index / 25 * np.array([3, 2, 1]))
        instants.append(Instant(replace(source, face=face, rotation=nod), portrait.camera))
    return instants


def _unlike(frames: list[Frame], kernels: list[Frame]) -> float:
    """Share of pixels whose id is another, or a colour by more than one."""
    pairs = list(zip(frames, kernels, strict=True))
    other = [one.ids != two.ids for one, two in pairs]
    away = [np.abs(one.rgba.astype(int) - two.rgba).max(axis=2) > 1 for one, two in pairs]
    return float(np.logical_or(other, away).mean())
