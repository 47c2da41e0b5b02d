"""Linear blend skinning of a small joint tree, once for numpy arrays and once differentiable in torch.

Joint 0 is the root; every other joint turns about its rest position and carries its children. Source: the LBS of SMPL
(Loper et al. 2015) and FLAME (Li et al. 2017), without pose correctives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from garrick.core.rotation import rotation_matrices

if TYPE_CHECKING:
    import torch  # takes two seconds to load, and the main job poses with numpy


def skin_numpy(
    vertices: np.ndarray, joints: np.ndarray, rotations: np.ndarray, weights: np.ndarray, parents: Sequence[int]
) -> np.ndarray:
    """Pose vertices.

    vertices: (..., V, 3) metres.  joints: (..., J, 3) rest positions.  rotations: (..., J, 3) axis-angle.
    weights: (V, J), rows sum to one.  Returns (..., V, 3).
    """
    turns = rotation_matrices(rotations)  # (..., J, 3, 3)
    world_turn, world_shift = _chain(turns, joints, parents)
    turn, shift = np.stack(world_turn, axis=-3), np.stack(world_shift, axis=-2)
    batch = np.broadcast_shapes(vertices.shape[:-2], turn.shape[:-3])
    posed = np.empty((*batch, *vertices.shape[-2:]), vertices.dtype)
    vertices, turn, shift = (
        np.broadcast_to(array, (*batch, *own)).reshape(-1, *own)
        for array, own in ((vertices, vertices.shape[-2:]), (turn, turn.shape[-3:]), (shift, shift.shape[-2:]))
    )
    _blend(vertices, turn, shift, weights, posed.reshape(-1, *posed.shape[-2:]))
    return posed


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _blend(vertices, turns, shifts, weights, posed):
    """posed[n, v] = sum over joints of weight (turn vertex + shift); every array leads with the batch but weights (V, J)."""
    for n in range(len(vertices)):
        for v in range(vertices.shape[1]):
            x, y, z = vertices[n, v, 0], vertices[n, v, 1], vertices[n, v, 2]
            for k in range(3):
                total = vertices[n, v, k] * 0
                for j in range(weights.shape[1]):
                    if weights[v, j] != 0:
                        turn = turns[n, j, k]
                        total += weights[v, j] * (turn[0] * x + turn[1] * y + turn[2] * z + shifts[n, j, k])
                posed[n, v, k] = total


def skin_torch(
    vertices: torch.Tensor, joints: torch.Tensor, rotations: torch.Tensor, weights: torch.Tensor, parents: Sequence[int]
) -> torch.Tensor:
    """The torch twin of `skin_numpy`: same shapes, differentiable."""
    import torch

    turns = rodrigues_torch(rotations)
    world_turn, world_shift = _chain(turns, joints, parents)
    blend = torch.einsum("vj,...jab->...vab", weights, torch.stack(world_turn, dim=-3))
    shift = torch.einsum("vj,...ja->...va", weights, torch.stack(world_shift, dim=-2))
    return (blend @ vertices[..., None])[..., 0] + shift


def rodrigues_torch(rotations: torch.Tensor) -> torch.Tensor:
    """(..., 3) axis-angle radians -> (..., 3, 3); smooth at zero."""
    import torch

    square = (rotations**2).sum(dim=-1)[..., None, None]
    small = square < 1e-12
    angle = torch.sqrt(torch.where(small, torch.ones_like(square), square))
    x, y, z = rotations.unbind(dim=-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).reshape(*x.shape, 3, 3)
    first = torch.where(small, 1 - square / 6, torch.sin(angle) / angle)
    second = torch.where(small, 0.5 - square / 24, (1 - torch.cos(angle)) / angle**2)
    return torch.eye(3, dtype=rotations.dtype, device=rotations.device) + first * cross + second * (cross @ cross)


def _chain(turns: Any, joints: Any, parents: Sequence[int]) -> tuple[list[Any], list[Any]]:
    """World rotation (..., 3, 3) and shift (..., 3) of every joint down the tree, for either kind of array."""
    world_turn, world_shift = [], []
    for joint, parent in enumerate(parents):
        turn, pivot = turns[..., joint, :, :], joints[..., joint, :]
        shift = pivot - (turn @ pivot[..., None])[..., 0]
        world_turn.append(turn if parent < 0 else world_turn[parent] @ turn)
        world_shift.append(
            shift if parent < 0 else (world_turn[parent] @ shift[..., None])[..., 0] + world_shift[parent]
        )
    return world_turn, world_shift
