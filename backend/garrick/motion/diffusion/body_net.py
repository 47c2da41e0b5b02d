"""The body diffusion transformer: noise -> motion of arms, hands and spine, under a voice and a face.

As in ChatAnyone (2025, section 3.2): two layers; the voice, the points of the face and the person's build come in by
cross-attention, and so does the motion so far; how much is asked comes in by adaptive layer norm. Where strokes shall end,
which the planner decides, joins what is heard: the beat is a promise and not a guess. Patches, straight ways and the
predicted motion are those of the face's net (`garrick.motion.diffusion.net`).
"""

from __future__ import annotations

import torch
from torch import nn

from garrick.motion.diffusion.net import Layer, Listener, Places, Size, patched
from garrick.motion.diffusion.upper_body import CHANNELS, KNOWN
from garrick.motion.diffusion.windows import BEFORE, PATCH

_TIMES = 16

SIZE = Size(width=128, layers=2, dropout=0.1, deafness=0.15)


class BodyDenoiser(nn.Module):
    """One step: noisy motion and all that it depends on -> motion."""

    waves: torch.Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        width = size.width
        self.noisy = nn.Linear(PATCH * CHANNELS, width)
        self.now = nn.Linear(width, width)
        self.before = nn.Linear(PATCH * CHANNELS, width)
        self.nothing_before = nn.Parameter(torch.zeros(width))
        self.register_buffer("waves", torch.logspace(0, 2, _TIMES), persistent=False)
        self.when = nn.Sequential(nn.Linear(2 * _TIMES, width), nn.SiLU(), nn.Linear(width, width))
        self.amount = nn.Sequential(nn.Linear(1, width), nn.SiLU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(Layer(size) for _ in range(size.layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, PATCH * CHANNELS)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self,
        noisy: torch.Tensor,
        t: torch.Tensor,
        voice: torch.Tensor,
        before: torch.Tensor,
        begun: torch.Tensor,
        amount: torch.Tensor,
    ) -> torch.Tensor:
        """Everything in normalised units.

        noisy:  (B, PATCH N, CHANNELS) at noise level t: (B,), 1 pure noise .. 0 motion.
        voice:  (B, N + 2 BEFORE, width) from the Listener, of `upper_body.known`.
        before: (B, PATCH HISTORY, CHANNELS) the motion so far.    begun: (B,) 1 where there is some.
        amount: (B, 1) binary logarithm of how much is gestured.
        Returns (B, PATCH N, CHANNELS).
        """
        x = self.noisy(patched(noisy))
        patches = x.shape[1]
        x = x + self.now(voice[:, BEFORE : BEFORE + patches])
        known = begun[:, None, None]
        history = self.before(patched(before)) * known + self.nothing_before * (1 - known)
        angles = t[:, None] * self.waves
        asked = self.when(torch.cat([angles.sin(), angles.cos()], dim=1)) + self.amount(amount)
        places = Places.of(patches, 0, x.device)
        for layer in self.layers:
            x = layer(x, voice, history, asked, places)
        return self.out(self.norm(x)).reshape(noisy.shape)


class BodyNet(nn.Module):
    """Both parts, as they are trained."""

    def __init__(self, size: Size = SIZE) -> None:
        super().__init__()
        self.size = size
        self.listener = Listener(size, KNOWN)
        self.denoiser = BodyDenoiser(size)
