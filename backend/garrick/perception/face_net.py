"""The attention mesh (Grishchenko et al. 2020): 468 points of a face, lips and eyes seen a second time, and the irises.

The file holds three operations that LiteRT lacks: they cut lips and eyes out of the first layers' features. So it is
taken apart at those into four nets, and the cutting is done here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flatbuffers import flexbuffers

from garrick.weights import registry

SIZE = 192  # pixels of the square that the net wants to see
_TRUNK = (0, (186, 35, 710))  # tensors of the file, which is pinned: picture -> mesh, features, presence
_REGIONS = (  # number of the operation that places the cut; tensors: cut -> points (and iris)
    (192, 199, (697,)),  # lips
    (193, 200, (700, 703)),  # right eye
    (194, 201, (704, 707)),  # left eye
)
_STRIDE = 4  # pixels of the picture in one cell of the features
_ZOOM = 4  # the nets behind a cut speak of a square that has so many pixels to a cell of it


@dataclass(frozen=True)
class _Region:
    """Lips or an eye: the points that frame it and that it finds again, and the net that does."""

    points: np.ndarray  # (n,) rows of the mesh
    ends: tuple[int, int]  # rows that lie level in the cut
    cells: int  # side of the cut, cells
    margin: float  # its side over the points' extent
    net: _Net


class _Net:
    """A part of the file with its own input and outputs, by their numbers in it."""

    def __init__(self, packed: bytes, start: int, ends: tuple[int, ...]) -> None:
        self._interpreter = Interpreter(model_content=_part(packed, start, ends), num_threads=1)
        self._interpreter.allocate_tensors()
        self._start, self._ends = start, ends

    def __call__(self, values: np.ndarray) -> list[np.ndarray]:
        self._interpreter.set_tensor(self._start, values)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(end) for end in self._ends]


def face_points(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """(478, 2) float64 pixels and the presence of a face, 0..1; two milliseconds.

    picture: (192, 192, 3) uint8, the face upright in the middle two thirds. Rows: 468 mesh points, right iris 468-472,
    left iris 473-477 (centre first).
    """
    trunk, regions = _load()
    mesh, features, logit = trunk(picture[None].astype(np.float32) / 255)
    points = mesh.reshape(468, 3)[:, :2].astype(np.float64)
    irises, found = [], points.copy()
    for region in regions:
        turn, shift = _placed(region, points / _STRIDE)
        outputs = region.net(_cut(features[0], region.cells, turn, shift)[None])
        rows, *iris = ((output[0] / _ZOOM @ turn.T + shift) * _STRIDE for output in outputs)
        found[region.points] = rows
        irises.extend(iris)
    return np.concatenate([found, *irises]), float(1 / (1 + np.exp(-np.clip(logit.item(), -50, 50))))


def _placed(region: _Region, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn (2, 2) and shift (2,) from cells of the region's cut to cells of the features."""
    start, end = points[list(region.ends)]
    x, y = (end - start) / np.linalg.norm(end - start)
    upright = np.array([[x, y], [-y, x]])
    framed = points[region.points] @ upright.T
    low, high = framed.min(axis=0), framed.max(axis=0)
    turn = upright.T * ((high - low) * region.margin / region.cells)
    return turn, upright.T @ ((low + high) / 2) - turn @ np.full(2, region.cells / 2)


def _cut(features: np.ndarray, cells: int, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """(cells, cells, C) bilinear samples of (H, W, C); zero outside of it."""
    size = np.array(features.shape[1::-1])
    middles = np.stack(np.meshgrid(np.arange(cells), np.arange(cells)), axis=-1) + 0.5
    at = middles @ turn.T + shift - 0.5
    inside = ((at >= 0) & (at <= size - 1)).all(axis=-1)
    at = np.clip(at, 0, size - 1)
    low = np.minimum(np.floor(at).astype(int), size - 2)
    across, down = np.moveaxis((at - low)[..., None], 2, 0).astype(np.float32)
    x, y = low[..., 0], low[..., 1]
    above = features[y, x] * (1 - across) + features[y, x + 1] * across
    below = features[y + 1, x] * (1 - across) + features[y + 1, x + 1] * across
    return (above * (1 - down) + below * down) * inside[..., None].astype(np.float32)


@cache
def _load() -> tuple[_Net, tuple[_Region, ...]]:
    """The trunk, whose outputs are mesh, features and presence, and the regions, right eye before left."""
    packed = registry.path("face_attention").read_bytes()
    model: Any = schema.ModelT.InitFromPackedBuf(packed, 0)
    operators = model.subgraphs[0].operators
    regions = []
    for placing, start, ends in _REGIONS:
        options: Any = flexbuffers.Loads(bytes(operators[placing].customOptions))
        points = np.array(options["subset_idxs"])
        level = (options["left_rotation_idx"], options["right_rotation_idx"])
        net = _Net(packed, start, ends)
        regions.append(_Region(points, level, options["output_width"], options["scale_x"], net))
    return _Net(packed, *_TRUNK), tuple(regions)


def _part(packed: bytes, start: int, ends: tuple[int, ...]) -> bytes:
    """The file cut down to what leads from one of its tensors to others."""
    model: Any = schema.ModelT.InitFromPackedBuf(packed, 0)
    graph = model.subgraphs[0]
    makers = {int(made): operator for operator in graph.operators for made in operator.outputs}
    needed, wanted = set(), list(ends)
    while wanted:
        tensor = wanted.pop()
        if tensor != start and tensor in makers and id(makers[tensor]) not in needed:
            needed.add(id(makers[tensor]))
            wanted.extend(int(used) for used in makers[tensor].inputs)
    graph.operators = [operator for operator in graph.operators if id(operator) in needed]
    touched = {int(tensor) for operator in graph.operators for tensor in (*operator.inputs, *operator.outputs)}
    for number, tensor in enumerate(graph.tensors):
        if number not in touched:
            model.buffers[tensor.buffer].data = None
    graph.inputs, graph.outputs = [start], list(ends)
    builder = flatbuffers.Builder(len(packed))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
