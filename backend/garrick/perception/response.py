"""How the landmark net's points move with weights and turns, unlike the head's: learnt by `training.landmark_response`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from garrick.core.archive import load_arrays


@dataclass(frozen=True)
class NetResponse:
    """By how far the net's points lie beyond the head's own, metres in the head's axes.

    face: (468, 3, 52) at weights of 1.    turn: (468, 3, 5) at `turn_features` of 1.
    """

    face: np.ndarray
    turn: np.ndarray


@cache
def net_response() -> NetResponse:
    """The table that is shipped."""
    with resources.as_file(resources.files("garrick.perception") / "landmark_response.npz") as table:
        arrays = load_arrays(table)
    face, turn = (np.moveaxis(arrays[name].astype(np.float64), 0, -1) for name in ("face", "turn"))
    return NetResponse(np.ascontiguousarray(face), np.ascontiguousarray(turn))


def turn_features(turn: np.ndarray) -> np.ndarray:
    """(5,) where a head's face points, sideways and up, 0 straight ahead, and their products; turn: (3, 3)."""
    aside, up = turn[0, 2], turn[1, 2]
    return np.array([aside, up, aside**2, up**2, aside * up])
