"""Dual-quaternion skinning (Kavan et al. 2008): blends turns, not matrices, so that limbs keep their volume where they bend.

Once for numpy arrays and once differentiable in torch. Quaternions are (w, x, y, z); a bone's must be of the sign that is
nearer to its neighbours', as both signs mean the same turn and only one lies between theirs. Points go x -> q x q* + shift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    import torch  # takes two seconds to load, and the main job poses with numpy


def skin_dual_numpy(
    vertices: np.ndarray, quaternions: np.ndarray, shifts: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Pose vertices.

    vertices: (..., V, 3) metres.  quaternions: (..., J, 4), shifts: (..., J, 3) of the bones.  weights: (V, J), rows sum to
    one.  Returns (..., V, 3).
    """
    batch = np.broadcast_shapes(vertices.shape[:-2], quaternions.shape[:-2], shifts.shape[:-2])
    posed = np.empty((*batch, *vertices.shape[-2:]), vertices.dtype)
    points, real, half = (
        np.broadcast_to(array, (*batch, *array.shape[-2:])).reshape(-1, *array.shape[-2:])
        for array in (vertices, quaternions, _halves(np, quaternions, shifts))
    )
    _blend(points, real, half, weights, posed.reshape(-1, *posed.shape[-2:]))
    return posed


def skin_dual_torch(
    vertices: torch.Tensor, quaternions: torch.Tensor, shifts: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """The torch twin of `skin_dual_numpy`: same shapes, differentiable."""
    import torch

    real, half = weights @ quaternions, weights @ _halves(torch, quaternions, shifts)
    length = real.norm(dim=-1, keepdim=True)
    real, half = real / length, half / length
    moved = multiplied(torch, half, real * real.new_tensor([1, -1, -1, -1]))[..., 1:]
    return turned(torch, real, vertices) + 2 * moved


def quaternions_of(xp: Any, rotations: Any) -> Any:
    """(..., 3) axis-angle -> (..., 4) with w >= 0; xp is numpy or torch, as in all below."""
    square = (rotations**2).sum(axis=-1)[..., None]
    small = square < 1e-12
    angle = xp.sqrt(xp.where(small, xp.ones_like(square), square))
    vector = rotations * xp.where(small, 0.5 - square / 48, xp.sin(angle / 2) / angle)
    real = xp.where(small, 1 - square / 8, xp.cos(angle / 2))
    return xp.concatenate([real, vector], axis=-1) * xp.where(real < 0, -xp.ones_like(real), xp.ones_like(real))


def multiplied(xp: Any, a: Any, b: Any) -> Any:
    """(..., 4) product of quaternions: b's turn first."""
    aw, ax, ay, az = (a[..., part] for part in range(4))
    bw, bx, by, bz = (b[..., part] for part in range(4))
    return xp.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def turned(xp: Any, quaternions: Any, vectors: Any) -> Any:
    """(..., 3) vectors turned by unit quaternions (..., 4)."""
    real, axis = quaternions[..., :1], quaternions[..., 1:]
    return vectors + 2 * _cross(xp, axis, _cross(xp, axis, vectors) + real * vectors)


def _cross(xp: Any, a: Any, b: Any) -> Any:
    ax, ay, az = (a[..., part] for part in range(3))
    bx, by, bz = (b[..., part] for part in range(3))
    return xp.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def _halves(xp: Any, quaternions: Any, shifts: Any) -> Any:
    """(..., J, 4) dual parts: half the product of each shift and its turn."""
    return multiplied(xp, xp.concatenate([shifts[..., :1] * 0, shifts], axis=-1), quaternions) / 2


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _blend(vertices, quaternions, halves, weights, posed):
    """posed (N, V, 3) of vertices (N, V, 3), quaternions and halves (N, J, 4), weights (V, J)."""
    for n in range(len(vertices)):
        for v in range(vertices.shape[1]):
            w = x = y = z = hw = hx = hy = hz = vertices[n, v, 0] * 0
            for j in range(weights.shape[1]):
                share = weights[v, j]
                if share != 0:
                    w += share * quaternions[n, j, 0]
                    x += share * quaternions[n, j, 1]
                    y += share * quaternions[n, j, 2]
                    z += share * quaternions[n, j, 3]
                    hw += share * halves[n, j, 0]
                    hx += share * halves[n, j, 1]
                    hy += share * halves[n, j, 2]
                    hz += share * halves[n, j, 3]
            scale = 2 / (w * w + x * x + y * y + z * z)
            px, py, pz = vertices[n, v, 0], vertices[n, v, 1], vertices[n, v, 2]
            # p + 2 axis x (axis x p + w p), and twice the vector part of half times the conjugate
            cx, cy, cz = y * pz - z * py + w * px, z * px - x * pz + w * py, x * py - y * px + w * pz
            posed[n, v, 0] = px + scale * (y * cz - z * cy + w * hx - hw * x + y * hz - z * hy)
            posed[n, v, 1] = py + scale * (z * cx - x * cz + w * hy - hw * y + z * hx - x * hz)
            posed[n, v, 2] = pz + scale * (x * cy - y * cx + w * hz - hw * z + x * hy - y * hx)
