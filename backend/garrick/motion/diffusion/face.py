"""A voice -> a lively mouth and head: what the face diffusion transformer adds to the rules.

The net (`net`, trained by `python -m garrick.training.motion`) has seen one woman's mouth speak Mandarin, captured, and
heads and mouths that the rules moved. So it knows how the mouth of a person travels between its shapes, and nothing of
eyes, lids, gaze, brows or cheeks: those weights are left to the rules, and so is what must hold, such as closed lips.
A performance takes its mouth only: the heads it learned from are the rules' own, so its heads are worth no more than theirs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from garrick.context import RunContext
from garrick.core.arkit import ARKIT_INDEX
from garrick.core.performance import Performance
from garrick.core.timing import frame_count, frame_times
from garrick.errors import InputError
from garrick.motion.diffusion import hearing, sampler
from garrick.motion.diffusion.channels import CHANNELS, LEARNED, MOUTH, POSE, RATE
from garrick.motion.diffusion.windows import HISTORY, PATCH, at_rest, moments
from garrick.speech.speech import Speech

if TYPE_CHECKING:
    import onnxruntime

LISTENER, DENOISER = "face_voice.onnx", "face.onnx"
_LEAST, _MOST = np.array([0.4, 1.0]), np.array([1.8, 1.8])
"""Ranges of expression and pose that the net is asked for; beyond them its motion gets a gain. A head that is asked to
move less than usual would move still less than that."""
_CALM = 2.0  # frames, standard deviation: patches of two frames leave steps of a tenth of a degree that no head makes

NETS = Path(__file__).parent / "nets"
_THREADS = 1  # a second one gains nothing on windows as small as these
_COLUMNS = [ARKIT_INDEX[name] for name in MOUTH]
_LONG_ENOUGH = 1.0  # seconds of a style
_NO_STYLE = np.zeros((0, len(MOUTH)), np.float32), np.zeros(len(MOUTH))


@dataclass(frozen=True)
class LivelyFace:
    """What was made; frame i shows time i / fps.

    weights:      (F, 52) float32, 0..1, ARKit order; 0 where not learned.
    learned:      (52,) bool, the weights that the net makes.
    angles:       (F, 3) float32 degrees of pitch, yaw and roll from rest, for `garrick.motion.rules.head.turned`.
    translation:  (F, 3) float32 metres from rest.
    fps:          frames a second.
    """

    weights: np.ndarray
    learned: np.ndarray
    angles: np.ndarray
    translation: np.ndarray
    fps: Fraction


def generate(
    speech: Speech,
    fps: Fraction,
    ctx: RunContext,
    amplitude: tuple[float, float] = (1.0, 1.0),
    style: Performance | None = None,
) -> LivelyFace:
    """Move mouth and head as a person would who says this.

    amplitude: ranges of expression and of the head, 0..2, times what is usual; 0 keeps still.
    style:     somebody's performance whose manner the mouth takes on: where it rests, and how much of which shape. At
               least a second.
    The same speech, rate, amplitude, style and seed give the same motion. Raises InputError for a shorter style, Cancelled.
    """
    frames = frame_count(speech.duration, fps)
    reference, rest = _NO_STYLE if style is None else _reference(style)
    within = np.clip(amplitude, _LEAST, _MOST)
    count = -(-frame_count(speech.duration, RATE) // PATCH) * PATCH
    noise = ctx.rng("lively face").standard_normal((count, len(CHANNELS))).astype(np.float32)
    ctx.step("lively face", 0, count)
    made = sampler.generate(
        _net(),
        hearing.heard(speech.waveform, speech.phones, speech.prosody),
        noise,
        reference,
        np.log2(within).astype(np.float32),
        tell=lambda done: ctx.step("lively face", done, count),
    )
    motion = made * _net().deviation + _net().mean
    motion *= np.repeat(np.asarray(amplitude) / within, (len(MOUTH), len(POSE)))
    motion[:, : len(MOUTH)] += rest * amplitude[0]
    motion[:, len(MOUTH) :] = gaussian_filter1d(motion[:, len(MOUTH) :], _CALM, axis=0, mode="nearest")
    motion = at_times(motion, frame_times(len(motion), RATE), frame_times(frames, fps))
    weights = np.zeros((frames, len(ARKIT_INDEX)), np.float32)
    weights[:, _COLUMNS] = np.clip(motion[:, : len(MOUTH)], 0, 1)
    angles, translation = np.split(motion[:, len(MOUTH) :].astype(np.float32), 2, axis=1)
    return LivelyFace(weights, LEARNED.copy(), angles, translation, fps)


def _reference(style: Performance) -> tuple[np.ndarray, np.ndarray]:
    """(PATCH REFERENCE, 16) of a performance as if it rested at 0, in the net's units, and (16,) where it rests."""
    if style.duration < _LONG_ENOUGH:
        raise InputError(
            f"A style of {style.duration:.1f} s is too short.", f"Give one of at least {_LONG_ENOUGH:g} second."
        )
    seen = style.resampled(RATE).face[:, _COLUMNS]
    rest = at_rest(seen)
    chosen = np.maximum(seen[moments(np.arange(len(seen) - 1))] - rest, 0)
    return ((chosen - _net().mean[: len(MOUTH)]) / _net().deviation[: len(MOUTH)]).astype(np.float32), rest


def at_times(curves: np.ndarray, own: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(F', C) at `own` seconds -> (F, C) float64 at other seconds; after the last, curves stay as they are."""
    if len(own) < 2 or np.array_equal(own[: len(times)], times):
        return np.asarray(curves, np.float64)[np.minimum(np.arange(len(times)), len(own) - 1)]
    return CubicSpline(own, curves)(np.minimum(times, own[-1]))


def units_of(graph: onnxruntime.InferenceSession) -> tuple[np.ndarray, np.ndarray]:
    """(C,) mean and deviation of each channel that a graph was exported with."""
    units = json.loads(graph.get_modelmeta().custom_metadata_map["units"])
    return np.array(units["mean"], np.float32), np.array(units["deviation"], np.float32)


class Net:
    """The two graphs, and the net's units."""

    def __init__(self, folder: Path) -> None:
        self._listener, self._denoiser = session(folder / LISTENER), session(folder / DENOISER)
        self.mean, self.deviation = units_of(self._denoiser)

    def listen(self, heard: np.ndarray) -> np.ndarray:
        """See `sampler.Model`."""
        (voice,) = self._listener.run(None, {"heard": heard[None]})
        return np.asarray(voice)[0]

    def denoise(self, noisy: np.ndarray, t: float, given: sampler.Conditions, trust: float) -> np.ndarray:
        """See `sampler.Model`."""
        past = np.zeros((PATCH * HISTORY, len(CHANNELS)), np.float32) if given.before is None else given.before
        (motion,) = self._denoiser.run(
            None,
            {
                "noisy": noisy[None],
                "t": np.array([t], np.float32),
                "voice": given.voice[None],
                "before": past[None],
                "begun": np.array([given.before is not None], np.float32),
                "reference": given.reference[None],
                "ranges": given.ranges[None],
                "trust": np.array([trust], np.float32),
            },
        )
        return np.asarray(motion)[0]


@lru_cache(maxsize=1)
def _net() -> Net:
    return Net(NETS)


def session(path: Path) -> onnxruntime.InferenceSession:
    """A graph, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
