"""The face diffusion transformer: noise -> motion of mouth and head, under a voice (after ChatAnyone 2025, stage 1).

As there: six layers; the voice and the motion so far come in by cross-attention, the asked ranges of expression and
pose by adaptive layer norm, and a reference of somebody's style stands beside the noise in the sequence. Three things
differ. The mean of the reference also joins the asked ranges, as much of a manner is how much of which weight. Time is
cut into patches of two frames, which halves the work. And the net predicts the motion itself, not the noise: the way
from noise to motion is straight (x_t = (1 - t) x_0 + t e) and walked in few steps from t = 1, where a predicted noise
says nothing about the motion and its error is multiplied, while a predicted motion is already the mean of what may come.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from garrick.motion.diffusion.channels import CHANNELS, MOUTH
from garrick.motion.diffusion.hearing import FEATURES
from garrick.motion.diffusion.windows import BEFORE, HISTORY, PATCH, REFERENCE, ROWS

_NEAR = 6  # patches of the voice either side that a patch of motion hears
_FAR = 24  # patches from which on all distances look alike
_SHUT = -1e4  # score of what must not be seen
_TIMES = 16  # waves by which t is told


@dataclass(frozen=True)
class Size:
    """How large the net is. dropout, deafness: share of inner values, and of what is heard, that training leaves out."""

    width: int = 96
    layers: int = 6
    heads: int = 4
    hidden: int = 3
    dropout: float = 0.3
    deafness: float = 0.5


class Listener(nn.Module):
    """(B, ROWS (N + 2 BEFORE), FEATURES) heard -> (B, N + 2 BEFORE, width): one token a patch, with its surroundings."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, size: Size, features: int = FEATURES) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.stem = nn.Linear(ROWS * features, size.width)
        self.norms = nn.ModuleList(nn.LayerNorm(size.width) for _ in range(3))
        self.blocks = nn.ModuleList(nn.Conv1d(size.width, size.width, 3, padding=1) for _ in range(3))
        self.drop = nn.Dropout(size.dropout)
        self.deafen = nn.Dropout1d(size.deafness)

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        batch, rows, features = heard.shape
        known = self.deafen(((heard - self.mean) / self.deviation).transpose(1, 2)).transpose(1, 2)
        x = self.stem(known.reshape(batch, rows // ROWS, ROWS * features))
        for norm, block in zip(self.norms, self.blocks, strict=True):
            x = x + self.drop(nn.functional.gelu(block(norm(x).transpose(1, 2)).transpose(1, 2)))
        return x


class Backbone(nn.Module):
    """What the nets of face and body share: how noise, voice, motion so far and noise level come in, and the layers."""

    waves: torch.Tensor

    def __init__(self, size: Size, channels: int) -> None:
        super().__init__()
        width = size.width
        self.noisy = nn.Linear(PATCH * channels, width)
        self.now = nn.Linear(width, width)
        self.before = nn.Linear(PATCH * channels, width)
        self.nothing_before = nn.Parameter(torch.zeros(width))
        self.register_buffer("waves", torch.logspace(0, 2, _TIMES), persistent=False)
        self.when = nn.Sequential(nn.Linear(2 * _TIMES, width), nn.SiLU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(Layer(size) for _ in range(size.layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, PATCH * channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def begin(self, noisy: torch.Tensor, voice: torch.Tensor) -> torch.Tensor:
        """(B, PATCH N, C) noisy motion and (B, N + 2 BEFORE, width) voice -> (B, N, width)."""
        x = self.noisy(patched(noisy))
        return x + self.now(voice[:, BEFORE : BEFORE + x.shape[1]])

    def past(self, before: torch.Tensor, begun: torch.Tensor) -> torch.Tensor:
        """(B, PATCH HISTORY, C) motion so far, where (B,) is 1 -> (B, HISTORY, width)."""
        known = begun[:, None, None]
        return self.before(patched(before)) * known + self.nothing_before * (1 - known)

    def level(self, t: torch.Tensor) -> torch.Tensor:
        """(B,) noise levels -> (B, width)."""
        angles = t[:, None] * self.waves
        return self.when(torch.cat([angles.sin(), angles.cos()], dim=1))


class Denoiser(Backbone):
    """One step: noisy motion and all that it depends on -> motion.

    What the voice says straight away is added to what the layers find; they learn the rest.
    velocity: the layers predict the way from motion to noise, e - x_0, and the motion follows from it.
    """

    def __init__(self, size: Size, velocity: bool = False) -> None:
        super().__init__(size, len(CHANNELS))
        width = size.width
        self.velocity = velocity
        self.style = nn.Linear(PATCH * len(MOUTH), width)
        self.style_places = nn.Parameter(torch.randn(REFERENCE, width) * 0.02)
        self.manner = nn.Sequential(nn.Linear(PATCH * len(MOUTH), width), nn.SiLU())
        self.manners = nn.Linear(width, width, bias=False)
        self.ranges = nn.Sequential(nn.Linear(2, width), nn.SiLU(), nn.Linear(width, width))
        self.straight = nn.Linear(width, PATCH * len(CHANNELS))
        self.share = nn.Linear(width, 2 * PATCH * len(CHANNELS))
        nn.init.zeros_(self.share.weight)
        nn.init.zeros_(self.share.bias)

    def forward(
        self,
        noisy: torch.Tensor,
        t: torch.Tensor,
        voice: torch.Tensor,
        before: torch.Tensor,
        begun: torch.Tensor,
        reference: torch.Tensor,
        ranges: torch.Tensor,
        trust: torch.Tensor,
    ) -> torch.Tensor:
        """Everything in normalised units.

        noisy:     (B, PATCH N, 22) at noise level t: (B,), 1 pure noise .. 0 motion.
        voice:     (B, N + 2 BEFORE, width) from the Listener.
        before:    (B, PATCH HISTORY, 22) the motion so far.
        begun:     (B,) 1 where there is some, 0 at the start of a clip.
        reference: (B, PATCH REFERENCE, 16) pairs of frames of a mouth, in order of time, or (B, 0, 16) for none.
        ranges:    (B, 2) binary logarithm of the asked range of expression and pose over the usual one.
        trust:     (B,) 0..1 share of what the layers find that is added to what the voice says straight away.
        Returns (B, PATCH N, 22).
        """
        x = self.begin(noisy, voice)
        patches = x.shape[1]
        seen = patched(reference)
        style = self.style(seen)
        style = style + self.style_places[: style.shape[1]]
        manner = self.manners(self.manner(seen).sum(dim=1) / REFERENCE)
        asked = self.level(t) + self.ranges(ranges) + manner
        history = self.past(before, begun)
        x = torch.cat([x, style], dim=1)
        places = Places.of(patches, style.shape[1], x.device)
        for layer in self.layers:
            x = layer(x, voice, history, asked, places)
        gain, shift = self.share(asked)[:, None].chunk(2, dim=-1)
        said = self.straight(voice[:, BEFORE : BEFORE + patches]) * (1 + gain) + shift
        found = self.out(self.norm(x[:, :patches]))
        if self.velocity:
            found = patched(noisy) - t[:, None, None] * found - said
        return (said + found * trust[:, None, None]).reshape(noisy.shape)


@dataclass(frozen=True)
class Places:
    """Which row of a table of biases each pair of tokens has.

    itself:  (N + R, N + R) of R patches of style; the last three rows are motion to style, style to motion, style to style.
    voice:   (N, N + 2 BEFORE); the last row is for what is too far to be heard.
    history: (N, HISTORY).
    """

    itself: torch.Tensor
    voice: torch.Tensor
    history: torch.Tensor

    @classmethod
    def of(cls, patches: int, styles: int, device: torch.device) -> Places:
        own = torch.arange(patches, device=device)
        apart = (own[None, :] - own[:, None]).clamp(-_FAR, _FAR) + _FAR
        style = torch.zeros(styles, dtype=own.dtype, device=device)
        upper = torch.cat([apart, own[:, None] * 0 + style + 2 * _FAR + 1], dim=1)
        lower = torch.cat([style[:, None] + own * 0 + 2 * _FAR + 2, style[:, None] + style + 2 * _FAR + 3], dim=1)
        sound = torch.arange(patches + 2 * BEFORE, device=device) - BEFORE
        away = sound[None, :] - own[:, None]
        voice = torch.where(away.abs() <= _NEAR, away + _NEAR, torch.full_like(away, 2 * _NEAR + 1))
        past = torch.arange(HISTORY, device=device) - HISTORY
        return cls(torch.cat([upper, lower]), voice, (own[:, None] - past[None, :]).clamp(max=_FAR))


class Layer(nn.Module):
    """Self-attention, the voice, the motion so far, two linear layers; norms answer to t and to the asked ranges."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        width = size.width
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(4))
        self.asked = nn.Linear(width, 8 * width)
        nn.init.zeros_(self.asked.weight)
        nn.init.zeros_(self.asked.bias)
        self.itself = Attention(size, 2 * _FAR + 4)
        self.voice = Attention(size, 2 * _NEAR + 2)
        self.history = Attention(size, _FAR + 1)
        self.hear = nn.LayerNorm(width)
        self.recall = nn.LayerNorm(width)
        self.wide = nn.Linear(width, size.hidden * width)
        self.narrow = nn.Linear(size.hidden * width, width)
        self.drop = nn.Dropout(size.dropout)

    def forward(
        self, x: torch.Tensor, voice: torch.Tensor, history: torch.Tensor, asked: torch.Tensor, places: Places
    ) -> torch.Tensor:
        changes = self.asked(nn.functional.silu(asked))[:, None].chunk(8, dim=-1)
        y = self.norms[0](x) * (1 + changes[0]) + changes[1]
        x = x + self.drop(self.itself(y, y, places.itself))
        patches = places.voice.shape[0]
        motion, style = x[:, :patches], x[:, patches:]
        y = self.norms[1](motion) * (1 + changes[2]) + changes[3]
        motion = motion + self.drop(self.voice(y, self.drop(self.hear(voice)), places.voice, shut=2 * _NEAR + 1))
        y = self.norms[2](motion) * (1 + changes[4]) + changes[5]
        motion = motion + self.drop(self.history(y, self.recall(history), places.history))
        x = torch.cat([motion, style], dim=1)
        y = self.norms[3](x) * (1 + changes[6]) + changes[7]
        return x + self.drop(self.narrow(nn.functional.gelu(self.wide(y))))


class Attention(nn.Module):
    """Heads that look from (B, Q, W) at (B, K, W); each pair's score has a learned bias by its place."""

    def __init__(self, size: Size, places: int) -> None:
        super().__init__()
        self.heads = size.heads
        self.asking = nn.Linear(size.width, size.width)
        self.answering = nn.Linear(size.width, 2 * size.width)
        self.mix = nn.Linear(size.width, size.width)
        self.bias = nn.Parameter(torch.zeros(places, size.heads))

    def forward(self, x: torch.Tensor, y: torch.Tensor, places: torch.Tensor, shut: int | None = None) -> torch.Tensor:
        queries = self._split(self.asking(x))
        keys, values = (self._split(part) for part in self.answering(y).chunk(2, dim=-1))
        bias = self.bias[places].permute(2, 0, 1)
        if shut is not None:
            bias = bias.masked_fill((places == shut)[None], _SHUT)
        scores = queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5 + bias
        seen = torch.softmax(scores, dim=-1) @ values
        batch, _, count, _ = seen.shape
        return self.mix(seen.transpose(1, 2).reshape(batch, count, -1))

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        """(B, T, W) -> (B, heads, T, W / heads)."""
        batch, count, width = x.shape
        return x.reshape(batch, count, self.heads, width // self.heads).transpose(1, 2)


class FaceNet(nn.Module):
    """Both parts, as they are trained."""

    def __init__(self, size: Size, velocity: bool = False) -> None:
        super().__init__()
        self.size = size
        self.listener = Listener(size)
        self.denoiser = Denoiser(size, velocity)


def patched(frames: torch.Tensor) -> torch.Tensor:
    """(B, PATCH N, C) -> (B, N, PATCH C)."""
    batch, count, channels = frames.shape
    return frames.reshape(batch, count // PATCH, PATCH * channels)
