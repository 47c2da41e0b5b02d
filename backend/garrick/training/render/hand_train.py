"""Training of the hand generator. A run can be stopped at any time and goes on from its checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from garrick.training.render.hand_net import WIDTH, HandGenerator
from garrick.training.render.hand_pool import HandPool, injected_of
from garrick.training.render.hand_view import HAND_SIDE
from garrick.training.render.losses import loss
from garrick.training.render.recipe import Recipe, teach

_FADED = (-1.1, 0.25)  # logarithm of the exposure that a pair is given, its skin tones with it
_CAST = 0.12  # deviation of a colour cast
_UNKNOWN = 0.05  # what a change costs where nothing is known
_OWN = 4  # how many times as often a portrait's own pose is drawn
_WATCHED = 32  # held-out pairs that the curve shows
_GRID = 8  # pixels between the places of patches: what the net's coarsest level needs

Batch = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class HandRecipe(Recipe):
    """injecting: whether the net is given the rendered hand."""

    width: int = WIDTH
    patch: int = 96
    injecting: bool = True


def train(recipe: HandRecipe, pool: HandPool, watched: HandPool, checkpoint: Path, curve: Path) -> HandGenerator:
    """See `recipe.teach`. watched: pairs that are not learned from."""
    torch.manual_seed(recipe.seed)
    rows = np.linspace(0, len(watched) - 1, min(_WATCHED, len(watched))).round().astype(int)
    batch = _tensors(watched, rows, np.ones((len(rows), 3), np.float32), np.s_[:, :])

    def loss_of(net: HandGenerator, rng: np.random.Generator) -> torch.Tensor:
        return error(net, draw(pool, recipe, rng), recipe.device)

    def aside(net: HandGenerator) -> float:
        with torch.no_grad():
            return float(error(net, batch, recipe.device))

    return teach(HandGenerator(recipe.width, recipe.injecting), recipe, loss_of, aside, checkpoint, curve)


def draw(pool: HandPool, recipe: HandRecipe, rng: np.random.Generator) -> Batch:
    """Pairs at random, in other exposures and colours -> colour, injected, tones, weight, known, wanted."""
    chances = np.where(pool.own, _OWN, 1).cumsum()
    rows = np.searchsorted(chances, rng.uniform(0, chances[-1], recipe.batch), side="right")
    gains = np.exp(rng.uniform(*_FADED, (recipe.batch, 1)) + rng.normal(0, _CAST, (recipe.batch, 3)))
    room = (HAND_SIDE - recipe.patch) // _GRID
    top, left = _GRID * rng.integers(room // 4, room - room // 4 + 1, 2)  # about the middle, where the hand is
    return _tensors(pool, rows, gains.astype(np.float32), np.s_[top : top + recipe.patch, left : left + recipe.patch])


def error(net: HandGenerator, batch: Batch, device: str) -> torch.Tensor:
    """The loss of a batch; on a GPU the net runs in bfloat16."""
    colour, injected, tones, weight, known, wanted = (part.to(device) for part in batch)
    with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=device != "cpu"):
        change = net(colour, injected, tones)
    change = weight * change.float()
    found = (colour + change).clamp(0, 1)
    # what is not known is as it is found
    told = torch.lerp(found.detach(), wanted, known)
    none = torch.zeros_like(weight)
    there = weight * known
    idle = (change.abs() * (1 - known)).sum() / weight.sum().clamp_min(1) / 3
    return loss(found, told, there, none, none)[0] + _UNKNOWN * idle


def _tensors(pool: HandPool, rows: np.ndarray, gains: np.ndarray, window: tuple[slice, slice]) -> Batch:
    """gains: (B, 3) of red, green and blue.    window: rows and columns of the crops."""

    def picture(some: np.ndarray) -> torch.Tensor:
        shown = some[rows][:, *window].astype(np.float32) / 255 * gains[:, None, None]
        return torch.from_numpy(np.ascontiguousarray(shown.transpose(0, 3, 1, 2))).clamp(0, 1)

    def share(some: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(some[rows][:, None, *window].astype(np.float32) / 255)

    tones = np.clip(pool.tones[rows] * np.repeat(gains, pool.tones.shape[1] // 3, axis=1), 0, 1)
    colour = picture(pool.colour).contiguous(memory_format=torch.channels_last)
    injected = torch.from_numpy(injected_of(pool.injected[rows][..., *window])).contiguous(
        memory_format=torch.channels_last
    )
    known = share(pool.known)
    return colour, injected, torch.from_numpy(tones), share(pool.weight), known, picture(pool.wanted)
