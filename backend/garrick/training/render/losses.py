"""What counts as wrong in a refined crop: colours, edges, and what a net sees."""

from __future__ import annotations

import torch
from torch.nn.functional import avg_pool2d, interpolate

from garrick.evaluation.features import stage_maps

_LEVELS = 3  # of the Laplacian pyramid
_EDGES, _FEATURES = 1.0, 0.06  # weights beside the colours' 1
_INSIDE, _EYES = 2.0, 1.0  # how much more a pixel of the mouth's inside counts, and of lids and eyes
_STAGES = 4  # of the net, from the finest


def loss(
    found: torch.Tensor, wanted: torch.Tensor, weight: torch.Tensor, inside: torch.Tensor, eyes: torch.Tensor
) -> tuple[torch.Tensor, dict[str, float]]:
    """The loss, and its parts.

    found, wanted: (B, 3, S, S) 0..1.    weight: (B, 1, S, S) where the net may change anything; elsewhere nothing counts.
    inside, eyes: (B, 1, S, S) 0..1.
    """
    counts = weight * (1 + _INSIDE * inside + _EYES * eyes)
    total = counts.sum().clamp_min(1)
    colours = ((found - wanted).abs() * counts).sum() / total / 3
    edges = found.new_zeros(())
    for one, other, level in zip(laplacian(found), laplacian(wanted), range(_LEVELS), strict=True):
        here = avg_pool2d(counts, 2**level) if level else counts
        edges = edges + ((one - other).abs() * here).sum() / here.sum().clamp_min(1) / 3
    half = slice(0, None, 2)  # what a net sees costs more than all the rest
    seen = feature_loss(found[half], wanted[half])
    parts = {"colours": float(colours.detach()), "edges": float(edges.detach()), "features": float(seen.detach())}
    return colours + _EDGES * edges + _FEATURES * seen, parts


def laplacian(picture: torch.Tensor) -> list[torch.Tensor]:
    """What each of `_LEVELS` scales adds to the next coarser one, from the finest (Burt and Adelson 1983, with boxes)."""
    levels = []
    for _ in range(_LEVELS):
        coarse = avg_pool2d(picture, 2)
        levels.append(picture - interpolate(coarse, scale_factor=2, mode="bilinear"))
        picture = coarse
    return levels


def feature_loss(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of unit features on the finer stages of the net that the feature distance is measured with."""
    with torch.no_grad():
        theirs = stage_maps(wanted, _STAGES)
    apart = found.new_zeros(())
    for one, other in zip(stage_maps(found, _STAGES), theirs, strict=True):
        apart = apart + (_unit(one) - _unit(other)).square().sum(dim=1).mean()
    return apart


def _unit(maps: torch.Tensor) -> torch.Tensor:
    return maps / torch.linalg.vector_norm(maps, dim=1, keepdim=True).clamp_min(1e-6)
