"""The trained nets -> one ONNX graph each, in float32 as they are computed."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch

from garrick.rendering.refine.crop import SIDE
from garrick.rendering.refine.cues import CUE_SIDE, CUES
from garrick.training.render.hand_net import HandGenerator
from garrick.training.render.hand_view import HAND_SIDE, INJECTED, TONES
from garrick.training.render.net import FaceRefiner
from garrick.training.render.warp_net import WarpingGenerator
from garrick.training.render.warp_view import HALF, KINDS

_OPSET = 17


def export(net: FaceRefiner, path: Path) -> None:
    """Write what `garrick.rendering.refine.net` opens."""
    inputs = {"colour": torch.zeros(1, 3, SIDE, SIDE), "cues": torch.zeros(1, len(CUES), CUE_SIDE, CUE_SIDE)}
    _write(net, inputs, path)


def export_hand(net: HandGenerator, path: Path) -> None:
    """Write what `hand_refiner.hand_change` opens."""
    inputs = {
        "colour": torch.zeros(1, 3, HAND_SIDE, HAND_SIDE),
        "injected": torch.zeros(1, len(INJECTED), HAND_SIDE, HAND_SIDE),
        "tones": torch.zeros(1, 3 * len(TONES)),
    }
    _write(net, inputs, path)


def export_warp(net: WarpingGenerator, kind: str, path: Path) -> None:
    """Write what `warp_refiner` opens. kind: of `warp_view.KINDS`."""
    told, injected = KINDS[kind]
    inputs = {
        "colour": torch.zeros(1, 3, SIDE, SIDE),
        "photo": torch.zeros(1, 3, SIDE, SIDE),
        "flow": torch.zeros(1, 2, HALF, HALF),
        "told": torch.zeros(1, told, HALF, HALF),
        "injected": torch.zeros(1, injected, HALF, HALF),
    }
    _write(net, inputs, path)


def _write(net: torch.nn.Module, inputs: dict[str, torch.Tensor], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.eval().float(), tuple(inputs.values()), str(path), input_names=list(inputs), output_names=["change"],
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
