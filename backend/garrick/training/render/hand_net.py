"""The hand generator: a small U-Net that says what to add to a drawn hand, with the rendered hand injected at every scale.

Injection is ChatAnyone's (eq. 5): f <- f + AdaIN(I_hand), here with a scale and a shift of each pixel from features of the
rendered hand, and the statistics of the hand's own pixels. What adds begins at zero, so an untrained net changes nothing.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from garrick.training.render.hand_view import INJECTED, TONES
from garrick.training.render.net import Block, begin_at_nothing

WIDTH = 24
_MOST = 0.5  # of the range 0..1 that a colour may be changed by
_GREY, _SPREAD = 0.5, 0.25  # of colours, about


class Injection(nn.Module):
    """AdaIN of one scale: f (B, C, s, s), rendered (B, H, s, s), hand (B, 1, s, s) -> what is added to f."""

    def __init__(self, width: int, rendered: int) -> None:
        super().__init__()
        self.seen = nn.Conv2d(rendered, rendered, 3, padding=1)
        self.style = nn.Conv2d(rendered, 2 * width, 1)
        begin_at_nothing(self, self.style)

    def forward(self, f: torch.Tensor, rendered: torch.Tensor, hand: torch.Tensor) -> torch.Tensor:
        count = hand.sum(dim=(2, 3), keepdim=True) + 1
        mean = (f * hand).sum(dim=(2, 3), keepdim=True) / count
        variance = ((f - mean).square() * hand).sum(dim=(2, 3), keepdim=True) / count
        scale, shift = self.style(torch.relu(self.seen(torch.relu(rendered)))).chunk(2, dim=1)
        return hand * (scale * (f - mean) / torch.sqrt(variance + 1e-2) + shift)


class HandGenerator(nn.Module):
    """colour (B, 3, S, S) 0..1, injected (B, len(INJECTED), S, S), tones (B, 9) 0..1 -> what to add (B, 3, S, S).

    S is a multiple of 8. Without injection it knows of the rendered hand only where it is.
    """

    def __init__(self, width: int = WIDTH, injecting: bool = True) -> None:
        super().__init__()
        widths, rendered = (width, 2 * width, 3 * width), (width // 2 * 2, width, width)
        self.stem = nn.Conv2d(16 + 3 * len(TONES), widths[0], 3, padding=1)
        self.before = Block(widths[0])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.inner = nn.ModuleList(Block(b) for b in widths[1:])
        self.middle = Block(widths[-1])
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.outer = nn.ModuleList(Block(a) for a in widths[:-1])
        self.last = nn.Conv2d(widths[0], 12, 3, padding=1)
        begin_at_nothing(self, self.last)
        self.look = nn.ModuleList()
        self.inject = nn.ModuleList()
        if injecting:
            self.look.append(nn.Conv2d(4 * len(INJECTED), rendered[0], 3, padding=1))
            self.look.extend(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(rendered))
            self.inject.extend(Injection(a, b) for a, b in zip(widths, rendered, strict=True))

    def forward(self, colour: torch.Tensor, injected: torch.Tensor, tones: torch.Tensor) -> torch.Tensor:
        hand = injected[:, -1:]
        told = (tones[..., None, None] - _GREY) / _SPREAD
        shown = nn.functional.pixel_unshuffle(torch.cat([(colour - _GREY) / _SPREAD, hand], dim=1), 2)
        x = torch.cat([shown, told.expand(-1, -1, shown.shape[2], shown.shape[3])], dim=1)
        masks, rendered = [nn.functional.avg_pool2d(hand, 2)], []
        for _ in self.down:
            masks.append(nn.functional.avg_pool2d(masks[-1], 2))
        for level, look in enumerate(self.look):
            rendered.append(look(torch.relu(rendered[-1]) if level else nn.functional.pixel_unshuffle(injected, 2)))
        kept = [self.before(self.stem(x))]
        for down, inner in zip(self.down, self.inner, strict=True):
            kept.append(inner(down(torch.relu(kept[-1]))))
        x = self.middle(self._injected(kept.pop(), len(self.down), rendered, masks))
        for level in reversed(range(len(self.up))):
            x = nn.functional.interpolate(self.up[level](torch.relu(x)), scale_factor=2, mode="nearest") + kept.pop()
            x = self.outer[level](self._injected(x, level, rendered, masks))
        return _MOST * torch.tanh(nn.functional.pixel_shuffle(self.last(torch.relu(x)), 2))

    def _injected(
        self, f: torch.Tensor, level: int, rendered: list[torch.Tensor], masks: list[torch.Tensor]
    ) -> torch.Tensor:
        return f + self.inject[level](f, rendered[level], masks[level]) if self.inject else f
