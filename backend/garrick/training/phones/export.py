"""The trained net -> ONNX: norms folded into the convolutions, weights kept as float16, arithmetic in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx  # pyright: ignore[reportMissingImports]
from onnx import TensorProto, helper, numpy_helper  # pyright: ignore[reportMissingImports]

from garrick.speech.acoustic import CLASSES
from garrick.speech.features import BANDS
from garrick.training.phones.net import DILATIONS, PAIR, PhoneNet, paddings

_OPSET = 17


def export(net: PhoneNet, path: Path) -> None:
    """Write a graph: `mels` (1, 40, T) float32, T even -> `log_probabilities` (1, T, 42) float32."""
    state = {name: value.detach().numpy() for name, value in net.state_dict().items()}
    graph = _Graph()
    stem, bias = _folded(state, "stem", "stem_norm", net.stem_norm.eps)
    x = graph.convolve("mels", stem, bias, strides=[PAIR], pads=[(stem.shape[2] - PAIR) // 2] * 2)
    x = graph.add("Relu", [x])
    for index, (dilation, pads) in enumerate(zip(DILATIONS, paddings(net.causal), strict=True)):
        weight, bias = _folded(state, f"blocks.{index}", f"norms.{index}", net.stem_norm.eps)
        y = graph.convolve(x, weight, bias, dilations=[dilation], pads=list(pads))
        x = graph.add("Add", [x, graph.add("Relu", [y])])
    x = graph.add("Relu", [graph.convolve(x, state["mix.weight"], state["mix.bias"])])
    x = graph.convolve(x, state["out.weight"], state["out.bias"])
    x = graph.add("Transpose", [x], perm=[0, 2, 1])
    x = graph.add("Reshape", [x, graph.constant(np.array([1, -1, len(CLASSES)], np.int64))])
    graph.add("LogSoftmax", [x], output="log_probabilities", axis=2)
    mels = helper.make_tensor_value_info("mels", TensorProto.FLOAT, [1, BANDS, "frames"])
    rows = helper.make_tensor_value_info("log_probabilities", TensorProto.FLOAT, [1, "frames", len(CLASSES)])
    built = helper.make_graph(graph.nodes, "phones", [mels], [rows], graph.constants)
    model = helper.make_model(built, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _folded(state: dict[str, np.ndarray], layer: str, norm: str, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of a convolution with the batch norm after it."""
    scale = state[f"{norm}.weight"] / np.sqrt(state[f"{norm}.running_var"] + epsilon)
    return state[f"{layer}.weight"] * scale[:, None, None], state[f"{norm}.bias"] - state[
        f"{norm}.running_mean"
    ] * scale


class _Graph:
    """Nodes in order, each named after its place."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], output: str = "", **attributes: int | list[int]) -> str:
        output = output or f"x{len(self.nodes)}"
        node = helper.make_node(kind, inputs, [output])
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
        self.nodes.append(node)
        return output

    def convolve(self, x: str, weight: np.ndarray, bias: np.ndarray, **attributes: int | list[int]) -> str:
        return self.add("Conv", [x, self.half(weight), self.half(bias)], "", **attributes)

    def half(self, values: np.ndarray) -> str:
        """A constant kept as float16 and read as float32."""
        stored = self.constant(values.astype(np.float16))
        return self.add("Cast", [stored], to=TensorProto.FLOAT)

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name
