"""Manners that no take has: how somebody else's mouth would do the same.

Captured people differ first in where a mouth rests while it speaks (a smile, pressed or rolled lips, one side higher than
the other), then in how much of which weight it uses: a wide jaw under still lips, or the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from garrick.motion.diffusion.channels import MOUTH

_GAIN = 0.5  # nat, standard deviation of the gain of each weight
_STILL = 0.1  # share of the weights that are left out
_RESTING = 0.35  # share of the weights that do not rest at 0
_REST, _FURTHEST = 0.12, 0.6  # mean of where those rest, and the largest
_LOPSIDED = 0.4  # share of the manners whose sides differ
_SIDES = 0.3  # nat, standard deviation of one side over the other
_STEMS = tuple(name.removesuffix("Left").removesuffix("Right") for name in MOUTH)
_SIDE = np.array([name.endswith("Left") - float(name.endswith("Right")) for name in MOUTH])


def made_up_gains(rng: np.random.Generator) -> np.ndarray:
    """(16,) gains of the MOUTH weights, the same on both sides."""
    gains: dict[str, float] = {}
    for stem in _STEMS:
        if stem not in gains:
            gains[stem] = 0.0 if rng.random() < _STILL else float(np.exp(rng.normal(0, _GAIN)))
    return np.array([gains[stem] for stem in _STEMS])


@dataclass(frozen=True)
class Manner:
    """gains, rest: (16,) of the MOUTH weights."""

    gains: np.ndarray
    rest: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Manner:
        """Somebody."""
        gains = made_up_gains(rng)
        stems = sorted(set(_STEMS))
        rest = np.minimum(rng.exponential(_REST, len(stems)), _FURTHEST) * (rng.random(len(stems)) < _RESTING)
        sides = np.exp(_SIDE * rng.normal(0, _SIDES) / 2 * (rng.random() < _LOPSIDED))
        return cls(gains * sides, rest[[stems.index(stem) for stem in _STEMS]] * sides)

    def on(self, mouth: np.ndarray) -> np.ndarray:
        """(F, 16) weights -> (F, 16) in this manner."""
        return np.clip(self.rest + mouth * self.gains, 0, 1)
