"""Least squares over a row of frames, each tied to its neighbours: block-tridiagonal elimination (Thomas)."""

from __future__ import annotations

import numpy as np
from numba import njit

_DAMPING = 1e-6


def solve_tied(hessians: np.ndarray, gradients: np.ndarray, ties: np.ndarray, free: np.ndarray) -> np.ndarray:
    """(F, K) steps that minimise each frame's quadratic plus ties * (step - next step)^2; what is not free stays.

    hessians: (F, K, K) positive semidefinite, without ties.    gradients: (F, K), with what the ties pull by now.
    ties: (K,) at least 0.    free: (F, K) bool.
    """
    blocks = hessians * (free[:, :, None] & free[:, None, :])
    neighbours = np.full(len(free), 2.0)
    neighbours[0] -= 1
    neighbours[-1] -= 1
    diagonal = np.where(free, ties * neighbours[:, None] + _DAMPING, 1.0)
    count = gradients.shape[1]
    blocks[:, np.arange(count), np.arange(count)] += diagonal
    couplings = np.where(free[1:] & free[:-1], ties, 0.0)
    return _eliminate(blocks, -gradients * free, couplings)


@njit(cache=True)
def _eliminate(blocks: np.ndarray, sides: np.ndarray, couplings: np.ndarray) -> np.ndarray:
    """Own loops: the blocks are so small that the threads of a linear algebra library cost more than they give."""
    frames, size = sides.shape
    inverse = np.empty((size, size))
    carried = np.empty((frames, size, size))
    values = np.empty((frames, size))
    for frame in range(frames):
        block = blocks[frame]
        side = sides[frame].copy()
        if frame > 0:
            last = couplings[frame - 1]
            for row in range(size):
                for column in range(size):
                    block[row, column] -= last[row] * carried[frame - 1, row, column] * last[column]
                side[row] += last[row] * values[frame - 1, row]
        for column in range(size):  # Cholesky, in place
            for inner in range(column):
                factor = block[column, inner]
                for row in range(column, size):
                    block[row, column] -= block[row, inner] * factor
            root = np.sqrt(block[column, column])
            for row in range(column, size):
                block[row, column] /= root
        inverse[:] = 0
        for column in range(size):  # of the factor
            inverse[column, column] = 1 / block[column, column]
            for row in range(column + 1, size):
                total = 0.0
                for inner in range(column, row):
                    total -= block[row, inner] * inverse[inner, column]
                inverse[row, column] = total / block[row, row]
        whole = carried[frame]
        whole[:] = 0
        for inner in range(size):
            for row in range(inner + 1):
                factor = inverse[inner, row]
                for column in range(inner + 1):
                    whole[row, column] += factor * inverse[inner, column]
        for row in range(size):
            total = 0.0
            for column in range(size):
                total += whole[row, column] * side[column]
            values[frame, row] = total
    steps = np.empty((frames, size))
    steps[frames - 1] = values[frames - 1]
    for frame in range(frames - 2, -1, -1):
        for row in range(size):
            total = values[frame, row]
            for column in range(size):
                total += carried[frame, row, column] * couplings[frame, column] * steps[frame + 1, column]
            steps[frame, row] = total
    return steps
