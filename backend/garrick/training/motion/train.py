"""Training of the face net: windows, straight ways from noise, and the mean of the latest weights.

A run can be stopped at any time and goes on from its checkpoint.
"""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import torch

from garrick.motion.diffusion.net import FaceNet, Size
from garrick.motion.diffusion.windows import BEFORE, PATCH
from garrick.training.motion.batches import Batch, Scale, draw
from garrick.training.motion.takes import Take

_WARM_UP = 50  # steps
_FALL = 0.4  # share of the steps over which the rate falls to 0 at the end
_MEMORY = 0.995  # of the mean of the weights
_SPEED = 1.0  # weight of the error of what changes from frame to frame
_GUESS = 0.5  # weight of the error of what the voice says straight away, of a captured take as it is
_FAINTEST = 0.03  # smallest deviation that counts as 1
_SAVE = 60.0  # seconds between checkpoints
_LOG = 100  # steps


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
    mean = {name: value.clone() for name, value in net.state_dict().items()}
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=0.2, betas=(0.9, 0.98))
    first = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=recipe.device)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        mean, first = saved["mean"], saved["step"]
        torch.set_rng_state(saved["draws"].cpu())
    net.train()
    began = saved_at = time.monotonic()
    losses = []
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * min(1.0, (step + 1) / _WARM_UP, (recipe.steps - step) / (_FALL * recipe.steps))
        batch = draw(takes, scale, recipe.batch, recipe.frames, np.random.default_rng([recipe.seed, step]))
        loss = error(net, batch, recipe.device)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        keep = min(_MEMORY, (step + 1) / (step + 10))
        for name, value in net.state_dict().items():
            mean[name].lerp_(value, 1 - keep)
        losses.append(float(loss.detach()))
        last = step + 1 == recipe.steps
        if (step + 1) % _LOG == 0 or last:
            with curve.open("a", newline="") as out:
                aside = watched_error(recipe, mean, watched, scale)
                row = step + 1, f"{np.mean(losses):.5f}", f"{aside:.5f}", f"{time.monotonic() - began:.0f}"
                csv.writer(out).writerow(row)
            losses = []
        if last or time.monotonic() - saved_at > _SAVE:
            saved_at = time.monotonic()
            state = {"net": net.state_dict(), "mean": mean, "optimiser": optimiser.state_dict(), "step": step + 1}
            torch.save(state | {"draws": torch.get_rng_state()}, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").rename(checkpoint)
    net.load_state_dict(mean)
    return net.cpu().eval()


def hear_evenly(net: FaceNet, takes: list[Take]) -> None:
    """Everything that is heard gets the same deviation inside the net: a rule's small weight counts as much as a band."""
    rows = np.concatenate([take.heard[0, ::4].astype(np.float32) for take in takes])
    net.listener.mean.copy_(torch.from_numpy(rows.mean(axis=0)))
    net.listener.deviation.copy_(torch.from_numpy(np.maximum(rows.std(axis=0), _FAINTEST)))


def watched_error(recipe: Recipe, mean: dict[str, torch.Tensor], watched: Take, scale: Scale) -> float:
    """Loss of the mean weights on always the same windows of a take."""
    net = FaceNet(recipe.size).to(recipe.device)
    net.load_state_dict(mean)
    batch = draw([watched], scale, recipe.batch, recipe.frames, np.random.default_rng(0))
    with torch.no_grad():
        return float(error(net.eval(), batch, recipe.device))


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
