"""How one value passes into another without a jolt."""

from __future__ import annotations

from typing import overload

import numpy as np


@overload
def smoothstep(value: np.ndarray) -> np.ndarray: ...
@overload
def smoothstep(value: float) -> float: ...
def smoothstep(value: np.ndarray | float) -> np.ndarray | float:
    """3 x^2 - 2 x^3 of the value clipped to 0..1: no speed at either end."""
    x = np.clip(value, 0, 1)
    return x * x * (3 - 2 * x)
