"""Pose correctives of a hand, MANO's kind: offsets of the flat skin before it is blended, linear in R - 1 of the joints.

Once for numpy arrays and once differentiable in torch. A joint of ours corrects the skin near it alone, so tables are kept
for the pairs of a vertex and a joint that have one; where a user's own file corrects everything by everything, that is all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from garrick.bodies.lbs import rodrigues_torch
from garrick.core.rotation import rotation_matrices

if TYPE_CHECKING:
    import torch  # loaded by those who hand in tensors

_JOINTS = 15


@dataclass(frozen=True)
class Correctives:
    """Tables of n pairs of a vertex and a joint.

    vertices: (n,) int32.    joints: (n,) int32, 0..14.
    tables:   (n, 9, 3) float32 metres for each entry of R - 1, row by row.
    """

    vertices: np.ndarray
    joints: np.ndarray
    tables: np.ndarray

    @classmethod
    def of(cls, basis: np.ndarray) -> Correctives:
        """Out of (135, V, 3), as `Hand.pose_basis`."""
        blocks = basis.reshape(_JOINTS, 9, *basis.shape[1:])
        joints, vertices = np.nonzero(blocks.any(axis=(1, 3)))
        tables = np.ascontiguousarray(blocks[joints, :, vertices], np.float32)
        return cls(vertices.astype(np.int32), joints.astype(np.int32), tables)

    def basis(self, count: int) -> np.ndarray:
        """(135, count, 3) float32: `of` backwards, for a hand of `count` vertices."""
        blocks = np.zeros((_JOINTS, 9, count, 3), np.float32)
        blocks[self.joints, :, self.vertices] = self.tables
        return blocks.reshape(_JOINTS * 9, count, 3)

    def mirrored(self) -> Correctives:
        """Those of the other hand, which is the mirror image in X, vertex for vertex."""
        flip = np.array([-1, 1, 1], np.float32)
        return Correctives(self.vertices, self.joints, self.tables * np.outer(flip, flip).reshape(9, 1) * flip)

    def correct(self, skin: Any, rotations: Any) -> Any:
        """(..., V, 3) flat skin and (..., 15, 3) axis-angle -> (..., V, 3) corrected; numpy or torch, as `rotations` are."""
        if not len(self.vertices):
            return skin
        if not isinstance(rotations, np.ndarray):
            return self._correct_torch(skin, rotations)
        bends = rotation_matrices(rotations) - np.eye(3, dtype=rotations.dtype)
        batch = np.broadcast_shapes(skin.shape[:-2], bends.shape[:-3])
        corrected = np.array(np.broadcast_to(skin, (*batch, *skin.shape[-2:])), np.float32, order="C")
        bends = np.broadcast_to(bends, (*batch, _JOINTS, 3, 3)).reshape(-1, _JOINTS, 9).astype(np.float32)
        _add(corrected.reshape(-1, *skin.shape[-2:]), bends, self.vertices, self.joints, self.tables)
        return corrected

    def _correct_torch(self, skin: torch.Tensor, rotations: torch.Tensor) -> torch.Tensor:
        import torch

        tables, joints, vertices = self._tensors(rotations)
        bends = rodrigues_torch(rotations) - torch.eye(3, dtype=rotations.dtype, device=rotations.device)
        offsets = torch.einsum("...nk,nkc->...nc", bends.flatten(-2)[..., joints, :], tables)
        shape = torch.broadcast_shapes(skin.shape[:-2], offsets.shape[:-2])
        skin = skin.expand(*shape, *skin.shape[-2:])
        return skin.index_add(-2, vertices, offsets.expand(*shape, *offsets.shape[-2:]))

    def _tensors(self, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        import torch

        key = (like.dtype, str(like.device))
        if key not in self._copies:
            self._copies[key] = (
                torch.as_tensor(self.tables, dtype=like.dtype, device=like.device),
                torch.as_tensor(self.joints, dtype=torch.int64, device=like.device),
                torch.as_tensor(self.vertices, dtype=torch.int64, device=like.device),
            )
        return self._copies[key]

    @cached_property
    def _copies(self) -> dict[tuple[torch.dtype, str], tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        return {}


@numba.njit(cache=True, nogil=True, boundscheck=False)
def _add(skin, bends, vertices, joints, tables):
    """skin (N, V, 3) += tables (n, 9, 3) times bends (N, 15, 9) of each pair's joint."""
    for n in range(len(skin)):
        for pair in range(len(vertices)):
            for entry in range(9):
                bend = bends[n, joints[pair], entry]
                if bend != 0:
                    for k in range(3):
                        skin[n, vertices[pair], k] += bend * tables[pair, entry, k]
