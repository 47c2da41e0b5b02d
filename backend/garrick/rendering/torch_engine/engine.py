"""Frames of one portrait drawn on a device, several at once; what it cannot draw is left to the kernels of the processor.

Head, sheet, background and passes are drawn here. Where arms are in a frame, they are laid over it, and the frame is
finished, as `render.render_pose` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from garrick.core.camera import Camera
from garrick.rendering import limbs, normals, render, shade
from garrick.rendering.background import background_motion
from garrick.rendering.canvas import margin_of
from garrick.rendering.clinging import Clinging
from garrick.rendering.hair_matte import tell_apart
from garrick.rendering.take import Frame

from . import passes as torch_passes
from .geometry import Fans, TorchSheet, Views, front, neck_motions, pose_heads, stacked, tensor
from .instant import Instant
from .passes import Surface
from .raster import rasterise
from .shading import Canvas, Mesh, Paint, compose, draw_head, draw_sheet, warped


@dataclass(frozen=True)
class _Drawn:
    """Head and sheet of some frames.    behind: (B, H, W, 3) their backgrounds."""

    views: Views
    canvas: Canvas
    surfaces: tuple[Surface, ...]
    behind: torch.Tensor

    def part(self, rows: torch.Tensor) -> _Drawn:
        """Some of them."""
        surfaces = tuple(surface.part(rows) for surface in self.surfaces)
        return _Drawn(self.views.part(rows), self.canvas.part(rows), surfaces, self.behind[rows])


class Engine:
    """A stage on a device, and the frames of its portrait."""

    def __init__(self, stage: render.Stage, device: torch.device) -> None:
        sheet = stage.sheet
        self._stage, self._device = stage, device
        self._head = Mesh(*(tensor(value, device) for value in (stage.triangles, stage.kinds, stage.head_ids)))
        self._closed, self._told = tensor(stage.closed, device), tensor(stage.told, device)
        self._paint = Paint(*(tensor(value, device) for value in (stage.photo[None], stage.shut[None], stage.eyes)))
        self._sheet = TorchSheet(sheet, stage.source, stage.puppet.head.weights[:, 0], device)
        names = tensor(stage.sheet_ids, device)
        self._around = Mesh(self._sheet.triangles, torch.zeros_like(names), names)
        self._head_fans = Fans(stage.triangles, len(stage.source), device)
        self._sheet_fans = Fans(sheet.triangles, len(sheet.rest), device)
        self._canvas = tensor(stage.canvas, device)
        if stage.clinging is not None:
            self._clinging = tensor(stage.clinging.picture, device)
            beside = tensor(stage.clinging.points[stage.clinging.triangles], device)
            nothing = torch.zeros(len(beside), dtype=torch.uint8, device=device)
            self._beside = Mesh(beside, nothing, nothing)
        self._background = tensor(stage.layers.background, device)

    @torch.no_grad()
    def draw(self, instants: Sequence[Instant], passes: bool = False) -> list[Callable[[], Frame]]:
        """What gives, for each, what `render.render_pose` makes of it, with normals where `passes` are asked for.

        The cameras have one size. The device has done its part when this returns; the rest may run in any thread, once.
        """
        drawn = self._drawn(instants)
        bare = [row for row, instant in enumerate(instants) if instant.arms is None]
        finished = dict(zip(bare, self._finished(drawn, bare, passes), strict=True))
        return [
            partial(_given, finished[row]) if row in finished else self._armed(drawn, row, instant, passes)
            for row, instant in enumerate(instants)
        ]

    def _drawn(self, instants: Sequence[Instant]) -> _Drawn:
        """Head and sheet."""
        poses, cameras, device = [shown.pose for shown in instants], [shown.camera for shown in instants], self._device
        views = Views.of(cameras, device)
        posed, motion = pose_heads(self._stage.puppet, poses, device), neck_motions(self._stage.puppet, poses, device)
        spread = self._sheet.pose(posed, motion, stacked([pose.translation for pose in poses], device))
        bends = [self._stage.bend(shown.pose, shown.arms) for shown in instants]
        if any(bend is not None for bend in bends):
            rest = np.zeros(spread.shape[1:], np.float32)
            spread += tensor(np.stack([rest if bend is None else bend for bend in bends]), device)
        screen, grid = views.project(posed), views.project(spread)
        seen = front(screen, self._head.triangles, self._closed)
        still = torch.tensor([float(render.eye_still(self._stage, pose)) for pose in poses], device=device)
        table = self._attributes(instants, posed, screen)
        canvas = Canvas.empty(len(poses), views.size, device)
        samples = rasterise(screen, self._head.triangles, views.size, shade.SAMPLES, seen)
        draw_head(samples, self._head, table, self._paint, still, canvas)
        margin = float(margin_of(self._stage.portrait.camera.size))
        pictures, which = self._worn(instants)
        under = rasterise(grid, self._around.triangles, views.size)
        draw_sheet(under, self._around, self._sheet.photo, pictures, which, margin, canvas)
        surfaces = (
            Surface(posed, screen, self._head, self._head_fans, seen),
            Surface(spread, grid, self._around, self._sheet_fans),
        )
        behind = self._behind(cameras)
        if self._stage.clinging is not None:
            behind = self._with_clinging(self._stage.clinging, instants, grid, behind)
        return _Drawn(views, canvas, surfaces, behind)

    def _attributes(self, instants: Sequence[Instant], posed: torch.Tensor, screen: torch.Tensor) -> torch.Tensor:
        """(B, V, shade.ATTRIBUTES): what each vertex shows is told by the processor, in less than a millisecond a frame."""
        told = [
            self._stage.attributes.at(points, seen, self._stage.puppet.neck_motion(instant.pose), instant.camera)
            for instant, points, seen in zip(instants, posed.cpu().numpy(), screen.cpu().numpy(), strict=True)
        ]
        return tensor(np.stack(told), self._device)

    def _worn(self, instants: Sequence[Instant]) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, h, w, 4) what the sheets wear, and (B,) which of it each does."""
        own, bare = self._stage.canvas, self._stage.bare
        gone = [self._stage.gone(instant.arms) for instant in instants]
        worn = [own if bare is None or share is None else bare.canvas(own, share) for share in gone]
        return self._pictures(worn, own, self._canvas)

    def _pictures(
        self, worn: list[np.ndarray], own: np.ndarray, there: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, h, w, 4) those of B pictures that differ, and (B,) which of them each is.    there: `own` on the device."""
        pictures = list({id(picture): picture for picture in worn}.values())
        moved = [there if picture is own else tensor(picture, self._device) for picture in pictures]
        which = [next(n for n, other in enumerate(pictures) if other is picture) for picture in worn]
        return torch.stack(moved), torch.tensor(which, device=self._device)

    def _with_clinging(
        self, clinging: Clinging, instants: Sequence[Instant], grid: torch.Tensor, behind: torch.Tensor
    ) -> torch.Tensor:
        """(B, H, W, 3) the backgrounds with what clings to the person before them; see `Clinging.over`."""
        worn = [clinging.worn(self._stage.gone(instant.arms)) for instant in instants]
        pictures, which = self._pictures(worn, clinging.picture, self._clinging)
        size = behind.shape[2], behind.shape[1]
        canvas = Canvas.empty(len(worn), size, self._device)
        under = rasterise(grid, self._beside.triangles, size)
        draw_sheet(under, self._beside, self._sheet.photo, pictures, which, float(clinging.margin), canvas)
        return canvas.layer[..., :3] + (1 - canvas.layer[..., 3:]) * behind

    def _behind(self, cameras: Sequence[Camera]) -> torch.Tensor:
        """(B, H, W, 3) the backgrounds that cameras see."""
        motions = [background_motion(self._stage.portrait.camera, camera) for camera in cameras]
        if all(motion is None for motion in motions):
            return self._background.expand(len(cameras), -1, -1, -1)
        still = np.eye(3)
        moved = stacked([still if motion is None else motion for motion in motions], self._device)
        return warped(self._background, moved, cameras[0].size)

    def _finished(self, drawn: _Drawn, rows: list[int], passes: bool) -> list[Frame]:
        """The frames of those rows, which have no arms."""
        if not rows:
            return []
        part = drawn.part(torch.tensor(rows, device=self._device))
        canvas = part.canvas
        plate, rgba = compose(canvas, part.behind, self._stage.portrait.camera.size)
        depth, facing = canvas.depth, None
        if passes:
            facing, depth = torch_passes.surface_passes(part.surfaces, part.views, canvas)
            torch_passes.tell_apart(canvas.ids, canvas.uv, self._told)
        rgba, depth, uv, ids, plate = (value.cpu().numpy() for value in (rgba, depth, canvas.uv, canvas.ids, plate))
        directions = [None] * len(rows) if facing is None else facing.cpu().numpy()
        return [Frame(rgba[n], depth[n], uv[n], ids[n], plate[n], directions[n]) for n in range(len(rows))]

    def _armed(self, drawn: _Drawn, row: int, instant: Instant, passes: bool) -> Callable[[], Frame]:
        """What lays a row's arms over it and finishes its frame, on the processor."""
        canvas = drawn.canvas
        arrays = (value[row].cpu().numpy() for value in (canvas.layer, canvas.uv, canvas.depth, canvas.ids))
        below = [surface.on_processor(row) for surface in drawn.surfaces] if passes else None
        return partial(_with_arms, self._stage, instant, limbs.Canvas(*arrays), drawn.behind[row].cpu().numpy(), below)


def _given(frame: Frame) -> Frame:
    return frame


def _with_arms(
    stage: render.Stage,
    instant: Instant,
    drawn: limbs.Canvas,
    behind: np.ndarray,
    below: list[normals.Surface] | None,
) -> Frame:
    """As `render.render_pose` goes on from head and sheet. drawn: changed in place.    below: their surfaces, for passes."""
    assert instant.arms is not None
    camera = instant.camera
    layer, uv, depth, ids = drawn
    above = limbs.draw_limbs(*instant.arms, camera, stage.eyes, drawn)
    plate, rgba = np.empty((*ids.shape, 3), np.uint8), np.empty((*ids.shape, 4), np.uint8)
    size = np.array(stage.portrait.camera.size, np.float32)
    shade.compose(layer, behind, size, plate, rgba, uv, depth, ids)
    frame = Frame(rgba, depth, uv, ids, plate)
    if below is None:
        return frame
    facing, depth = normals.surface_passes([*below, *above], camera, depth, ids)
    tell_apart(ids, uv, stage.told)
    return replace(frame, depth=depth, normals=facing)
