"""Training: crops of the corpus, made rough, until the net names each frame's phone.

A run can be stopped at any time and goes on from its checkpoint; the mean of the latest weights is what counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from garrick.speech.features import RunningNormaliser, normalised
from garrick.training.phones.corpus import Corpus
from garrick.training.phones.net import PhoneNet
from garrick.training.phones.roughen import roughened

_WARM_UP = 50  # steps
_FALL = 0.35  # share of the steps over which the rate falls to 0 at the end
_MEMORY = 0.99  # of the mean of the weights
_SMOOTHING = 0.05
_SAVE = 120.0  # seconds between checkpoints
_LOG = 20  # steps


@dataclass(frozen=True)
class Recipe:
    """One run. crop: frames; rate: peak learning rate; steps: in all, the last _FALL of them falling."""

    causal: bool
    seed: int
    steps: int
    rate: float = 3e-3
    batch: int = 8
    crop: int = 500


def train(recipe: Recipe, corpus: Corpus, checkpoint: Path, log: Path, warm_start: Path | None = None) -> PhoneNet:
    """Train, or go on training, until the recipe's last step -> the net with the mean weights.

    warm_start: a checkpoint whose mean weights begin a new run.
    """
    torch.manual_seed(recipe.seed)
    net = PhoneNet(recipe.causal)
    if warm_start is not None:
        net.load_state_dict(torch.load(warm_start, weights_only=True)["mean"])
    mean = {name: value.clone() for name, value in net.state_dict().items()}
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=0.01)
    first = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        mean, first = saved["mean"], saved["step"]
    net.train()
    saved_at, losses, hits = time.monotonic(), [], []
    for step in range(first, recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * min(1.0, (step + 1) / _WARM_UP, (recipe.steps - step) / (_FALL * recipe.steps))
        inputs, labels = batch(corpus, recipe, np.random.default_rng([recipe.seed, step]))
        scores = net(torch.from_numpy(inputs)).flatten(0, 1)
        wanted = torch.from_numpy(labels).flatten()
        loss = torch.nn.functional.cross_entropy(scores, wanted, label_smoothing=_SMOOTHING)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        keep = min(_MEMORY, (step + 1) / (step + 10))
        for name, value in net.state_dict().items():
            mean[name] = value.clone() if not value.is_floating_point() else mean[name].lerp(value, 1 - keep)
        losses.append(float(loss.detach()))
        hits.append(float((scores.detach().argmax(1) == wanted).float().mean()))
        last = step + 1 == recipe.steps
        if (step + 1) % _LOG == 0 or last:
            with log.open("a") as out:
                out.write(
                    f"{time.strftime('%H:%M:%S')} step {step + 1}/{recipe.steps} loss {np.mean(losses):.4f} "
                    f"right {np.mean(hits):.4f}\n"
                )
            losses, hits = [], []
        if last or time.monotonic() - saved_at > _SAVE:
            saved_at = time.monotonic()
            state = {"net": net.state_dict(), "mean": mean, "optimiser": optimiser.state_dict(), "step": step + 1}
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").rename(checkpoint)
    net.load_state_dict(mean)
    return net.eval()


def batch(corpus: Corpus, recipe: Recipe, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(B, 40, T) float32 inputs and (B, T) int64 classes of random crops; a crop may run from one clip into the next."""
    starts = rng.integers(0, len(corpus.labels) - recipe.crop, 2 * recipe.batch)
    crops = [corpus.mels[start : start + recipe.crop] for start in starts]
    rough = [
        roughened(crop, other, rng) for crop, other in zip(crops[: recipe.batch], crops[recipe.batch :], strict=True)
    ]
    if recipe.causal:
        together = np.stack(rough, axis=1)
        inputs = RunningNormaliser(together.shape[1:]).push(together).transpose(1, 2, 0)
    else:
        inputs = np.stack([normalised(crop).T for crop in rough])
    labels = np.stack([corpus.labels[start : start + recipe.crop] for start in starts[: recipe.batch]])
    return np.ascontiguousarray(inputs), labels.astype(np.int64)
