"""Who a face is, as dlib's face recognition net sees it (King 2017): 128 numbers a face.

A residual net of 29 convolutions, read out of dlib's own file and run here; `garrick weights pull identity` gets it. The
weights are in the public domain (CC0). They were trained by a loss that puts each of 7,485 people into a ball of radius
0.6, on 3 million faces: VGG-Face and FaceScrub, which were published for research, and pictures from the web. Their author
reports 99.38 % on LFW, whose people he kept out, with 0.6 as the distance that parts the same person from another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d, pad

from garrick.errors import MissingError
from garrick.evaluation.one_thread import one_thread
from garrick.perception.crop import Square
from garrick.weights import registry

SAME_PERSON = 0.6
"""Distance below which two vectors are of one person, as the net was trained."""
_NET = "face_identity"
_SIDE = 150  # pixels of an aligned face
_MARGIN = 0.25  # of the template, on every side
# dlib's template of an upright face in the unit square: left eye's outer and inner corner, the right eye's, nose's base
_TEMPLATE = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ]
)
_POINTS = (263, 362, 33, 133, 2)  # the same of the 478 landmarks
_MEAN, _SPREAD = (122.782, 117.001, 104.298), 256.0
_BATCH = 8
_HALVED = (3, 7, 10, 13)  # residual blocks that halve the picture
_BLOCKS = 14


@dataclass(frozen=True)
class _Net:
    """weights, shifts: of 29 convolutions, (out, in, k, k) and (out,), affine layers folded in.    last: (256, 128)."""

    weights: list[torch.Tensor]
    shifts: list[torch.Tensor]
    last: torch.Tensor


def identity_there() -> bool:
    """Whether the net is on this machine."""
    try:
        registry.path(_NET)
    except MissingError:
        return False
    return True


def face_chip(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(150, 150, 3) uint8: a face turned and scaled onto dlib's template; black beyond the picture.

    picture: (H, W, 3) uint8.    points: (478, 2) landmarks, pixels.
    """
    return _chip_square(points).cut(picture, _SIDE)


def identity_vectors(chips: Iterable[np.ndarray]) -> np.ndarray:
    """(F, 128) float64 of aligned faces, (150, 150, 3) uint8 each. Raises MissingError without the weights."""
    net = _load(registry.path(_NET))
    stream, found = iter(chips), []
    while batch := list(islice(stream, _BATCH)):
        found.append(_see(net, np.stack(batch)).numpy())
    return np.concatenate(found).astype(np.float64) if found else np.empty((0, 128))


def _chip_square(points: np.ndarray) -> Square:
    """The square whose cut brings five points onto the template, by least squares (Umeyama 1991)."""
    wanted = (_TEMPLATE + _MARGIN) / (2 * _MARGIN + 1) - 0.5  # from the chip's middle, in chips
    given = points[list(_POINTS)].astype(np.float64)
    aim, mean = wanted.mean(axis=0), given.mean(axis=0)
    one, other = (wanted - aim) @ (1, 1j), (given - mean) @ (1, 1j)
    turn = (np.conj(one) @ other) / (np.conj(one) @ one)  # a chip's side and direction in the picture, as one number
    middle = mean @ (1, 1j) - turn * (aim @ (1, 1j))
    return Square(np.array([middle.real, middle.imag]), float(abs(turn)), float(np.angle(turn)))


@one_thread()
@torch.inference_mode()
def _see(net: _Net, chips: np.ndarray) -> torch.Tensor:
    """(N, 128). chips: (N, 150, 150, 3) uint8."""
    pictures = (torch.from_numpy(chips.astype(np.float32)) - torch.tensor(_MEAN)) / _SPREAD
    seen = _convolve(net, 0, pictures.permute(0, 3, 1, 2), 2, 0).relu()
    seen = max_pool2d(seen, 3, 2)
    for block in range(_BLOCKS):
        halved = block in _HALVED
        inner = _convolve(net, 2 * block + 1, seen, 2 if halved else 1, 0 if halved else 1).relu()
        inner = _convolve(net, 2 * block + 2, inner, 1, 1)
        seen = _added(inner, avg_pool2d(seen, 2, 2) if halved else seen).relu()
    return seen.mean(dim=(2, 3)) @ net.last


def _convolve(net: _Net, index: int, seen: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
    return conv2d(seen, net.weights[index], net.shifts[index], stride, padding)


def _added(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The sum; what either lacks in channels, rows or columns counts as nought (dlib's add_prev)."""
    shape = [max(sides) for sides in zip(one.shape[1:], other.shape[1:], strict=True)]

    def filled(maps: torch.Tensor) -> torch.Tensor:
        lack = [wanted - side for wanted, side in zip(shape, maps.shape[1:], strict=True)]
        return pad(maps, (0, lack[2], 0, lack[1], 0, lack[0]))

    return filled(one) + filled(other)


@cache
def _load(path: Path) -> _Net:
    """Read dlib's file: each layer's name, and after it a tensor; layers in the order in which they see the picture."""
    data = path.read_bytes()
    weights, shifts, at, channels = [], [], 0, 3
    for index in range(2 * _BLOCKS + 1):
        side = 7 if index == 0 else 3
        params, at = _tensor(data, data.index(b"\x05con_4", at) + 6)
        scale, at = _tensor(data, data.index(b"\x07affine_", at) + 8)
        out = len(scale) // 2
        gain, lift = scale[:out], scale[out:]
        weight, bias = params[:-out].reshape(out, channels, side, side), params[-out:]
        weights.append(weight * gain[:, None, None, None])
        shifts.append(bias * gain + lift)
        channels = out
    last, _ = _tensor(data, data.index(b"\x04fc_2", at) + 5, before=2)
    return _Net(weights, shifts, last.reshape(channels, -1))


def _tensor(data: bytes, at: int, before: int = 0) -> tuple[torch.Tensor, int]:
    """A tensor as one row, and where it ends. Before it lie so many other numbers; it begins with 2, then four sizes."""
    for _ in range(before):
        _, at = _number(data, at)
    version, at = _number(data, at)
    if version != 2:
        raise MissingError(f"The weights '{_NET}' are of another dlib.", "Run: garrick weights pull identity")
    size = 1
    for _ in range(4):
        side, at = _number(data, at)
        size *= side
    return torch.from_numpy(np.frombuffer(data, "<f4", size, at).copy()), at + 4 * size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A whole number as dlib writes it, how many bytes and then those, and where it ends."""
    end = at + 1 + data[at]
    return int.from_bytes(data[at + 1 : end], "little"), end
