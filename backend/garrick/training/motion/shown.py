"""What a motion net is shown: windows of takes, drawn anew for each step, and of a take that is only watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import torch
from torch import nn

from garrick.motion.diffusion.net import Listener, Size
from garrick.training.loop import Schedule, fit

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Net = TypeVar("Net", bound=nn.Module)
Take = TypeVar("Take")
Scale = TypeVar("Scale")
Batch = TypeVar("Batch")

_FAINTEST = 0.03  # smallest deviation of what is heard that counts as 1


@dataclass(frozen=True)
class Recipe:
    """One run. frames: of a window; rate: peak learning rate; device: of torch."""

    seed: int
    steps: int
    batch: int = 24
    frames: int = 96
    rate: float = 1e-3
    size: Size = field(default_factory=Size)
    device: str = "cpu"


@dataclass(frozen=True)
class Shown(Generic[Net, Take, Scale, Batch]):
    """What a net is shown, and how wrong it is.

    draw:    takes, their units, windows, frames of each and the dice -> a batch.
    error:   the net's loss on a batch, on a device.
    watched: a take that is not learned from.
    """

    recipe: Recipe
    draw: Callable[[Sequence[Take], Scale, int, int, np.random.Generator], Batch]
    error: Callable[[Net, Batch, str], torch.Tensor]
    takes: Sequence[Take]
    watched: Take
    scale: Scale

    def teach(self, net: Net, fall: float, decay: float, memory: float, checkpoint: Path, curve: Path) -> None:
        """Train, or go on training: see `garrick.training.loop`."""
        recipe = self.recipe

        def loss_of(step: int) -> torch.Tensor:
            return self._loss(net, self.takes, np.random.default_rng([recipe.seed, step]))

        fit(net, Schedule(recipe.steps, recipe.rate, fall, decay, memory), loss_of, self._aside, checkpoint, curve)

    def _aside(self, net: Net) -> float:
        """On the watched take, always of the same windows."""
        with torch.no_grad():
            return float(self._loss(net, [self.watched], np.random.default_rng(0)))

    def _loss(self, net: Net, takes: Sequence[Take], rng: np.random.Generator) -> torch.Tensor:
        recipe = self.recipe
        return self.error(net, self.draw(takes, self.scale, recipe.batch, recipe.frames, rng), recipe.device)


def hear_evenly(listener: Listener, rows: Sequence[np.ndarray]) -> None:
    """All columns of (T, C) rows get the same deviation inside the net: a rule's small weight counts as much as a band."""
    heard = np.concatenate(rows)
    listener.mean.copy_(torch.from_numpy(heard.mean(axis=0)))
    listener.deviation.copy_(torch.from_numpy(np.maximum(heard.std(axis=0), _FAINTEST)))


def tensors(batch: DataclassInstance, device: str) -> tuple[torch.Tensor, ...]:
    """The arrays of a batch, in order."""
    arrays = (np.ascontiguousarray(getattr(batch, part.name)) for part in fields(batch))
    return tuple(torch.from_numpy(array).to(device) for array in arrays)
