"""Normals, depth and hair's ids of many frames: twins of `normals.surface_passes` and `hair_matte.tell_apart`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from garrick.rendering import normals
from garrick.rendering.rasterise import NOTHING
from garrick.rendering.take import ID_NAMES

from .geometry import Fans, Views
from .raster import Seen, rasterise
from .shading import Canvas, Mesh, interpolate

_ANOTHER = 1e3  # as in `normals`
_HAIR, _SKIN = ID_NAMES.index("hair"), ID_NAMES.index("skin")


@dataclass(frozen=True)
class Surface:
    """Something that was drawn into B frames.

    points: (B, V, 3) world metres and screen: (B, V, 3) where they are seen.    fans: of the mesh's triangles.
    kept:   (B, T) bool, the triangles that the camera may see; None is all.
    """

    points: torch.Tensor
    screen: torch.Tensor
    mesh: Mesh
    fans: Fans
    kept: torch.Tensor | None = None

    def part(self, rows: torch.Tensor) -> Surface:
        """That in some of the frames."""
        kept = None if self.kept is None else self.kept[rows]
        return replace(self, points=self.points[rows], screen=self.screen[rows], kept=kept)

    def on_processor(self, row: int) -> normals.Surface:
        """That in one frame."""
        kept = slice(None) if self.kept is None else self.kept[row]
        triangles, names = (value[kept].cpu().numpy() for value in (self.mesh.triangles, self.mesh.names))
        return normals.Surface(self.points[row].cpu().numpy(), triangles.astype(np.int32), names)


def surface_passes(surfaces: Sequence[Surface], views: Views, canvas: Canvas) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, H, W, 3) float32 world normals and (B, H, W) float32 depth in the pixels' middle, of a finished canvas."""
    depth, ids = canvas.depth, canvas.ids
    middle, misses = depth.clone(), torch.full_like(depth, torch.inf)
    facing = depth.new_zeros((*depth.shape, 3))
    for surface in surfaces:
        seen = rasterise(surface.screen, surface.mesh.triangles, views.size, kept=surface.kept)
        near, name = seen.depth, surface.mesh.names[seen.triangle.clamp(min=0)]
        miss = (near - depth).abs() + torch.where(name == ids, 0, _ANOTHER)
        better = (seen.triangle != NOTHING) & (ids != 0) & (miss < misses)
        misses[better] = miss[better]
        middle[better] = torch.where(name == ids, near, depth)[better]
        facing[better] = _smooth(surface, seen, better)
    return _turned(facing, views), middle


def tell_apart(ids: torch.Tensor, uv: torch.Tensor, told: torch.Tensor) -> None:
    """Correct the ids (B, H, W) of hair and skin in place; uv: 0..1.    told: (h, w) see `hair_matte.hair_and_skin`."""
    height, width = told.shape
    column = (uv[..., 0].double() * width).long().clamp(0, width - 1)
    row = (uv[..., 1].double() * height).long().clamp(0, height - 1)
    name = told[row, column]
    ids[:] = torch.where(((ids == _SKIN) | (ids == _HAIR)) & (uv[..., 0] >= 0) & (name > 0), name, ids)


def _smooth(surface: Surface, seen: Seen, where: torch.Tensor) -> torch.Tensor:
    """(n, 3) normals amid the corners, of the samples `where` (B, H, W)."""
    corners = surface.fans.normals(surface.points, surface.kept)
    frame = where.nonzero()[:, 0]
    rows = surface.mesh.triangles[seen.triangle[where]] + (frame * corners.shape[1])[:, None]
    return interpolate(corners.flatten(0, 1), rows, seen.weights[where])


def _turned(facing: torch.Tensor, views: Views) -> torch.Tensor:
    """Unit normals that do not face away from the camera; zero stays zero."""
    width, height = views.size
    lens = torch.linalg.inv(views.lens.cpu()).to(facing)[:, :, :, None, None]
    x, y = (torch.arange(count, device=facing.device) + 0.5 for count in (width, height))
    rays = torch.stack(
        torch.broadcast_tensors(
            lens[:, 0, 0] * x + lens[:, 0, 2],
            lens[:, 1, 1] * y[:, None] + lens[:, 1, 2],
            torch.ones_like(lens[:, 0, 0]),
        ),
        dim=-1,
    )
    rays = rays / torch.linalg.vector_norm(rays, dim=-1, keepdim=True)
    view = torch.einsum("bji,bhwj->bhwi", views.world_to_camera[:, :3, :3].float(), rays)
    turned = facing - (facing * view).sum(dim=-1, keepdim=True).clamp(min=0) * view
    return turned / torch.linalg.vector_norm(turned, dim=-1, keepdim=True).clamp(min=1e-12)
