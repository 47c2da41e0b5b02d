"""The units of a net: each channel's distance from its mean, in deviations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Units:
    """mean, deviation: (C,) float32 of the channels."""

    mean: np.ndarray
    deviation: np.ndarray

    def units(self, motion: np.ndarray) -> np.ndarray:
        """(..., C) motion -> float32 in the net's units; of the first channels, where there are fewer."""
        count = motion.shape[-1]
        return ((motion - self.mean[:count]) / self.deviation[:count]).astype(np.float32)

    def natural(self, units: np.ndarray) -> np.ndarray:
        """Back."""
        count = units.shape[-1]
        return units * self.deviation[:count] + self.mean[:count]
