"""Training of the face-region net. A run can be stopped at any time and goes on from its checkpoint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate

from garrick.rendering.refine.cues import CUES
from garrick.training.render.losses import loss
from garrick.training.render.net import FaceRefiner
from garrick.training.render.pool import Pool, cues_of
from garrick.training.render.recipe import Recipe, teach

_WATCHED = 24  # held-out pairs that the curve shows
_FADED = (0.6, 1.25)  # exposure that a pair is given
_CAST = 0.12  # deviation of a colour cast
_PLAIN = 0.15  # share that a pixel of plain skin has in where patches are, beside one of mouth, lid or eye
_GRID = 8  # cue pixels between the places of patches: what the net's coarsest level needs
_LID, _INSIDE, _EYE = (CUES.index(name) for name in ("lid", "inside", "eye"))
_RIGHT = CUES.index("right")

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def train(recipe: Recipe, pool: Pool, watched: Pool, checkpoint: Path, curve: Path) -> FaceRefiner:
    """See `recipe.teach`. watched: pairs that are not learned from."""
    torch.manual_seed(recipe.seed)

    def loss_of(net: FaceRefiner, rng: np.random.Generator) -> torch.Tensor:
        return error(net, draw(pool, recipe, rng), recipe.device)[0]

    def aside(net: FaceRefiner) -> float:
        return watched_error(net, watched, recipe.device)

    return teach(FaceRefiner(recipe.width), recipe, loss_of, aside, checkpoint, curve)


def draw(pool: Pool, recipe: Recipe, rng: np.random.Generator) -> Batch:
    """Patches at random, some mirrored, in other exposures and colours -> colour, cues, weight, wanted."""
    rows = []
    for pair in rng.integers(0, len(pool), recipe.batch):
        cues = cues_of(pool.cues[pair])
        top, left = _place(pool.weight[pair], cues, recipe.patch, rng)
        large, small = (
            np.s_[k * top : k * top + k * recipe.patch // 2, k * left : k * left + k * recipe.patch // 2]
            for k in (2, 1)
        )
        gain = rng.uniform(*_FADED) * np.exp(rng.normal(0, _CAST, 3)).astype(np.float32)
        colour, wanted = (pictures[pair][large] / np.float32(255) * gain for pictures in (pool.colour, pool.wanted))
        weight, cues = pool.weight[pair][large][None] / np.float32(255), cues[:, *small]
        if rng.random() < 0.5:
            colour, wanted, weight, cues = colour[:, ::-1], wanted[:, ::-1], weight[..., ::-1], cues[..., ::-1].copy()
            cues[_RIGHT] *= -1
        rows.append((colour, cues, weight, wanted))
    colours, told, weights, wants = (np.stack(part).astype(np.float32) for part in zip(*rows, strict=True))
    return _batch(colours, told, weights, wants)


def _place(weight: np.ndarray, cues: np.ndarray, patch: int, rng: np.random.Generator) -> tuple[int, int]:
    """Top and left of a patch in cue pixels, about a pixel that may change; most often one of mouth, lids and eyes."""
    counts = weight[::2, ::2] * (_PLAIN + cues[[_LID, _INSIDE, _EYE]].clip(0, 1).max(axis=0))
    chance = counts.ravel().cumsum()
    at = int(np.searchsorted(chance, rng.uniform(0, chance[-1])))
    farthest = len(counts) - patch // 2
    corner = np.array(divmod(at, counts.shape[1])) - rng.integers(patch // 8, patch // 2 - patch // 8 + 1, 2)
    top, left = np.clip(np.round(corner / _GRID).astype(int) * _GRID, 0, farthest)
    return int(top), int(left)


def watched_error(net: FaceRefiner, watched: Pool, device: str) -> float:
    """Loss of a net on always the same pairs, whole crops."""
    values = []
    for row in np.linspace(0, len(watched) - 1, min(_WATCHED, len(watched))).round().astype(int):
        colour, wanted = (pictures[[row]] / np.float32(255) for pictures in (watched.colour, watched.wanted))
        weight = watched.weight[[row]][:, None] / np.float32(255)
        with torch.no_grad():
            value, _ = error(net, _batch(colour, cues_of(watched.cues[[row]]), weight, wanted), device)
        values.append(float(value))
    return float(np.mean(values))


def error(net: FaceRefiner, batch: Batch, device: str) -> tuple[torch.Tensor, dict[str, float]]:
    """The loss of a batch, and its parts; on a GPU the net runs in bfloat16."""
    colour, cues, weight, wanted = (part.to(device) for part in batch)
    with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=device != "cpu"):
        change = net(colour, cues)
    found = (colour + weight * change.float()).clamp(0, 1)
    large = interpolate(cues, scale_factor=2, mode="nearest")
    eyes = large[:, [_LID, _EYE]].amax(dim=1, keepdim=True).clamp(0, 1)
    return loss(found, wanted, weight, large[:, _INSIDE : _INSIDE + 1].clamp(0, 1), eyes)


def _batch(colour: np.ndarray, cues: np.ndarray, weight: np.ndarray, wanted: np.ndarray) -> Batch:
    pictures = [torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2))).clamp(0, 1) for x in (colour, wanted)]
    return (
        pictures[0].contiguous(memory_format=torch.channels_last),
        torch.from_numpy(np.ascontiguousarray(cues)).contiguous(memory_format=torch.channels_last),
        torch.from_numpy(np.ascontiguousarray(weight)),
        pictures[1],
    )
