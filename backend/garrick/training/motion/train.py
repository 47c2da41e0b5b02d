"""Training of the face net: windows, straight ways from noise, and the mean of the latest weights.

A run can be stopped at any time and goes on from its checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import torch

from garrick.motion.diffusion.net import FaceNet, Size
from garrick.motion.diffusion.windows import BEFORE, PATCH
from garrick.training.motion.batches import Batch, Scale, draw
from garrick.training.motion.loop import Schedule, fit
from garrick.training.motion.takes import Take

_FALL = 0.4  # share of the steps over which the rate falls to 0 at the end
_DECAY = 0.2  # of the weights
_MEMORY = 0.995  # of the mean of the weights
_SPEED = 1.0  # weight of the error of what changes from frame to frame
_GUESS = 0.5  # weight of the error of what the voice says straight away, of a captured take as it is
_FAINTEST = 0.03  # smallest deviation that counts as 1


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


def train(recipe: Recipe, takes: list[Take], watched: Take, scale: Scale, checkpoint: Path, curve: Path) -> FaceNet:
    """Train, or go on training, until the recipe's last step -> the net with the mean weights, on the CPU.

    watched: a take that is not learned from; nothing depends on what it shows.
    curve:   a CSV file: step, loss, loss of the mean weights on the watched take, seconds.
    """
    torch.manual_seed(recipe.seed)
    net = FaceNet(recipe.size).to(recipe.device)
    hear_evenly(net, takes)

    def loss_of(step: int) -> torch.Tensor:
        batch = draw(takes, scale, recipe.batch, recipe.frames, np.random.default_rng([recipe.seed, step]))
        return error(net, batch, recipe.device)

    def aside(other: FaceNet) -> float:
        """Always of the same windows."""
        batch = draw([watched], scale, recipe.batch, recipe.frames, np.random.default_rng(0))
        with torch.no_grad():
            return float(error(other, batch, recipe.device))

    fit(net, Schedule(recipe.steps, recipe.rate, _FALL, _DECAY, _MEMORY), loss_of, aside, checkpoint, curve)
    return net


def hear_evenly(net: FaceNet, takes: list[Take]) -> None:
    """Everything that is heard gets the same deviation inside the net: a rule's small weight counts as much as a band."""
    rows = np.concatenate([take.heard[0, ::4].astype(np.float32) for take in takes])
    net.listener.mean.copy_(torch.from_numpy(rows.mean(axis=0)))
    net.listener.deviation.copy_(torch.from_numpy(np.maximum(rows.std(axis=0), _FAINTEST)))


def error(net: FaceNet, batch: Batch, device: str) -> torch.Tensor:
    """Mean squared error of the predicted motion, and of its change from frame to frame."""
    motion, noise, t, heard, before, begun, reference, ranges, trust, usual, told = (
        torch.from_numpy(np.ascontiguousarray(getattr(batch, part.name))).to(device) for part in fields(batch)
    )
    noisy = (1 - t)[:, None, None] * motion + t[:, None, None] * noise
    voice = net.listener(heard)
    found = net.denoiser(noisy, t, voice, before, begun, reference, ranges, trust)
    straight = net.denoiser.straight(voice[:, BEFORE : BEFORE + motion.shape[1] // PATCH]).reshape(motion.shape)
    speed = (found - motion).diff(dim=1).square().mean()
    guess = ((straight - usual).square() * told[:, None, None]).mean()
    return (found - motion).square().mean() + _SPEED * speed + _GUESS * guess
