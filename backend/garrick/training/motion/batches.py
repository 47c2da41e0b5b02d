"""Windows of takes, in the net's units, with styles and ranges that no take has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from garrick.motion.diffusion.channels import CHANNELS, MOUTH
from garrick.motion.diffusion.windows import HISTORY, PATCH, heard_around, moments
from garrick.training.motion.manners import made_up_gains
from garrick.training.motion.takes import Take
from garrick.training.motion.units import Units

_LOWEST, _HIGHEST = 0.4, 1.8  # asked ranges, times the usual one
_USUAL = 0.4  # share of windows with the usual range
_BEGUN = 0.7  # share of windows that know what was before
_ASTRAY = 0.4  # largest deviation of the noise on it: what the net itself made is not what was captured
_NOISE_ALONE = 0.4  # share of windows that begin with noise alone: the first step decides most
_RULED = 0.35  # share of windows with a reference that are of ruled takes
_TRUSTED = 0.6  # share of those that the layers may add to
_ROUGH = 0.7  # share of windows that are heard in another room, or as they are by chance
_STYLED = 0.6  # share of windows with a reference whose style is made up
_SHORTEST = 150  # frames that a reference spans at least
_FLOOR = 0.03  # smallest deviation that counts as 1: weights that hardly move are not blown up


class Scale(Units):
    """Of CHANNELS."""

    @classmethod
    def of(cls, takes: Sequence[Take]) -> Scale:
        """Of the captured mouths and their heads; rest stays where it is in the ranges, so the mean of a pose is 0."""
        mouths = np.concatenate([take.mouth for take in takes if take.captured])
        poses = np.concatenate([take.poses.reshape(-1, take.poses.shape[-1]) for take in takes])
        mean = np.concatenate([mouths.mean(axis=0), np.zeros(poses.shape[1])])
        deviation = np.concatenate([np.maximum(mouths.std(axis=0), _FLOOR), poses.std(axis=0) + 1e-6])
        return cls(mean.astype(np.float32), deviation.astype(np.float32))


@dataclass(frozen=True)
class Batch:
    """What `net.Denoiser.forward` takes, with `heard` in the voice's place; `motion` is the answer.

    trust: (B,) 0 for some windows of noise alone, whose motion the voice must say straight away.
    usual: (B, F, 22) the answer without style and asked ranges. told: (B,) 1 where it is a captured one.
    """

    motion: np.ndarray
    noise: np.ndarray
    t: np.ndarray
    heard: np.ndarray
    before: np.ndarray
    begun: np.ndarray
    reference: np.ndarray
    ranges: np.ndarray
    trust: np.ndarray
    usual: np.ndarray
    told: np.ndarray


def draw(takes: Sequence[Take], scale: Scale, size: int, frames: int, rng: np.random.Generator) -> Batch:
    """`size` windows of `frames` frames; all with a reference of their style, or all captured ones without."""
    with_style = rng.random() < 0.5
    captured = [take for take in takes if take.captured and len(take) >= frames + _SHORTEST]
    ruled = [take for take in takes if not take.captured and len(take) >= frames + _SHORTEST]
    rows = []
    for _ in range(size):
        pool = ruled if with_style and ruled and rng.random() < _RULED else captured
        take = _by_length(pool, rng)
        start = int(rng.integers(0, len(take) - frames + 1))
        rows.append(_window(take, scale, start, frames, with_style, rng))
    stacked = [np.stack(parts) for parts in zip(*rows, strict=True)]
    motion, heard, before, begun, reference, ranges, usual, told = stacked
    noise = rng.standard_normal(motion.shape).astype(np.float32)
    t = np.where(rng.random(size) < _NOISE_ALONE, 1.0, rng.random(size)).astype(np.float32)
    trust = ((t < 1.0) | (rng.random(size) < _TRUSTED)).astype(np.float32)
    return Batch(motion, noise, t, heard, before, begun, reference, ranges, trust, usual, told)


def _by_length(takes: Sequence[Take], rng: np.random.Generator) -> Take:
    lengths = np.array([len(take) for take in takes], np.float64)
    return takes[int(rng.choice(len(takes), p=lengths / lengths.sum()))]


def _window(
    take: Take, scale: Scale, start: int, frames: int, with_style: bool, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    style = made_up_gains(rng) if with_style and rng.random() < _STYLED else np.ones(len(MOUTH))
    asked = np.where(rng.random(2) < _USUAL, 1.0, np.exp(rng.uniform(np.log(_LOWEST), np.log(_HIGHEST), 2)))
    pose = take.poses[rng.integers(len(take.poses))]
    first = max(0, start - PATCH * HISTORY)
    part = np.concatenate(
        [take.mouth[first : start + frames] * style * asked[0], pose[first : start + frames] * asked[1]], 1
    )
    units = scale.units(part)
    before = np.zeros((PATCH * HISTORY, len(CHANNELS)), np.float32)
    begun = np.array(start >= PATCH * HISTORY and rng.random() < _BEGUN, np.float32)
    if begun:
        before = units[: PATCH * HISTORY] + (rng.uniform(0, _ASTRAY) * rng.standard_normal(before.shape)).astype(
            np.float32
        )
    motion = units[start - first :]
    copy = take.heard[rng.integers(len(take.heard))] if rng.random() < _ROUGH else take.heard[0]
    heard = heard_around(copy, start, frames)
    reference = np.zeros((0, len(MOUTH)), np.float32)
    if with_style:
        spots = _moments(len(take), start, frames, rng)
        reference = scale.units(take.mouth[spots] * style)
    usual = scale.units(np.concatenate([take.mouth[start : start + frames], pose[start : start + frames]], axis=1))
    told = np.array(take.captured, np.float32)
    return motion, heard, before, begun, reference, np.log2(asked).astype(np.float32), usual, told


def _moments(length: int, start: int, frames: int, rng: np.random.Generator) -> np.ndarray:
    """(PATCH REFERENCE,) frames of a part of the take outside the window: pairs, evenly spread over it."""
    free = np.concatenate([np.arange(0, max(0, start - PATCH * HISTORY)), np.arange(start + frames, length - 1)])
    span = int(rng.integers(min(_SHORTEST, len(free)), len(free) + 1))
    begin = int(rng.integers(0, len(free) - span + 1))
    return moments(free[begin : begin + span])
