"""Training of the warping generator. A run can be stopped at any time and goes on from its checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate

from garrick.rendering.refine.cues import CUES
from garrick.rendering.take import ID_NAMES
from garrick.training.render.losses import loss
from garrick.training.render.recipe import Recipe, teach
from garrick.training.render.warp_net import WIDTH, WarpingGenerator
from garrick.training.render.warp_pool import WarpPool, unpacked
from garrick.training.render.warp_view import KINDS

_FADED = (0.6, 1.25)  # exposure that a pair is given
_CAST = 0.12  # deviation of a colour cast
_WATCHED = 24  # held-out pairs that the curve shows
_IDLE = 0.05  # what a change costs where nothing is known
_GRID = 8  # pixels of told maps between the places of patches: what the net's coarsest level needs
_RENDERED = 3  # colours at the head of what is injected
_COUNTED = {
    "body": [5 + ID_NAMES.index(name) for name in ("eyes", "teeth", "mouth")],
    "face": [CUES.index(name) for name in ("lid", "eye", "inside")],
}  # of what is told: where a pixel counts more

Batch = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class WarpRecipe(Recipe):
    """kind: of `warp_view.KINDS`; injecting: whether the net is given what is rendered."""

    width: int = WIDTH
    kind: str = "body"
    injecting: bool = True


def train(recipe: WarpRecipe, pool: WarpPool, watched: WarpPool, checkpoint: Path, curve: Path) -> WarpingGenerator:
    """See `recipe.teach`. watched: pairs that are not learned from."""
    torch.manual_seed(recipe.seed)
    rows = np.linspace(0, len(watched) - 1, min(_WATCHED, len(watched))).round().astype(int)
    batches = [patches(watched, [row], np.ones((1, 3), np.float32), [(0, 0)], watched.weight.shape[1]) for row in rows]

    def loss_of(net: WarpingGenerator, rng: np.random.Generator) -> torch.Tensor:
        return error(net, recipe, draw(pool, recipe, rng))

    def aside(net: WarpingGenerator) -> float:
        with torch.no_grad():
            return float(np.mean([float(error(net, recipe, batch)) for batch in batches]))

    net = WarpingGenerator(*KINDS[recipe.kind], recipe.width, recipe.injecting)
    return teach(net, recipe, loss_of, aside, checkpoint, curve)


def draw(pool: WarpPool, recipe: WarpRecipe, rng: np.random.Generator) -> Batch:
    """Patches at random about what may change, in other exposures and colours, as `patches`."""
    rows = rng.integers(0, len(pool), recipe.batch)
    gains = rng.uniform(*_FADED, (recipe.batch, 1)) * np.exp(rng.normal(0, _CAST, (recipe.batch, 3)))
    corners = [_place(pool.weight[row], pool.known[row], recipe.patch, rng) for row in rows]
    return patches(pool, rows, gains.astype(np.float32), corners, recipe.patch)


def patches(
    pool: WarpPool, rows: np.ndarray | list[int], gains: np.ndarray, corners: list[tuple[int, int]], side: int
) -> Batch:
    """colour, photo (whole), flow, told, injected, weight, known, wanted of patches.

    gains: (B, 3) of red, green and blue.    corners: top and left in told pixels.    side: pixels of the colour.
    """
    parts: list[list[np.ndarray]] = [[] for _ in range(8)]
    for row, gain, (top, left) in zip(rows, gains, corners, strict=True):
        large, small = (np.s_[k * top : k * top + k * side // 2, k * left : k * left + k * side // 2] for k in (2, 1))
        injected = unpacked(pool.injected[row][:, *small])
        shown = (injected[:_RENDERED] + 1) / 2 * gain[:, None, None]
        injected[:_RENDERED] = np.where(injected[:_RENDERED] == 0, 0, 2 * shown - 1)
        found = (
            _picture(pool.colour[row][large], gain),
            _picture(pool.photo[row], gain),
            unpacked(pool.flow[row][:, *small]),
            unpacked(pool.told[row][:, *small]),
            injected,
            pool.weight[row][large][None] / np.float32(255),
            pool.known[row][large][None] / np.float32(255),
            _picture(pool.wanted[row][large], gain),
        )
        for part, value in zip(parts, found, strict=True):
            part.append(value)
    return tuple(torch.from_numpy(np.stack(part)).contiguous(memory_format=torch.channels_last) for part in parts)


def error(net: WarpingGenerator, recipe: WarpRecipe, batch: Batch) -> torch.Tensor:
    """The loss of a batch; on a GPU the net runs in bfloat16."""
    colour, photo, flow, told, injected, weight, known, wanted = (part.to(recipe.device) for part in batch)
    with torch.autocast(torch.device(recipe.device).type, torch.bfloat16, enabled=recipe.device != "cpu"):
        change = net(colour, photo, flow, told, injected)
    change = weight * change.float()
    found = (colour + change).clamp(0, 1)
    # what is not known is as it is found
    aim = torch.lerp(found.detach(), wanted, known)
    hands = injected[:, -1:] if recipe.kind == "body" else torch.zeros_like(told[:, :1])
    counted = told[:, _COUNTED[recipe.kind]].amax(dim=1, keepdim=True).clamp(0, 1)
    hands, counted = (interpolate(part, scale_factor=2, mode="nearest") for part in (hands, counted))
    idle = (change.abs() * (1 - known)).sum() / weight.sum().clamp_min(1) / 3
    return loss(found, aim, weight * known, hands, counted)[0] + _IDLE * idle


def _place(weight: np.ndarray, known: np.ndarray, patch: int, rng: np.random.Generator) -> tuple[int, int]:
    """Top and left of a patch in told pixels, about a pixel that may change and of which something is known."""
    counts = weight[::4, ::4].astype(np.float64) * known[::4, ::4] + 1
    chance = counts.ravel().cumsum()
    at = int(np.searchsorted(chance, rng.uniform(0, chance[-1])))
    farthest = (len(weight) - patch) // 2
    corner = 2 * np.array(divmod(at, counts.shape[1])) - rng.integers(patch // 8, patch // 2 - patch // 8 + 1, 2)
    top, left = np.clip(np.round(corner / _GRID).astype(int) * _GRID, 0, farthest)
    return int(top), int(left)


def _picture(shown: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """(3, h, w) float32 of (h, w, 3) uint8."""
    return np.ascontiguousarray(np.minimum(shown / np.float32(255) * gain, 1).transpose(2, 0, 1))
