"""One run of training of a net that mends pictures, whatever the net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from garrick.training.loop import Net, Schedule, fit

_FALL = 0.5  # share of the steps over which the rate falls to 0 at the end
_DECAY = 0.01  # of the weights
_MEMORY = 0.995  # of the mean of the weights


@dataclass(frozen=True)
class Recipe:
    """patch: pixels of a side learned from; width: of the net; rate: peak learning rate; device: of torch."""

    seed: int
    steps: int
    width: int
    batch: int = 8
    patch: int = 128
    rate: float = 1.5e-3
    device: str = "cpu"


def teach(
    net: Net,
    recipe: Recipe,
    loss_of: Callable[[Net, np.random.Generator], torch.Tensor],
    aside: Callable[[Net], float],
    checkpoint: Path,
    curve: Path,
) -> Net:
    """Train, or go on training, until the recipe's last step -> the net with the mean weights, on the CPU.

    loss_of: of a net on a batch that it draws.    aside: of one on what is not learned from; nothing depends on it.
    curve:   as `garrick.training.loop` has it; its first row, of step 0, is what changing nothing costs.
    """
    net = net.to(recipe.device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    if not curve.exists():
        nothing = aside(net)
        curve.write_text(f"0,{nothing:.5f},{nothing:.5f},0\n")

    def at(step: int) -> torch.Tensor:
        return loss_of(net, np.random.default_rng([recipe.seed, step]))

    fit(net, Schedule(recipe.steps, recipe.rate, _FALL, _DECAY, _MEMORY), at, aside, checkpoint, curve)
    return net
