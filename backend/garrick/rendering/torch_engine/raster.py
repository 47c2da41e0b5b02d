"""The rasteriser's torch twin: many frames at once, on any device, with torch's own operations and no other.

Every triangle is cut into rows, every row into the samples it covers, by the arithmetic of `rasterise.fill_rows`; a sample
goes to the least of its packed keys (depth, then triangle). A minimum does not depend on the order in which it is taken,
so the result does not either.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from garrick.rendering.rasterise import NOTHING

_EDGE = 1e-7  # as in `rasterise`
_AT_ONCE = 1 << 23  # samples taken in one go: half a gigabyte of double precision on their way
_EMPTY = torch.iinfo(torch.int64).max
_LOW = (1 << 32) - 1


@dataclass(frozen=True)
class Seen:
    """What each sample of B frames sees; see `rasterise.Visibility`.

    triangle: (B, H, W) int64, `NOTHING` where no triangle covers the sample.
    weights:  (B, H, W, 2) float32, perspective-correct, of the triangle's first and second corner.
    depth:    (B, H, W) float32 metres, inf where nothing is.
    """

    triangle: torch.Tensor
    weights: torch.Tensor
    depth: torch.Tensor


@dataclass(frozen=True)
class _Planes:
    """The n triangles that may cover a sample, frame after frame, and how their weights change on the screen.

    frame, triangle: (n,) int64.    box: (4, n) int64: first and last row, first and last column.
    at, right, down: (2, n) float64: the first two weights at the box's first sample, their change by a sample.
    over: (3, n) float64: one over the corners' depths.
    """

    frame: torch.Tensor
    triangle: torch.Tensor
    box: torch.Tensor
    at: torch.Tensor
    right: torch.Tensor
    down: torch.Tensor
    over: torch.Tensor


def rasterise(
    screen: torch.Tensor,
    triangles: torch.Tensor,
    size: tuple[int, int],
    scale: int = 1,
    kept: torch.Tensor | None = None,
) -> Seen:
    """Find the nearest triangle under each sample, as `rasterise.rasterise` does.

    screen: (B, V, 3) float32 pixels and depth.    triangles: (T, 3) int64.    size: width, height in pixels.
    scale:  samples along one side of a pixel.     kept: (B, T) bool, the triangles that count; None is all.
    """
    width, height = size[0] * scale, size[1] * scale
    planes = _planes(screen, triangles, (width, height), scale, kept)
    nearest = _nearest(planes, (len(screen), height, width))
    hit = (nearest != _EMPTY).nonzero()[:, 0]
    owner = nearest[hit] & _LOW
    triangle = torch.full_like(nearest, NOTHING)
    triangle[hit] = planes.triangle[owner]
    depth = nearest.new_full(nearest.shape, torch.inf, dtype=torch.float32)
    depth[hit] = (nearest[hit] >> 32).to(torch.int32).view(torch.float32)
    within = hit % (height * width)
    flat = _flat(planes, owner, within % width, within // width)
    z = 1 / _inverse(planes, owner, flat)
    weights = depth.new_zeros((len(nearest), 2))
    weights[hit] = (flat * planes.over[:2, owner] * z).T.to(torch.float32)
    shape = (len(screen), height, width)
    return Seen(triangle.reshape(shape), weights.reshape(*shape, 2), depth.reshape(shape))


def _planes(
    screen: torch.Tensor, triangles: torch.Tensor, size: tuple[int, int], scale: int, kept: torch.Tensor | None
) -> _Planes:
    corners = screen[:, triangles]  # (B, T, 3, 3)
    x, y = (corners[..., axis] * scale for axis in (0, 1))
    x, y, z = x.double() - 0.5, y.double() - 0.5, corners[..., 2].double()
    bounds = [
        y.amin(-1).ceil().clamp(min=0),
        y.amax(-1).floor().clamp(max=size[1] - 1),
        x.amin(-1).ceil().clamp(min=0),
        x.amax(-1).floor().clamp(max=size[0] - 1),
    ]
    (ax, bx, cx), (ay, by, cy) = x.unbind(-1), y.unbind(-1)
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    covers = (z.amin(-1) > 0) & (bounds[0] <= bounds[1]) & (bounds[2] <= bounds[3]) & (area != 0)
    frame, triangle = (covers if kept is None else covers & kept).nonzero(as_tuple=True)
    ax, bx, cx, ay, by, cy, area, top, bottom, left, right = (
        value[frame, triangle] for value in (ax, bx, cx, ay, by, cy, area, *bounds)
    )
    at_a = (bx - left) * (cy - top) - (cx - left) * (by - top)
    at_b = (cx - left) * (ay - top) - (ax - left) * (cy - top)
    inverse = 1 / area
    return _Planes(
        frame,
        triangle,
        torch.stack([top, bottom, left, right]).long(),
        torch.stack([at_a, at_b]) * inverse,
        torch.stack([by - cy, cy - ay]) * inverse,
        torch.stack([cx - bx, ax - cx]) * inverse,
        1 / z[frame, triangle].T,
    )


def _nearest(planes: _Planes, shape: tuple[int, int, int]) -> torch.Tensor:
    """(B * H * W,) int64: depth's bits and row of `planes` of what each sample sees, `_EMPTY` where that is nothing."""
    frames, height, width = shape
    nearest = planes.frame.new_full((frames * height * width,), _EMPTY)
    top, bottom, left, right = planes.box
    owner, down = _spread(bottom - top + 1)
    flat = planes.at[:, owner] + down * planes.down[:, owner]
    low, high = torch.zeros_like(flat[0]), (right - left)[owner].double()
    change = planes.right[:, owner]
    for weight, step in ((flat[0], change[0]), (flat[1], change[1]), (1 - flat[0] - flat[1], -change[0] - change[1])):
        low, high = _narrow(low, high, weight, step)
    low, ends = low.long(), (high - low + 1).clamp(min=0).long().cumsum(0)
    starts = ends.roll(1)
    starts[:1] = 0
    covered = int(ends[-1]) if len(ends) else 0
    for begin in range(0, covered, _AT_ONCE):
        sample = torch.arange(begin, min(covered, begin + _AT_ONCE), device=ends.device)
        row = torch.searchsorted(ends, sample, right=True)
        plane, across = owner[row], low[row] + sample - starts[row]
        weights = flat[:, row] + across * change[:, row]
        z = (1 / _inverse(planes, plane, weights)).to(torch.float32)
        place = (planes.frame[plane] * height + top[plane] + down[row]) * width + left[plane] + across
        nearest.scatter_reduce_(0, place, z.view(torch.int32).long() << 32 | plane, "amin")
    return nearest


def _spread(counts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Each of (n,) counts as so many entries: whose an entry is, and how many of it come before."""
    owner = torch.repeat_interleave(counts)
    return owner, torch.arange(len(owner), device=counts.device) - (counts.cumsum(0) - counts)[owner]


def _narrow(
    low: torch.Tensor, high: torch.Tensor, weight: torch.Tensor, step: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The columns of low..high at which a weight that changes by `step` a column is not negative."""
    still = step.abs() <= 1e-12
    edge = (-_EDGE - weight) * torch.where(still, 0, 1 / step)
    low = torch.where(~still & (step > 0), torch.maximum(low, edge.ceil()), low)
    high = torch.where(~still & (step < 0), torch.minimum(high, edge.floor()), high)
    return low, torch.where(still & (weight < -_EDGE), -1, high)


def _flat(planes: _Planes, owner: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(2, n) float64: the first two weights, linear on the screen, of planes at samples."""
    down, across = y - planes.box[0, owner], x - planes.box[2, owner]
    return planes.at[:, owner] + down * planes.down[:, owner] + across * planes.right[:, owner]


def _inverse(planes: _Planes, owner: torch.Tensor, flat: torch.Tensor) -> torch.Tensor:
    """(n,) float64: one over the depth, where the weights are `flat`."""
    over = planes.over[:, owner]
    return flat[0] * over[0] + flat[1] * over[1] + (1 - flat[0] - flat[1]) * over[2]
