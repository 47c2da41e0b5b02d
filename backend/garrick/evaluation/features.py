"""Distances between pictures as a net sees them, on EfficientNet-Lite0 (Tan and Le 2019; Liu 2020).

Built like LPIPS and FID, but on another net and without LPIPS' learned weights: the figures compare with each other and
not with any published LPIPS or FID, so they carry names of their own. `garrick weights pull quality` gets the net.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import batch_norm, conv2d, interpolate, pad

from garrick.errors import InputError, MissingError
from garrick.evaluation.metric import LOWER, Metric, Score, score
from garrick.evaluation.one_thread import one_thread
from garrick.evaluation.streams import checked, paired
from garrick.weights import registry

FEATURE_DISTANCE = Metric(
    "EffLite distance", "", LOWER, "after Zhang et al. 2018, unweighted, on the 7 stages of EfficientNet-Lite0", 1
)
FEATURE_FRECHET = Metric(
    "EffLite Frechet distance",
    "",
    LOWER,
    "after Heusel et al. 2017, on the pooled features of EfficientNet-Lite0",
    1281,
)  # with no more samples than the 1280 features a covariance is singular, and the distance too large

_NET = "efficientnet_lite0"
_STRIDED = (1, 3, 5, 11)  # blocks that halve the picture
_STAGE_ENDS = (0, 2, 4, 7, 10, 14, 15)
_MEAN, _SPREAD = 127.0, 128.0  # the levels that the net was trained on
_EPSILON = 1e-3  # of its batch normalisation
_SIDE = 224  # pixels: what the pooled features were trained at
_SMALLEST = 32  # pixels: the last stage is 1/32
_BATCH = 8

Weights = dict[str, torch.Tensor]


def features_there() -> bool:
    """Whether the net is on this machine."""
    try:
        registry.path(_NET)
    except MissingError:
        return False
    return True


def feature_distance(frames: Iterable[np.ndarray], reference: Iterable[np.ndarray]) -> Score:
    """Sum over the net's seven stages of the mean squared distance of unit features; 0 for the same picture.

    frames, reference: (H, W, 3) uint8 each, seen at their own size, 32 pixels a side or more.
    There is no matte: a feature sees far beyond its own pixel. Crop to the face instead.
    """
    values = []
    for pair in paired(frames, reference):
        if min(pair[0].shape[:2]) < _SMALLEST:
            raise InputError(f"{FEATURE_DISTANCE.name} needs {_SMALLEST} pixels a side.", "Use larger frames.")
        maps, _ = _see(_tensor(pair))
        units = (stage / torch.linalg.vector_norm(stage, dim=1, keepdim=True).clamp_min(1e-10) for stage in maps)
        values.append(sum(float((unit[0] - unit[1]).square().sum(dim=0).mean()) for unit in units))
    return score(FEATURE_DISTANCE, values)


def feature_frechet(frames: Iterable[np.ndarray], reference: Iterable[np.ndarray]) -> Score:
    """Frechet distance between two sets of frames, which need not be of the same size or number.

    frames, reference: (H, W, 3) uint8 each. Neighbouring frames of one clip are no independent samples: take many clips.
    """
    ours, theirs = pooled_features(frames), pooled_features(reference)
    return score(FEATURE_FRECHET, frechet_distance(ours, theirs), min(len(ours), len(theirs)))


def pooled_features(frames: Iterable[np.ndarray]) -> np.ndarray:
    """(F, 1280) float32 of each frame, scaled to 224 x 224."""
    stream, found = checked(frames), []
    while batch := list(islice(stream, _BATCH)):
        small = interpolate(_tensor(batch), (_SIDE, _SIDE), mode="bilinear", antialias=True)
        found.append(_see(small)[1].numpy())
    return np.concatenate(found) if found else np.empty((0, 1280), np.float32)


def frechet_distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """|m - n|^2 + tr(S + T - 2 (S T)^1/2), of the Gaussians that fit two sets of vectors.

    ours, theirs: (n, d) and (m, d). With S = A'A and T = B'B the root's trace is the sum of the singular values of AB',
    and stays so for triangular A and B: no matrix square root, no squared condition number, nothing imaginary.
    Raises InputError for fewer than two vectors in a set.
    """
    if min(len(ours), len(theirs)) < 2:
        raise InputError("A spread cannot be taken from fewer than two frames.", "Give two sets of more frames.")
    (mean, root), (other_mean, other_root) = _gaussian(ours), _gaussian(theirs)
    cross = np.linalg.svd(root @ other_root.T, compute_uv=False).sum()
    apart = np.square(mean - other_mean).sum() + np.square(root).sum() + np.square(other_root).sum() - 2 * cross
    return max(float(apart), 0.0)  # rounding may go a hair below zero for equal sets


def _gaussian(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and a triangular root R (min(n, d), d) of the covariance R'R."""
    vectors = vectors.astype(np.float64)
    mean = vectors.mean(axis=0)
    _, root = np.linalg.qr((vectors - mean) / np.sqrt(len(vectors) - 1))
    return mean, root


def _tensor(frames: Iterable[np.ndarray]) -> torch.Tensor:
    """(N, 3, H, W) float32 in the net's range."""
    return (torch.from_numpy(np.stack(list(frames))).permute(0, 3, 1, 2).float() - _MEAN) / _SPREAD


def stage_maps(pictures: torch.Tensor, stages: int = len(_STAGE_ENDS)) -> list[torch.Tensor]:
    """The maps (N, C, h, w) after each of the net's first stages, on the pictures' device; they can be differentiated.

    pictures: (N, 3, H, W), 0..1.
    """
    return _stages(_on(pictures.device), (pictures * 255 - _MEAN) / _SPREAD, stages)


@one_thread()
@torch.inference_mode()
def _see(pictures: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
    """The maps after each of the seven stages, and the pooled features (N, 1280)."""
    net = _load(registry.path(_NET))
    maps = _stages(net, pictures, len(_STAGE_ENDS))
    head = _normalise(net, "_bn1", _convolve(net, "_conv_head", maps[-1], 1)).clamp(0, 6)
    return maps, head.mean(dim=(2, 3))


def _stages(net: Weights, pictures: torch.Tensor, count: int) -> list[torch.Tensor]:
    """The maps after the first `count` stages, of pictures in the net's range."""
    seen = _normalise(net, "_bn0", _convolve(net, "_conv_stem", pictures, 2)).clamp(0, 6)
    maps = []
    for block in range(_STAGE_ENDS[count - 1] + 1):
        seen = _block(net, f"_blocks.{block}.", seen, 2 if block in _STRIDED else 1)
        if block in _STAGE_ENDS:
            maps.append(seen)
    return maps


def _block(net: Weights, name: str, seen: torch.Tensor, stride: int) -> torch.Tensor:
    """Inverted bottleneck: widen, filter each channel by itself, narrow; added to what came in where shapes allow."""
    wide = seen
    if f"{name}_expand_conv.weight" in net:
        wide = _normalise(net, f"{name}_bn0", _convolve(net, f"{name}_expand_conv", seen, 1)).clamp(0, 6)
    wide = _normalise(net, f"{name}_bn1", _convolve(net, f"{name}_depthwise_conv", wide, stride)).clamp(0, 6)
    narrow = _normalise(net, f"{name}_bn2", _convolve(net, f"{name}_project_conv", wide, 1))
    return narrow + seen if narrow.shape == seen.shape else narrow


def _convolve(net: Weights, name: str, seen: torch.Tensor, stride: int) -> torch.Tensor:
    """Padded like TensorFlow's "SAME", which puts the odd pixel right and below."""
    weight = net[f"{name}.weight"]
    groups = seen.shape[1] // weight.shape[1]
    if stride == 1:
        return conv2d(seen, weight, padding="same", groups=groups)
    short = [max((-(-side // stride) - 1) * stride + weight.shape[2] - side, 0) for side in seen.shape[2:]]
    padding = [short[1] // 2, short[1] - short[1] // 2, short[0] // 2, short[0] - short[0] // 2]
    return conv2d(pad(seen, padding), weight, stride=stride, groups=groups)


def _normalise(net: Weights, name: str, seen: torch.Tensor) -> torch.Tensor:
    mean, variance, weight, bias = (net[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    return batch_norm(seen, mean, variance, weight, bias, eps=_EPSILON)


@cache
@torch.inference_mode(False)  # training differentiates through the same weights
def _load(path: Path) -> Weights:
    return torch.load(path, map_location="cpu", weights_only=True)


@cache
def _on(device: torch.device) -> Weights:
    return {name: value.to(device) for name, value in _load(registry.path(_NET)).items()}
