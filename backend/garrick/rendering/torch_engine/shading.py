"""The drawing passes in torch: twins of `shade.draw_head`, `draw_sheet` and `compose` for B frames at once.

Where the kernels walk over pixels, these work on lists of the pixels that something is in, and of the surfaces in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from garrick.rendering import shade

from .raster import Seen

_SAMPLES = shade.SAMPLES**2  # of a pixel
_SAME = 1.5  # pixels of the photo within which the surfaces in a pixel are one


@dataclass(frozen=True)
class Canvas:
    """What is drawn of B frames so far: layer (B, H, W, 4) premultiplied, uv (B, H, W, 2) photo pixels, depth (B, H, W)
    metres, ids (B, H, W) uint8. The functions below change it in place.
    """

    layer: torch.Tensor
    uv: torch.Tensor
    depth: torch.Tensor
    ids: torch.Tensor

    @classmethod
    def empty(cls, frames: int, size: tuple[int, int], device: torch.device) -> Canvas:
        """With nothing on it; size: width, height."""
        shape = (frames, size[1], size[0])
        return cls(
            torch.zeros((*shape, 4), device=device),
            torch.zeros((*shape, 2), device=device),
            torch.full(shape, torch.inf, device=device),
            torch.zeros(shape, dtype=torch.uint8, device=device),
        )

    def part(self, rows: torch.Tensor) -> Canvas:
        """A copy of some of the frames."""
        return Canvas(self.layer[rows], self.uv[rows], self.depth[rows], self.ids[rows])


@dataclass(frozen=True)
class Paint:
    """What a head is painted with: photo, shut (1, H, W, 4) and eyes (2, N, N, 4); see `shade.draw_head`."""

    photo: torch.Tensor
    shut: torch.Tensor
    eyes: torch.Tensor


@dataclass(frozen=True)
class Mesh:
    """The triangles of a drawn head: triangles (T, 3), kinds (T,) and names (T,); see `shade.draw_head`."""

    triangles: torch.Tensor
    kinds: torch.Tensor
    names: torch.Tensor


def draw_head(
    seen: Seen, mesh: Mesh, attributes: torch.Tensor, paint: Paint, eye_still: torch.Tensor, canvas: Canvas
) -> None:
    """Draw the heads.

    seen: at `shade.SAMPLES` samples along a pixel's side.    attributes: (B, V, shade.ATTRIBUTES).    eye_still: (B,).
    """
    triangle, weights, near = (_by_pixel(value) for value in (seen.triangle, seen.weights, seen.depth))
    pixel = (triangle >= 0).any(dim=1).nonzero()[:, 0]
    triangle, weights, near = triangle[pixel], weights[pixel], near[pixel]
    frame = pixel // (canvas.depth.shape[1] * canvas.depth.shape[2])
    hits = (triangle >= 0).sum(dim=1)
    # a triangle's samples in a pixel are shaded as one, at their mean, where its first one is
    alike = (triangle[:, :, None] == triangle[:, None]) & (triangle >= 0)[:, None]
    earlier = torch.ones(_SAMPLES, _SAMPLES, dtype=torch.bool, device=pixel.device).tril(-1)
    leads = (triangle >= 0) & ~(alike & earlier).any(dim=2)
    share = alike.sum(dim=2).float()
    middle = (alike[..., None] * weights[:, None]).sum(dim=2) / share.clamp(min=1)[..., None]
    owner, slot = leads.nonzero(as_tuple=True)
    corners = mesh.triangles[triangle[owner, slot]] + (frame[owner] * attributes.shape[1])[:, None]
    values = interpolate(attributes.flatten(0, 1), corners, middle[owner, slot])
    kinds = mesh.kinds[triangle[owner, slot]]

    # where in `values` each pixel's surfaces are; the last row stands for none
    entry = torch.full(triangle.shape, len(owner), device=pixel.device)
    entry[owner, slot] = torch.arange(len(owner), device=pixel.device)
    first = entry.amin(dim=1)
    apart = (kinds != kinds[first[owner]]) | (
        (values - values[first[owner]])[:, [shade.PHOTO_X, shade.PHOTO_Y]].abs() > _SAME
    ).any(dim=1)
    one = (hits == _SAMPLES) & ~_gathered(apart, entry).any(dim=1)
    portion = share[owner, slot] / _SAMPLES
    # one surface is shaded once in the middle, so that a still photo stays as sharp as it is
    total = _gathered(values * portion[:, None], entry)
    values[first[one]] = total[one].sum(dim=1)
    portion[first[one]] = 1
    shaded = (~one[owner] | (first[owner] == torch.arange(len(owner), device=pixel.device))).nonzero()[:, 0]
    colours = torch.zeros((len(owner), 4), device=pixel.device)
    colours[shaded] = _shade(values[shaded], kinds[shaded], paint, eye_still[frame[owner[shaded]]])
    drawn = _gathered(colours * portion[:, None], entry).sum(dim=1)

    canvas.layer.view(-1, 4)[pixel] = drawn
    solid = (hits * 2 >= _SAMPLES) & (drawn[:, 3] > 0.25)
    place, nearest = pixel[solid], near[solid].argmin(dim=1, keepdim=True)
    canvas.depth.view(-1)[place] = near[solid].gather(1, nearest)[:, 0]
    canvas.ids.view(-1)[place] = mesh.names[triangle[solid].gather(1, nearest)[:, 0]]
    canvas.uv.view(-1, 2)[place] = values[first[solid]][:, [shade.PHOTO_X, shade.PHOTO_Y]]


def draw_sheet(
    seen: Seen,
    mesh: Mesh,
    photo: torch.Tensor,
    pictures: torch.Tensor,
    which: torch.Tensor,
    margin: float,
    canvas: Canvas,
) -> None:
    """Draw the sheets under what is there.

    seen: one sample a pixel.    photo: (G, 2) pixels.    pictures: (n, h, w, 4) premultiplied with `margin` pixels
    around, of which frame b wears the one at which (B,)[b].
    """
    layer, uv = canvas.layer.view(-1, 4), canvas.uv.view(-1, 2)
    triangle = seen.triangle.flatten()
    pixel = ((triangle >= 0) & (1 - layer[:, 3] >= 1e-4)).nonzero()[:, 0]
    triangle = triangle[pixel]
    place = interpolate(photo, mesh.triangles[triangle], seen.weights.view(-1, 2)[pixel])
    frame = pixel // (canvas.depth.shape[1] * canvas.depth.shape[2])
    rgba = fetch(pictures, which[frame], place[:, 0] + margin, place[:, 1] + margin)
    layer[pixel] += rgba * (1 - layer[pixel, 3:])
    new = (canvas.ids.view(-1)[pixel] == 0) & (layer[pixel, 3] > 0.25)
    pixel = pixel[new]
    uv[pixel] = place[new]
    canvas.depth.view(-1)[pixel] = seen.depth.flatten()[pixel]
    canvas.ids.view(-1)[pixel] = mesh.names[triangle[new]]


def compose(canvas: Canvas, background: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, H, W, 3) and (B, H, W, 4) uint8: plate and straight frame; finishes uv, depth and ids; see `shade.compose`.

    background: (B or 1, H, W, 3), 0..1.    size: width, height of the photo.
    """
    alpha = canvas.layer[..., 3:]
    plate = _bytes(canvas.layer[..., :3] + (1 - alpha) * background)
    straight = torch.where(alpha > 1e-3, _bytes(canvas.layer[..., :3] / alpha.clamp(min=1e-3)), plate)
    gone = alpha[..., 0] <= 0.5
    canvas.uv.div_(torch.tensor(size, dtype=torch.float32, device=alpha.device))
    canvas.uv[gone] = -1
    canvas.depth[gone] = torch.inf
    canvas.ids[gone] = 0
    return plate, torch.cat([straight, _bytes(alpha)], dim=-1)


def interpolate(values: torch.Tensor, corners: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(n, C) float32 of values (V, C) amid the corners (n, 3) by the weights (n, 2) of the first two."""
    wa, wb = weights[:, :1], weights[:, 1:]
    a, b, c = (values[corners[:, corner]] for corner in range(3))
    return a * wa + b * wb + c * (1 - wa - wb)


def fetch(images: torch.Tensor, which: torch.Tensor | int, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(n, C) bilinear samples of images (N, H, W, C) at pixel positions (centres at + 0.5), clamped at the edges."""
    height, width = images.shape[1:3]
    x, y = (x - 0.5).clamp(0, width - 1), (y - 0.5).clamp(0, height - 1)
    left, top = x.long(), y.long()
    right, bottom = (left + 1).clamp(max=width - 1), (top + 1).clamp(max=height - 1)
    fx, fy = (x - left)[:, None], (y - top)[:, None]
    upper, lower = (images[which, row, left] * (1 - fx) + images[which, row, right] * fx for row in (top, bottom))
    return upper * (1 - fy) + lower * fy


def warped(picture: torch.Tensor, motions: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(B, H, W, C) what cameras of that width and height see of a picture (h, w, C) that goes on in mirror images.

    motions: (B, 3, 3) float64, its pixels to theirs. As OpenCV's warpPerspective, with pixel centres at whole numbers.
    """
    height, width = picture.shape[:2]
    x, y = (torch.arange(count, device=picture.device, dtype=torch.float64) for count in size)
    back = torch.linalg.inv(motions.cpu()).to(motions)[..., None, None]
    across, down, over = (row[:, 0] * x + row[:, 1] * y[:, None] + row[:, 2] for row in back.unbind(1))
    x, y = across / over, down / over
    left, top = x.floor(), y.floor()
    fx, fy = ((value - whole).float()[..., None] for value, whole in ((x, left), (y, top)))
    columns, rows = (
        [_mirrored(whole + step, count) for step in (0, 1)] for whole, count in ((left, width), (top, height))
    )
    upper, lower = (picture[row, columns[0]] * (1 - fx) + picture[row, columns[1]] * fx for row in rows)
    return upper * (1 - fy) + lower * fy


def _mirrored(index: torch.Tensor, count: int) -> torch.Tensor:
    """Whole numbers brought into 0 .. count - 1, by mirrors that stand on the first and the last."""
    around = index.remainder(max(1, 2 * (count - 1)))
    return torch.where(around >= count, 2 * (count - 1) - around, around).long()


def _by_pixel(values: torch.Tensor) -> torch.Tensor:
    """(B, H * S, W * S, ...) samples -> (B * H * W, S * S, ...), each pixel's row after row."""
    side = shade.SAMPLES
    frames, height, width = values.shape[:3]
    rest = values.shape[3:]
    apart = values.reshape(frames, height // side, side, width // side, side, *rest)
    return apart.transpose(2, 3).reshape(-1, side * side, *rest)


def _gathered(values: torch.Tensor, entry: torch.Tensor) -> torch.Tensor:
    """(n, S, ...) of values (m, ...) at entry (n, S), zero where that is m."""
    return torch.cat([values, torch.zeros_like(values[:1])])[entry]


def _shade(values: torch.Tensor, kinds: torch.Tensor, paint: Paint, eye_still: torch.Tensor) -> torch.Tensor:
    """(n, 4) premultiplied samples of the head: values (n, shade.ATTRIBUTES), kinds (n,), eye_still (n,)."""
    own = fetch(paint.photo, 0, values[:, shade.PHOTO_X], values[:, shade.PHOTO_Y])
    matte = own[:, 3]
    keep, fill = values[:, shade.FROM_PHOTO].clone(), values[:, shade.FILL_R : shade.FILL_B + 1].clone()

    eye = (kinds > 0).nonzero()[:, 0]
    across, down = values[eye, shade.U] * paint.eyes.shape[2], values[eye, shade.V] * paint.eyes.shape[1]
    ball = fetch(paint.eyes, kinds[eye] - 1, across, down)
    fill[eye], keep[eye] = ball[:, :3], eye_still[eye] + (1 - eye_still[eye]) * ball[:, 3]

    lid = ((kinds == 0) & (values[:, shade.SHUT] > 0) & (keep < 1)).nonzero()[:, 0]
    shut = fetch(paint.shut, 0, values[lid, shade.SHUT_X], values[lid, shade.SHUT_Y])
    fill[lid] += (shut[:, :3] - fill[lid]) * values[lid, shade.SHUT, None]

    # what has moved is not see-through where the photo's outline was
    keep = keep * (1 - values[:, shade.SOLID] * (1 - matte))
    cover = values[:, shade.COVER] * (1 - keep + keep * matte)
    light, keep = (values[:, shade.LIGHT] * cover)[:, None], keep[:, None]
    return torch.cat([(own[:, :3] * keep + fill * (1 - keep)) * light, cover[:, None]], dim=1)


def _bytes(values: torch.Tensor) -> torch.Tensor:
    return (values.clamp(0, 1) * 255 + 0.5).to(torch.uint8)
