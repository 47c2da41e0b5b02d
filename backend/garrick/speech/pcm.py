"""16-bit samples: what is heard is held as it is written, in half the room of floats."""

from __future__ import annotations

import numpy as np


def to_int16(samples: np.ndarray) -> np.ndarray:
    """float -1..1 -> int16 of the same shape, full scale 32768, clipped; undoes `to_float` exactly."""
    return np.rint(np.clip(samples, -1.0, 32767 / 32768) * 32768).astype(np.int16)


def to_float(samples: np.ndarray) -> np.ndarray:
    """int16 -> float32 of the same shape, -1..1."""
    return samples.astype(np.float32) / 32768
