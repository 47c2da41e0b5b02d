"""A voice, a face and the ends of strokes -> arms, hands and spine, as the body diffusion transformer moves them.

The net (`body_net`, trained by `python -m garrick.training.motion body`) has only ever seen bodies that the rules move:
no captured body may be used. So it knows what the rules know, drawn anew and without their stances; gestures that mean
something are laid over it from the vocabulary (`garrick.motion.body`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.bodies.hand import Side
from garrick.context import RunContext
from garrick.core.timing import frame_count, frame_times
from garrick.motion.diffusion import hearing
from garrick.motion.diffusion.channels import RATE
from garrick.motion.diffusion.face import NETS, at_times, session, units_of
from garrick.motion.diffusion.sampler import Step, in_windows
from garrick.motion.diffusion.upper_body import CHANNELS, build_of, decode, face_points, known, struck
from garrick.motion.diffusion.windows import HISTORY, PATCH, heard_around
from garrick.motion.gestures.plan import Stroke
from garrick.speech.speech import Speech

LISTENER, DENOISER = "body_voice.onnx", "body.onnx"
WINDOW, OVERLAP, STEPS = 160, 64, 6
_LEAST, _MOST = 0.4, 1.8  # amounts that it was taught
_CALM = 2.0  # frames, standard deviation: patches of two frames leave steps, and what is drawn trembles


@dataclass(frozen=True)
class LivelyBody:
    """What was made; frame i belongs to the i-th of the times asked for.

    pose:  (F, 13, 3) axis-angle of `BODY_JOINTS`; collars, neck and pelvis at rest.    hands: (F, 15, 3) of each.
    """

    pose: np.ndarray
    hands: dict[Side, np.ndarray]


def generate(
    speech: Speech,
    strokes: Sequence[Stroke],
    face: np.ndarray,
    angles: np.ndarray,
    identity: np.ndarray,
    times: np.ndarray,
    amount: float,
    ctx: RunContext,
    window: int = WINDOW,
) -> LivelyBody:
    """Move arms, hands and spine as the rules would, were they drawn anew.

    strokes: where hands beat.    face: (F, 52) ARKit weights.    angles: (F, 3) degrees of the head from where it rests.
    identity: (B,) of the person.    times: (F,) seconds of the frames.    amount: 0..2, how much is gestured.
    window: frames that are made at a time.
    The same speech, strokes, face, times, amount and seed give the same motion. Raises Cancelled.
    """
    count = -(-frame_count(speech.duration, RATE) // PATCH) * PATCH
    heard = hearing.heard(speech.waveform, speech.phones, speech.prosody)
    own = frame_times(count, RATE)
    points = face_points(at_times(face, times, own), at_times(angles, times, own))
    noise = ctx.rng("lively body").standard_normal((count, CHANNELS)).astype(np.float32)
    all_known = known(heard, struck(strokes, len(heard)), points, build_of(identity))
    motion = gaussian_filter1d(moved(_net(), all_known, noise, amount, window, ctx), _CALM, axis=0, mode="nearest")
    return LivelyBody(*decode(at_times(motion, own, times)))


def moved(
    net: BodyGraphs, all_known: np.ndarray, noise: np.ndarray, amount: float, window: int, ctx: RunContext
) -> np.ndarray:
    """(T, KNOWN) of `upper_body.known` and (F, CHANNELS) noise, F even -> (F, CHANNELS) motion in radians."""
    asked = np.log2(np.clip(amount, _LEAST, _MOST)).astype(np.float32)

    def window_at(first: int, stop: int, before: np.ndarray | None) -> Step:
        voice = net.listen(heard_around(all_known, first, stop - first))
        return lambda noisy, t: net.denoise(noisy, t, voice, before, asked)

    ctx.step("lively body", 0, len(noise))
    every = np.ones(CHANNELS, np.float32)
    made = in_windows(
        window_at, noise, window, OVERLAP, STEPS, every, lambda done: ctx.step("lively body", done, len(noise))
    )
    return made * net.deviation + net.mean


class BodyGraphs:
    """The two graphs, and the net's units."""

    def __init__(self, folder: Path) -> None:
        self._listener, self._denoiser = session(folder / LISTENER), session(folder / DENOISER)
        self.mean, self.deviation = units_of(self._denoiser)

    def listen(self, all_known: np.ndarray) -> np.ndarray:
        """(R, KNOWN) of a window and what is around it -> the voice as the net hears it."""
        (voice,) = self._listener.run(None, {"heard": all_known[None]})
        return np.asarray(voice)[0]

    def denoise(
        self, noisy: np.ndarray, t: float, voice: np.ndarray, before: np.ndarray | None, amount: np.ndarray
    ) -> np.ndarray:
        """See `body_net.BodyDenoiser`."""
        past = np.zeros((PATCH * HISTORY, CHANNELS), np.float32) if before is None else before
        given = {
            "noisy": noisy[None],
            "t": np.array([t], np.float32),
            "voice": voice[None],
            "before": past[None],
            "begun": np.array([before is not None], np.float32),
            "amount": amount.reshape(1, 1),
        }
        (motion,) = self._denoiser.run(None, given)
        return np.asarray(motion)[0]


@lru_cache(maxsize=1)
def _net() -> BodyGraphs:
    return BodyGraphs(NETS)
