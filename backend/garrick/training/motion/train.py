"""Training of the face net: windows, straight ways from noise, and the mean of the latest weights.

A run can be stopped at any time and goes on from its checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from garrick.motion.diffusion.net import FaceNet
from garrick.motion.diffusion.windows import BEFORE, PATCH
from garrick.training.motion.batches import Batch, Scale, draw
from garrick.training.motion.shown import Recipe, Shown, hear_evenly, tensors
from garrick.training.motion.takes import Take

_FALL = 0.4  # share of the steps over which the rate falls to 0 at the end
_DECAY = 0.2  # of the weights
_MEMORY = 0.995  # of the mean of the weights
_SPEED = 1.0  # weight of the error of what changes from frame to frame
_ROWS = 4  # of which one tells how loud each column of what is heard is
_LEAST_NOISE = 1e-3  # level, by which the error of a predicted velocity is found from that of the motion
_GUESS = 0.5  # weight of the error of what the voice says straight away, of a captured take as it is


@dataclass(frozen=True)
class FaceRecipe(Recipe):
    """One run. velocity: predict the way from motion to noise (see `garrick.motion.diffusion.net.Denoiser`)."""

    velocity: bool = False


def train(recipe: FaceRecipe, takes: list[Take], watched: Take, scale: Scale, checkpoint: Path, curve: Path) -> FaceNet:
    """Train, or go on training, until the recipe's last step -> the net with the mean weights, on the CPU.

    watched: a take that is not learned from; nothing depends on what it shows.
    curve:   a CSV file: step, loss, loss of the mean weights on the watched take, seconds.
    """
    torch.manual_seed(recipe.seed)
    net = FaceNet(recipe.size, recipe.velocity).to(recipe.device)
    hear_evenly(net.listener, _heard(takes))
    Shown(recipe, draw, error, takes, watched, scale).teach(net, _FALL, _DECAY, _MEMORY, checkpoint, curve)
    return net


def _heard(takes: list[Take]) -> list[np.ndarray]:
    """Rows of what is heard, of captured and of ruled takes nearly as many, however many hours the ruled ones have."""
    captured, ruled = ([take for take in takes if take.captured == kind] for kind in (True, False))
    fewer = max(1, round(sum(map(len, ruled)) / max(1, sum(map(len, captured)))))
    every = [(captured, _ROWS), (ruled, _ROWS * fewer)]
    return [take.heard[0, ::step].astype(np.float32) for some, step in every for take in some]


def error(net: FaceNet, batch: Batch, device: str) -> torch.Tensor:
    """Mean squared error of the predicted motion or velocity, and of its change from frame to frame."""
    motion, noise, t, heard, before, begun, reference, ranges, trust, usual, told = tensors(batch, device)
    noisy = (1 - t)[:, None, None] * motion + t[:, None, None] * noise
    voice = net.listener(heard)
    found = net.denoiser(noisy, t, voice, before, begun, reference, ranges, trust)
    straight = net.denoiser.straight(voice[:, BEFORE : BEFORE + motion.shape[1] // PATCH]).reshape(motion.shape)
    off = found - motion
    if net.denoiser.velocity:
        off = off / t.clamp(min=_LEAST_NOISE)[:, None, None]
    guess = ((straight - usual).square() * told[:, None, None]).mean()
    return off.square().mean() + _SPEED * off.diff(dim=1).square().mean() + _GUESS * guess
