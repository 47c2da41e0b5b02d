"""The face-region net: a small U-Net that says what to add to the colours.

It works at half the crop's size, each pixel of it four of the crop's. There is no normalisation: a frame's result depends on
nothing but the frame. The last layer begins at zero, so an untrained net changes nothing.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from garrick.rendering.refine.cues import CUES

WIDTH = 16
_MOST = 0.5  # of the range 0..1 that a colour may be changed by


class Block(nn.Module):
    """Two convolutions, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(torch.relu(self.first(torch.relu(x))))


def begin_at_nothing(net: nn.Module, *last: nn.Conv2d) -> None:
    """Set to zero what the last layers say, and what blocks add."""
    for layer in last:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)  # pyright: ignore[reportArgumentType]
    for block in (m for m in net.modules() if isinstance(m, Block)):
        nn.init.zeros_(block.second.weight)


class FaceRefiner(nn.Module):
    """colour (B, 3, S, S) 0..1 and cues (B, len(CUES), S / 2, S / 2) -> what to add to the colour (B, 3, S, S).

    S is a multiple of 16.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        widths = (width, 2 * width, 4 * width, 5 * width)
        self.stem = nn.Conv2d(12 + len(CUES), widths[0], 3, padding=1)
        self.before = Block(widths[0])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.inner = nn.ModuleList(Block(b) for b in widths[1:])
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.outer = nn.ModuleList(Block(a) for a in widths[:-1])
        self.last = nn.Conv2d(widths[0], 12, 3, padding=1)
        begin_at_nothing(self, self.last)

    def forward(self, colour: torch.Tensor, cues: torch.Tensor) -> torch.Tensor:
        x = torch.cat([nn.functional.pixel_unshuffle(2 * colour - 1, 2), cues], dim=1)
        kept = [self.before(self.stem(x))]
        for down, inner in zip(self.down, self.inner, strict=True):
            kept.append(inner(down(torch.relu(kept[-1]))))
        x = kept.pop()
        for up, outer in zip(reversed(self.up), reversed(self.outer), strict=True):
            x = outer(nn.functional.interpolate(up(torch.relu(x)), scale_factor=2, mode="nearest") + kept.pop())
        return _MOST * torch.tanh(nn.functional.pixel_shuffle(self.last(torch.relu(x)), 2))
