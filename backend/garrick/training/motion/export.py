"""The trained nets -> two ONNX graphs each: weights kept as float16, arithmetic in float32, their units inside."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx  # pyright: ignore[reportMissingImports]
import torch
from onnx import TensorProto, helper, numpy_helper  # pyright: ignore[reportMissingImports]

from garrick.motion.diffusion import body, upper_body
from garrick.motion.diffusion.body_net import BodyNet
from garrick.motion.diffusion.channels import CHANNELS, MOUTH
from garrick.motion.diffusion.face import DENOISER, LISTENER
from garrick.motion.diffusion.hearing import FEATURES
from garrick.motion.diffusion.net import FaceNet
from garrick.motion.diffusion.windows import BEFORE, HISTORY, PATCH, REFERENCE, ROWS
from garrick.training.motion.batches import Scale

_OPSET = 17
_LARGE = 64  # values from which a constant is kept as float16
_PATCHES = 12  # of the window that the graph is traced with; any even number of frames fits


def export(net: FaceNet, scale: Scale, folder: Path) -> None:
    """Write `face_voice.onnx` and `face.onnx` into a folder, what `garrick.motion.diffusion.face` opens."""
    folder.mkdir(parents=True, exist_ok=True)
    net = net.eval()
    heard = torch.zeros(1, ROWS * (_PATCHES + 2 * BEFORE), FEATURES)
    _write(
        net.listener, (heard,), ["heard"], "voice", {"heard": {1: "rows"}, "voice": {1: "tokens"}}, folder / LISTENER
    )
    inputs = {
        "noisy": torch.zeros(1, PATCH * _PATCHES, len(CHANNELS)),
        "t": torch.ones(1),
        "voice": net.listener(heard).detach(),
        "before": torch.zeros(1, PATCH * HISTORY, len(CHANNELS)),
        "begun": torch.ones(1),
        "reference": torch.zeros(1, PATCH * REFERENCE, len(MOUTH)),
        "ranges": torch.zeros(1, 2),
        "trust": torch.ones(1),
    }
    sizes = {"noisy": {1: "frames"}, "voice": {1: "tokens"}, "reference": {1: "seen"}, "motion": {1: "frames"}}
    _write(net.denoiser, tuple(inputs.values()), list(inputs), "motion", sizes, folder / DENOISER)
    _tell_units(
        folder / DENOISER, {"channels": CHANNELS, "mean": scale.mean.tolist(), "deviation": scale.deviation.tolist()}
    )


def export_body(net: BodyNet, mean: np.ndarray, deviation: np.ndarray, folder: Path) -> None:
    """Write `body_voice.onnx` and `body.onnx` into a folder, what `garrick.motion.diffusion.body` opens."""
    folder.mkdir(parents=True, exist_ok=True)
    net = net.eval()
    heard = torch.zeros(1, ROWS * (_PATCHES + 2 * BEFORE), upper_body.KNOWN)
    rows = {"heard": {1: "rows"}, "voice": {1: "tokens"}}
    _write(net.listener, (heard,), ["heard"], "voice", rows, folder / body.LISTENER)
    inputs = {
        "noisy": torch.zeros(1, PATCH * _PATCHES, upper_body.CHANNELS),
        "t": torch.ones(1),
        "voice": net.listener(heard).detach(),
        "before": torch.zeros(1, PATCH * HISTORY, upper_body.CHANNELS),
        "begun": torch.ones(1),
        "amount": torch.zeros(1, 1),
    }
    sizes = {"noisy": {1: "frames"}, "voice": {1: "tokens"}, "motion": {1: "frames"}}
    _write(net.denoiser, tuple(inputs.values()), list(inputs), "motion", sizes, folder / body.DENOISER)
    _tell_units(folder / body.DENOISER, {"mean": mean.tolist(), "deviation": deviation.tolist()})


def _tell_units(path: Path, units: dict[str, object]) -> None:
    model = onnx.load(path)
    helper.set_model_props(model, {"units": json.dumps(units)})
    onnx.save(model, path)


def _write(
    part: torch.nn.Module,
    inputs: tuple[torch.Tensor, ...],
    names: list[str],
    output: str,
    sizes: dict[str, dict[int, str]],
    path: Path,
) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # that shapes are traced: they are the dynamic ones
        torch.onnx.export(
            part, inputs, str(path), input_names=names, output_names=[output], dynamic_axes=sizes,
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
    model = onnx.load(path)
    _halve(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _halve(graph: onnx.GraphProto) -> None:
    """Large constants become float16, each with a cast that reads it as float32."""
    casts = []
    for constant in graph.initializer:
        if constant.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(constant)
        if values.size < _LARGE:
            continue
        name = constant.name
        constant.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
