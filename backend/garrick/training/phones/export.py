"""The trained net -> ONNX: norms folded into the convolutions, weights kept as float16, arithmetic in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from garrick.speech.acoustic import CLASSES
from garrick.speech.features import BANDS
from garrick.training.phones.net import PAIR, PhoneNet, paddings

_OPSET = 17


def export(net: PhoneNet, path: Path) -> None:
    """Write a graph: `mels` (1, 40, T) float32, T even -> `log_probabilities` (1, T, 42) float32."""
    graph = _Graph()
    stem, bias = _folded(net.stem, net.stem_norm)
    x = graph.convolve("mels", stem, bias, strides=[PAIR], pads=[(stem.shape[2] - PAIR) // 2] * 2)
    x = graph.add("Relu", [x])
    for block, norm, pads in zip(net.blocks, net.norms, paddings(net.causal), strict=True):
        weight, bias = _folded(block, norm)
        y = graph.convolve(x, weight, bias, dilations=list(block.dilation), pads=list(pads))
        x = graph.add("Add", [x, graph.add("Relu", [y])])
    x = graph.add("Relu", [graph.convolve(x, net.mix.weight, net.mix.bias)])
    x = graph.convolve(x, net.out.weight, net.out.bias)
    x = graph.add("Transpose", [x], perm=[0, 2, 1])
    x = graph.add("Reshape", [x, graph.constant(np.array([1, -1, len(CLASSES)], np.int64))])
    graph.add("LogSoftmax", [x], output="log_probabilities", axis=2)
    mels = helper.make_tensor_value_info("mels", TensorProto.FLOAT, [1, BANDS, "frames"])
    rows = helper.make_tensor_value_info("log_probabilities", TensorProto.FLOAT, [1, "frames", len(CLASSES)])
    built = helper.make_graph(graph.nodes, "phones", [mels], [rows], graph.constants)
    model = helper.make_model(built, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _folded(convolution: torch.nn.Module, norm: torch.nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of a convolution with the batch norm after it."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return convolution.weight * scale[:, None, None], norm.bias - norm.running_mean * scale


class _Graph:
    """Nodes in order, each named after its place."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: object) -> str:
        output = output or f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def convolve(self, x: str, weight: torch.Tensor, bias: torch.Tensor, **attributes: object) -> str:
        return self.add("Conv", [x, self.half(weight), self.half(bias)], **attributes)

    def half(self, values: torch.Tensor) -> str:
        """A constant kept as float16 and read as float32."""
        stored = self.constant(values.detach().numpy().astype(np.float16))
        return self.add("Cast", [stored], to=TensorProto.FLOAT)

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name
