"""One run of training, whatever the net: steps, mean of the latest weights, curve, and a checkpoint to go on from."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

Net = TypeVar("Net", bound=nn.Module)

_WARM_UP = 50  # steps
_SAVE = 60.0  # seconds between checkpoints
_LOG = 100  # steps


@dataclass(frozen=True)
class Schedule:
    """steps: of the run.    rate: peak learning rate.    fall: share of the steps over which it falls to 0 at the end.

    decay: of the weights.    memory: of their mean.
    """

    steps: int
    rate: float
    fall: float
    decay: float
    memory: float


def fit(
    net: Net,
    schedule: Schedule,
    loss_of: Callable[[int], torch.Tensor],
    aside: Callable[[Net], float],
    checkpoint: Path,
    curve: Path,
) -> None:
    """Train, or go on training, until the last step; the net ends with the mean weights, on the CPU, for use.

    loss_of: the net's loss on the batch of a step.    aside: that of a net on what is not learned from.
    curve:   a CSV file: step, loss, loss of the mean weights aside, seconds since the latest start.
    """
    mean = {name: value.clone() for name, value in net.state_dict().items()}
    optimiser = torch.optim.AdamW(net.parameters(), lr=schedule.rate, weight_decay=schedule.decay, betas=(0.9, 0.98))
    first = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True, map_location=next(net.parameters()).device)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        mean, first = saved["mean"], saved["step"]
        torch.set_rng_state(saved["draws"].cpu())
        if torch.cuda.is_available() and saved.get("cuda_draws"):
            torch.cuda.set_rng_state_all([state.cpu() for state in saved["cuda_draws"]])
    _cut(curve, first)
    net.train()
    began = saved_at = time.monotonic()
    losses: list[float] = []
    for step in range(first, schedule.steps):
        rising, falling = (step + 1) / _WARM_UP, (schedule.steps - step) / (schedule.fall * schedule.steps)
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate * min(1.0, rising, falling)
        loss = loss_of(step)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        keep = min(schedule.memory, (step + 1) / (step + 10))
        for name, value in net.state_dict().items():
            mean[name].lerp_(value, 1 - keep)
        losses.append(float(loss.detach()))
        last = step + 1 == schedule.steps
        if (step + 1) % _LOG == 0 or last:
            with curve.open("a", newline="") as out:
                other = _with(net, mean)
                row = (
                    step + 1,
                    f"{sum(losses) / len(losses):.5f}",
                    f"{aside(other):.5f}",
                    f"{time.monotonic() - began:.0f}",
                )
                csv.writer(out).writerow(row)
            losses = []
        if last or time.monotonic() - saved_at > _SAVE:
            saved_at = time.monotonic()
            state = {"net": net.state_dict(), "mean": mean, "optimiser": optimiser.state_dict(), "step": step + 1}
            draws = {"draws": torch.get_rng_state(), "cuda_draws": torch.cuda.get_rng_state_all()}
            torch.save(state | draws, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").rename(checkpoint)
    net.load_state_dict(mean)
    net.cpu().eval()


def _cut(curve: Path, step: int) -> None:
    """Leave out the rows after a step: they are written again."""
    if curve.exists():
        rows = [row for row in curve.read_text().splitlines(keepends=True) if int(row.split(",")[0]) <= step]
        curve.write_text("".join(rows))


def _with(net: Net, weights: dict[str, torch.Tensor]) -> Net:
    """A copy with other weights, for use."""
    other = deepcopy(net)
    other.load_state_dict(weights)
    return other.eval()
