"""The lively mouth while somebody speaks: the same net as in `face`, on the sound that has been heard so far.

A window of the net ends where the sound does and is begun anew with more of it. Frames that have been shown are held as
they are, those just after them fade from what was made before to what is made now, and the frames before the window are the
net's history; so the motion is one piece. It differs from a whole clip's by what the net is not told: the sounds after
the window, and the colour of the voice beyond the last seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.motion.diffusion import face, hearing, sampler
from garrick.motion.diffusion.channels import CHANNELS, MOUTH, RATE
from garrick.motion.diffusion.windows import HISTORY, PATCH, heard_around
from garrick.speech.speech import Phone, Prosody, Speech

GRID = 0.2
"""Seconds of which the start of a sound must be a multiple: whole patches, rows and frames."""

_WINDOW = 16  # frames
_STEPS = 2  # the mouth is the first step's nearly alone (`sampler.VARIETY`)
_TRUST = 0.5  # as in `sampler`: of what the layers find, the first step believes so much
_TIED = 2  # frames after the last one shown that lean on what was made before
_KEPT = 90  # frames
_COLUMNS = [ARKIT_INDEX[name] for name in MOUTH]


class LiveFace:
    """One speaker's mouth. The same calls give the same motion. Noise belongs to frames and is that of a whole clip."""

    def __init__(self, ctx: RunContext) -> None:
        self._ctx, self._rng = ctx, ctx.rng("lively face")
        self._noise = np.zeros((0, len(CHANNELS)), np.float32)
        self._motion = np.zeros((0, len(CHANNELS)), np.float32)  # in the net's units
        self._first = 0  # frame of the first row of both

    def hear(
        self, sound: np.ndarray, start: float, phones: Sequence[Phone], prosody: Prosody, shown: float = 0.0
    ) -> None:
        """Make the motion up to the end of a sound.

        sound: (N,) float32, 16 kHz, the latest, from `start` on: seconds of the stream, a multiple of `GRID`.
        phones, prosody: of that sound, in seconds since its start.    shown: seconds before which nothing changes.
        """
        before = round(start * RATE)
        count = int(len(sound) / Speech.SAMPLE_RATE * RATE) // PATCH * PATCH
        self._forget(before + count)
        self._draw(before + count)
        done = self._first + len(self._motion)
        if done < before:
            self._motion, self._noise, self._first, done = self._motion[:0], self._noise[:0], before, before
            self._draw(before + count)
        first = max(before, min(done, before + count - _WINDOW)) // PATCH * PATCH
        if first >= before + count:
            return
        heard = hearing.heard(sound, phones, prosody)
        frames = before + count - first
        known = self._motion[first - self._first :][:frames]
        held = int(np.clip(int(shown * RATE) + 2 - first, 0, len(known)))
        made = self._window(heard_around(heard, first - before, frames), first, frames, known, held)
        self._motion = np.concatenate([self._motion[: first - self._first], made])

    def say(self, speech: Speech, start: float) -> None:
        """Take over a speech that is known as a whole and begins at `start` seconds of the stream."""
        made = face.generate(speech, RATE, self._ctx)
        rows = np.concatenate([made.weights[:, _COLUMNS], made.angles, made.translation], axis=1)
        own = start + np.arange(len(rows)) / float(RATE)
        first = self._first + len(self._motion)
        frames = np.arange(first, int(own[-1] * RATE) // PATCH * PATCH)
        said = face.at_times(rows, own, np.maximum(frames / float(RATE), start))
        self._draw(first + len(frames))
        net = _net()
        self._motion = np.concatenate([self._motion, ((said - net.mean) / net.deviation).astype(np.float32)])

    def weights(self, times: np.ndarray) -> np.ndarray:
        """(F,) seconds of the stream -> (F, 52) weights of the mouth, 0..1; 0 where not learned or not yet known."""
        found = np.zeros((len(times), len(ARKIT_INDEX)))
        if len(self._motion):
            net, own = _net(), (self._first + np.arange(len(self._motion))) / float(RATE)
            mouth = (self._motion * net.deviation + net.mean)[:, : len(MOUTH)]
            found[:, _COLUMNS] = np.clip(face.at_times(mouth, own, np.maximum(times, own[0])), 0, 1)
        return found

    def _window(self, heard: np.ndarray, first: int, frames: int, known: np.ndarray, held: int) -> np.ndarray:
        """(frames, 22): the window from frame `first` on; the first `held` of the (k, 22) known ones stay as they are."""
        net, at = _net(), first - self._first
        history = PATCH * HISTORY
        given = sampler.Conditions(
            net.listen(heard),
            self._motion[at - history : at] if at >= history else None,
            np.zeros((0, len(MOUTH)), np.float32),
            np.zeros(2, np.float32),
        )
        old = np.clip((held + _TIED - np.arange(len(known))) / (_TIED + 1), 0, 1).astype(np.float32)[:, None]

        def step(noisy: np.ndarray, t: float) -> np.ndarray:
            clean = net.denoise(noisy, t, given, _TRUST if t == 1.0 else 1.0)
            clean[: len(known)] += (known - clean[: len(known)]) * old
            return clean

        noise = self._noise[at : at + frames]
        made = sampler.in_windows(lambda *_: step, noise, frames, 0, _STEPS, sampler.VARIETY, tell=lambda _: None)
        made[:held] = known[:held]
        return made

    def _draw(self, stop: int) -> None:
        """Have noise for the frames before `stop`."""
        more = stop - self._first - len(self._noise)
        if more > 0:
            drawn = self._rng.standard_normal((more, len(CHANNELS))).astype(np.float32)
            self._noise = np.concatenate([self._noise, drawn])

    def _forget(self, stop: int) -> None:
        """Keep what is needed for frames up to `stop`."""
        old = min(max(0, stop - _KEPT - self._first) // PATCH * PATCH, len(self._motion))
        self._motion, self._noise, self._first = self._motion[old:], self._noise[old:], self._first + old


@lru_cache(maxsize=1)
def _net() -> face.Net:
    return face.Net(face.NETS)
