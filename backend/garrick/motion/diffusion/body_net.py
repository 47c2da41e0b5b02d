"""The body diffusion transformer: noise -> motion of arms, hands and spine, under a voice and a face.

As in ChatAnyone (2025, section 3.2): two layers; the voice, the points of the face and the person's build come in by
cross-attention, and so does the motion so far; how much is asked comes in by adaptive layer norm. Where strokes shall end,
which the planner decides, joins what is heard: the beat is a promise and not a guess. Patches, straight ways and the
predicted motion are those of the face's net (`garrick.motion.diffusion.net`).
"""

from __future__ import annotations

import torch
from torch import nn

from garrick.motion.diffusion.net import Backbone, Listener, Places, Size
from garrick.motion.diffusion.upper_body import CHANNELS, KNOWN

SIZE = Size(width=128, layers=2, dropout=0.1, deafness=0.15)


class BodyDenoiser(Backbone):
    """One step: noisy motion and all that it depends on -> motion."""

    def __init__(self, size: Size) -> None:
        super().__init__(size, CHANNELS)
        self.amount = nn.Sequential(nn.Linear(1, size.width), nn.SiLU(), nn.Linear(size.width, size.width))

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
        x = self.begin(noisy, voice)
        history = self.past(before, begun)
        asked = self.level(t) + self.amount(amount)
        places = Places.of(x.shape[1], 0, x.device)
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
