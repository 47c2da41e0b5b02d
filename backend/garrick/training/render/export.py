"""The trained net -> one ONNX graph, in float32 as it is computed."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch

from garrick.rendering.refine.crop import SIDE
from garrick.rendering.refine.cues import CUE_SIDE, CUES
from garrick.training.render.net import FaceRefiner

_OPSET = 17


def export(net: FaceRefiner, path: Path) -> None:
    """Write what `garrick.rendering.refine.net` opens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    inputs = torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, len(CUES), CUE_SIDE, CUE_SIDE)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.eval().float(), inputs, str(path), input_names=["colour", "cues"], output_names=["change"],
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
