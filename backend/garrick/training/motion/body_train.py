"""Training of the body's net: windows of the rules' bodies, mirrored and at other speeds.

A run can be stopped at any time and goes on from its checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from garrick.motion.diffusion.body_net import SIZE, BodyNet
from garrick.motion.diffusion.net import Size
from garrick.motion.diffusion.upper_body import CHANNELS, POINTS, known, swapped
from garrick.motion.diffusion.windows import HISTORY, PATCH, heard_around
from garrick.training.motion.body_takes import BodyTake
from garrick.training.motion.shown import Recipe, Shown, hear_evenly, tensors
from garrick.training.motion.units import Units

_FALL = 0.5  # share of the steps over which the rate falls to 0 at the end
_DECAY = 0.05  # of the weights
_MEMORY = 0.998  # of the mean of the weights
_SPEED, _JOLT = 2.0, 1.0  # weight of the error of what changes from frame to frame, and of how that changes
_FLOOR = 0.02  # radians: smallest deviation that counts as 1
_BEGUN = 0.8  # share of windows that know what was before
_ASTRAY = 0.2  # largest deviation of the noise on it
_NOISE_ALONE = 0.3  # share of windows that begin with noise alone
_BEYOND = 64  # rows of what is heard
_WARP = 0.15  # nat: how much faster or slower a window may be than its take


@dataclass(frozen=True)
class BodyRecipe(Recipe):
    """One run."""

    frames: int = 160
    rate: float = 1.5e-3
    size: Size = field(default_factory=lambda: SIZE)


class BodyScale(Units):
    """Of the channels of `upper_body`."""

    @classmethod
    def of(cls, takes: Sequence[BodyTake]) -> BodyScale:
        """Of all bodies and their mirror images."""
        motion = np.concatenate([take.motion.reshape(-1, CHANNELS) for take in takes])
        both = np.concatenate([motion, swapped(motion)])
        return cls(both.mean(axis=0).astype(np.float32), np.maximum(both.std(axis=0), _FLOOR).astype(np.float32))


@dataclass(frozen=True)
class BodyBatch:
    """What `BodyDenoiser.forward` takes, with `heard` in the voice's place; `motion` is the answer."""

    motion: np.ndarray
    noise: np.ndarray
    t: np.ndarray
    heard: np.ndarray
    before: np.ndarray
    begun: np.ndarray
    amount: np.ndarray


def draw(takes: Sequence[BodyTake], scale: BodyScale, size: int, frames: int, rng: np.random.Generator) -> BodyBatch:
    """`size` windows of `frames` frames."""
    long = [take for take in takes if len(take) >= frames * np.exp(_WARP) + 2]
    lengths = np.array([len(take) for take in long], np.float64)
    rows = [
        _window(long[int(rng.choice(len(long), p=lengths / lengths.sum()))], scale, frames, rng) for _ in range(size)
    ]
    motion, heard, before, begun, amount = (np.stack(parts) for parts in zip(*rows, strict=True))
    t = np.where(rng.random(size) < _NOISE_ALONE, 1.0, rng.random(size)).astype(np.float32)
    return BodyBatch(motion, rng.standard_normal(motion.shape).astype(np.float32), t, heard, before, begun, amount)


def _window(take: BodyTake, scale: BodyScale, frames: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    faster = float(np.exp(rng.uniform(-_WARP, _WARP)))
    one = int(rng.integers(len(take.motion)))
    motion, points, strokes = take.motion[one], take.points[one], take.strokes[one]
    span = int(np.ceil(frames * faster))
    start = int(rng.integers(0, len(take) - span))
    if rng.random() < 0.5:
        motion, strokes, points = swapped(motion), strokes[:, ::-1], _seen_in_a_mirror(points)
    copy = take.heard[rng.integers(len(take.heard))].astype(np.float32)
    heard = known(copy, strokes, points, take.build[one])
    silent = np.pad(heard, ((_BEYOND, _BEYOND), (0, 0)))  # as it is heard beyond the ends
    wide = _warped(silent, _BEYOND + 2 * start, faster, 2 * frames + _BEYOND // 2, _BEYOND // 2)
    own = heard_around(wide, _BEYOND // 4, frames)
    past = PATCH * HISTORY
    part = scale.units(_warped(motion, start, faster, frames, past))
    begun = float(start > past * faster and rng.random() < _BEGUN)
    before = part[:past] + (rng.uniform(0, _ASTRAY) * rng.standard_normal((past, CHANNELS))).astype(np.float32)
    amount = np.array([np.log2(take.amount[one])], np.float32)
    return part[past:], own, before * np.float32(begun), np.array(begun, np.float32), amount


def _warped(rows: np.ndarray, start: float, faster: float, count: int, before: int) -> np.ndarray:
    """(T, C) -> (before + count, C): from `before` rows before `start`, each step `faster` rows on; the ends repeat."""
    at = np.clip(start + (np.arange(before + count) - before) * faster, 0, len(rows) - 1)
    low = at.astype(np.int64)
    share = (at - low).astype(np.float32)[:, None]
    return rows[low] * (1 - share) + rows[np.minimum(low + 1, len(rows) - 1)] * share


def _seen_in_a_mirror(points: np.ndarray) -> np.ndarray:
    """(F, 24) of `upper_body.face_points`, of the mirror image."""
    order = [POINTS.index(_PAIR.get(point, point)) for point in POINTS]
    return (points.reshape(len(points), -1, 2)[:, order] * [-1, 1]).reshape(len(points), -1)


_PAIR = {33: 263, 263: 33, 61: 291, 291: 61, 105: 334, 334: 105, 234: 454, 454: 234}


def train(
    recipe: BodyRecipe, takes: list[BodyTake], watched: BodyTake, scale: BodyScale, checkpoint: Path, curve: Path
) -> BodyNet:
    """Train, or go on training, until the recipe's last step -> the net with the mean weights, on the CPU.

    watched: a take that is not learned from; nothing depends on what it shows.
    curve:   a CSV file: step, loss, loss of the mean weights on the watched take, seconds.
    """
    torch.manual_seed(recipe.seed)
    net = BodyNet(recipe.size).to(recipe.device)
    rows = [known(take.heard[0].astype(np.float32), take.strokes[0], take.points[0], take.build[0]) for take in takes]
    hear_evenly(net.listener, [row[::4] for row in rows])
    Shown(recipe, draw, error, takes, watched, scale).teach(net, _FALL, _DECAY, _MEMORY, checkpoint, curve)
    return net


def error(net: BodyNet, batch: BodyBatch, device: str) -> torch.Tensor:
    """Mean squared error of the predicted motion, of its change from frame to frame, and of the change of that."""
    motion, noise, t, heard, before, begun, amount = tensors(batch, device)
    noisy = (1 - t)[:, None, None] * motion + t[:, None, None] * noise
    found = net.denoiser(noisy, t, net.listener(heard), before, begun, amount)
    off = found - motion
    speed, jolt = off.diff(dim=1).square().mean(), off.diff(n=2, dim=1).square().mean()
    return off.square().mean() + _SPEED * speed + _JOLT * jolt
