"""A clip and a shot on a machine with a GPU, which is played by the processor here."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.errors import OutputError
from garrick.job import Job
from garrick.outputs import folder
from garrick.rendering import render
from garrick.rendering.torch_engine import batches
from garrick.rendering.torch_engine.device import PROCESSOR
from garrick.rendering.torch_engine.engine import Engine


def nodding(portrait, frames: int) -> Performance:
    rest = Performance.rest(frames, Fraction(25), portrait.identity)
    turns = portrait.head_rotation + np.linspace(0, 0.2, frames)[:, None] * [0, 1, 0]
    face = np.repeat(portrait.face[None], frames, axis=0)
    return replace(
        rest, face=face, head_rotation=turns.astype(np.float32), gaze=np.repeat(portrait.gaze[None], frames, 0)
    )


def test_a_clip_is_drawn_there_in_batches_and_looks_as_from_the_processor(monkeypatch, portrait):
    performance, said = nodding(portrait, 3), []
    camera = CameraPath.still(portrait.camera, 3, Fraction(25)).resized((128, 128))
    wanted = [render.run(portrait, performance, camera, RunContext()).render(index) for index in range(3)]
    monkeypatch.setattr(render, "renderer", lambda device: "A GPU")
    monkeypatch.setattr(batches, "Engine", lambda stage, device: Engine(stage, torch.device("cpu")))
    take = render.run(portrait, performance, camera, RunContext(device="cuda", log=said.append))
    assert any("A GPU" in line for line in said)
    for index in (2, 0, 1):
        twin = take.render(index)
        assert (twin.ids != wanted[index].ids).mean() < 1e-3
        assert (np.abs(twin.plate.astype(int) - wanted[index].plate) > 1).mean() < 1e-3


def test_a_shot_is_not_rendered_by_two(tmp_path, root):
    sample = root / "assets" / "sample"
    job = Job(portrait=sample / "portrait.png", audio=sample / "voice.wav", size=(128, 128))
    folder.ShotFolder(tmp_path, job).claim(RunContext())
    assert json.loads((tmp_path / "job.json").read_bytes())["owner"]["renderer"] == PROCESSOR
    folder.ShotFolder(tmp_path, job)
    with pytest.raises(OutputError, match=r"processor.*A GPU.*overwrite"):
        folder.ShotFolder(tmp_path, job, renderer="A GPU")
    folder.ShotFolder(tmp_path, job, overwrite=True, renderer="A GPU").claim(RunContext())
    assert json.loads((tmp_path / "job.json").read_bytes())["owner"]["renderer"] == "A GPU"
