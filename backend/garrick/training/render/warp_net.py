"""The warping generator: features of the photo are warped to the frame and decoded to what must be added to it.

The way is given by geometry, and a net adds to it and says what is hidden (occlusion). The decoder is modulated by what
geometry knows of each pixel (SPADE, Park et al. 2019), and what is rendered is injected at three scales (ChatAnyone, eq. 5).
Features are normalised at each pixel by itself, so a part of a frame gives what the whole gives, but for injection, which
looks at all of a hand. Whatever adds begins at zero: an untrained net changes nothing.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, pixel_shuffle, pixel_unshuffle

from garrick.training.render.hand_net import Injection
from garrick.training.render.net import Block, begin_at_nothing

WIDTH = 20
_MOST = 0.5  # of the range 0..1 that a colour may be changed by
_FARTHEST = 0.15  # of half the square, that the way may be changed by
_SEEN = 2.0  # logit of what is not hidden, of an untrained net
_GREY, _SPREAD = 0.5, 0.25  # of colours, about


class SpadeBlock(nn.Module):
    """Two convolutions added to what came in; told (B, T, s, s) scales and shifts what they see of it."""

    def __init__(self, width: int, told: int) -> None:
        super().__init__()
        self.told = nn.Conv2d(told, width, 3, padding=1)
        self.style = nn.Conv2d(width, 4 * width, 1)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        begin_at_nothing(self, self.style)
        nn.init.zeros_(self.second.weight)

    def forward(self, f: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        style = self.style(torch.relu(self.told(told))).chunk(4, dim=1)
        x = self.first(torch.relu(normalised(f) * (1 + style[0]) + style[1]))
        return f + self.second(torch.relu(normalised(x) * (1 + style[2]) + style[3]))


class WarpingGenerator(nn.Module):
    """-> what to add to the colour (B, 3, S, S).

    colour (B, 3, S, S) 0..1, photo (B, 3, P, P) 0..1, flow (B, 2, S / 2, S / 2) as `WarpView.flow`, told and injected
    (B, n, S / 2, S / 2). S and P are multiples of 8. Without injection it knows of what is injected only where it is.
    """

    def __init__(self, told: int, injected: int, width: int = WIDTH, injecting: bool = True) -> None:
        super().__init__()
        widths, known = (width, 2 * width, 3 * width), told + 4
        self.see = nn.Conv2d(12, widths[0], 3, padding=1)
        self.farther = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.features = nn.ModuleList(Block(b) for b in widths[1:])
        self.ask = nn.Conv2d(widths[1] + known, widths[1], 3, padding=1)
        self.think = nn.ModuleList(Block(widths[1]) for _ in range(2))
        self.motion = nn.Conv2d(widths[1], 3, 3, padding=1)
        self.stem = nn.Conv2d(24, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.decode = nn.ModuleList(SpadeBlock(w, known) for w in widths)
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.last = nn.Conv2d(widths[0], 16, 3, padding=1)
        begin_at_nothing(self, self.motion, self.last)
        self.look, self.inject = nn.ModuleList(), nn.ModuleList()
        if injecting:
            rendered = (width, width, width)
            self.look.append(nn.Conv2d(injected, rendered[0], 3, padding=1))
            self.look.extend(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(rendered))
            self.inject.extend(Injection(a, b) for a, b in zip(widths, rendered, strict=True))

    def forward(
        self, colour: torch.Tensor, photo: torch.Tensor, flow: torch.Tensor, told: torch.Tensor, injected: torch.Tensor
    ) -> torch.Tensor:
        levels = range(len(self.decode))
        where = scales(injected[:, -1:], len(levels))
        shown = scales(torch.cat([told, (avg_pool2d(colour, 2) - _GREY) / _SPREAD, where[0]], dim=1), len(levels))
        seen = self._appearance((photo - _GREY) / _SPREAD)
        added, clear = self._motion(seen[1], flow, shown[1])
        flow = flow + larger(added)
        clear = larger(clear)
        taken = grid_sample(photo, larger(flow).permute(0, 2, 3, 1), padding_mode="border", align_corners=False)
        pictures = (torch.cat([colour, taken], dim=1) - _GREY) / _SPREAD
        kept = [self.stem(pixel_unshuffle(pictures, 2))]
        for down in self.down:
            kept.append(down(torch.relu(kept[-1])))
        ways, clears = scales(flow, len(levels)), scales(clear, len(levels))
        kept = [f + warped(s, way) * c for f, s, way, c in zip(kept, seen, ways, clears, strict=True)]
        rendered: list[torch.Tensor] = []
        for level, look in enumerate(self.look):
            rendered.append(look(torch.relu(rendered[-1]) if level else injected))
        x = kept.pop()
        for level in reversed(levels):
            x = self.decode[level](x, shown[level])
            if self.inject:
                x = x + self.inject[level](x, rendered[level], where[level])
            if level:
                x = larger(self.up[level - 1](torch.relu(x))) + kept.pop()
        change, share = pixel_shuffle(self.last(torch.relu(x)), 2).split([3, 1], dim=1)
        return _MOST * torch.tanh(change) + torch.tanh(share) * (taken - colour)

    def _appearance(self, photo: torch.Tensor) -> list[torch.Tensor]:
        """Features of the photo at three scales, the finest first."""
        seen = [self.see(pixel_unshuffle(photo, 2))]
        for farther, features in zip(self.farther, self.features, strict=True):
            seen.append(features(farther(torch.relu(seen[-1]))))
        return seen

    def _motion(self, seen: torch.Tensor, flow: torch.Tensor, shown: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What to add to the way, and how much is not hidden (0..1), at the middle scale."""
        x = self.ask(torch.cat([warped(seen, flow[..., ::2, ::2]), shown], dim=1))
        for think in self.think:
            x = think(x)
        way, clear = self.motion(torch.relu(x)).split([2, 1], dim=1)
        return _FARTHEST * torch.tanh(way), torch.sigmoid(clear + _SEEN)


def normalised(f: torch.Tensor) -> torch.Tensor:
    """Mean 0 and deviation 1 over the channels of each pixel."""
    mean = f.mean(dim=1, keepdim=True)
    return (f - mean) * torch.rsqrt((f - mean).square().mean(dim=1, keepdim=True) + 1e-4)


def warped(seen: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """Features (B, C, h, w) taken from where the flow (B, 2, s, s) says -> (B, C, s, s)."""
    return grid_sample(seen, flow.permute(0, 2, 3, 1), padding_mode="border", align_corners=False)


def scales(maps: torch.Tensor, count: int) -> list[torch.Tensor]:
    """The same at each scale, the finest first."""
    found = [maps]
    while len(found) < count:
        found.append(avg_pool2d(found[-1], 2))
    return found


def larger(maps: torch.Tensor) -> torch.Tensor:
    """Twice as large."""
    return interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)
