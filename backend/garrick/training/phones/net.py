"""The net that hears phones: dilated convolutions over pairs of frames, in an offline and a streaming form."""

from __future__ import annotations

import torch
from torch import nn

from garrick.speech.acoustic import CLASSES
from garrick.speech.features import BANDS

WIDTH = 192
DILATIONS = (1, 2, 4, 8, 1, 2, 4)
_STEM = 6  # frames: two frames either side of a pair
_KERNEL = 3
PAIR = 2


class PhoneNet(nn.Module):
    """(B, 40, T) normalised mel bands -> (B, T, 42) logits of CLASSES; T is even.

    Two frames are one step inside, which halves the work; each step answers for both.
    causal: only blocks of dilation 1 look ahead. With the stem and half a window that makes 83 ms of look-ahead at
    most; the offline net sees 0.45 s either way.
    """

    def __init__(self, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        self.stem = nn.Conv1d(BANDS, WIDTH, _STEM, stride=PAIR, padding=(_STEM - PAIR) // 2, bias=False)
        self.stem_norm = nn.BatchNorm1d(WIDTH)
        self.blocks = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, _KERNEL, dilation=dilation, padding=0, bias=False) for dilation in DILATIONS
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) for _ in DILATIONS)
        self.mix = nn.Conv1d(WIDTH, WIDTH, 1)
        self.out = nn.Conv1d(WIDTH, PAIR * len(CLASSES), 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem_norm(self.stem(mels)))
        for block, norm, (left, right) in zip(self.blocks, self.norms, paddings(self.causal), strict=True):
            x = x + torch.relu(norm(block(nn.functional.pad(x, (left, right)))))
        x = self.out(self.drop(torch.relu(self.mix(x))))
        batch, _, steps = x.shape
        return (
            x.reshape(batch, PAIR, len(CLASSES), steps).permute(0, 3, 1, 2).reshape(batch, PAIR * steps, len(CLASSES))
        )


def paddings(causal: bool) -> list[tuple[int, int]]:
    """Steps before and after that each block pads, in order."""
    return [(dilation, dilation) if not causal or dilation == 1 else (2 * dilation, 0) for dilation in DILATIONS]
