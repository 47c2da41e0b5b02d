"""Whether head and hands move with the beat of the voice.

BC is not better when it is higher: a head that nods at every syllable scores more than people do. Report it beside the
figure of the real recording, and as the distance to it.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import scipy.signal
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from garrick.core.rotation import axis_angles, rotation_matrices
from garrick.errors import InputError
from garrick.evaluation.metric import CLOSER, Metric, Score, score
from garrick.speech.features import HOP, voice_mels

SIGMA = 0.3  # seconds (PantoMatrix)

BC = Metric(
    "BC", "0..1", CLOSER,
    "Li et al. 2021 (AIST++), Liu et al. 2022 (BEAT): mean over motion beats of exp(-min|tm-ta|^2 / 2 sigma^2), sigma 0.3 s",
    10,
)  # fmt: skip

_APART = (
    7 / 30
)  # seconds either side in which a motion beat is the slowest (PantoMatrix: order 7 at 30 frames a second)
_MOVING = np.radians(3.0)  # radians a second: the motion must be this much faster before and after a beat
_SMOOTHING = 0.05  # seconds, mean: a tracked head trembles from frame to frame
_PEAK, _MEAN = 0.03, 0.1  # seconds around an onset in which its rise is the greatest, and over which the usual is taken
_DEEPEST = 9.2  # nat below the loudest, 40 dB: what rises out of less is the room
_RISE = 0.07  # of the greatest rise, above the usual (librosa's delta)


def beat_consistency(motion_beats: np.ndarray, onsets: np.ndarray) -> Score:
    """BC of motion beats (M,) with audio onsets (A,), both seconds; `each` has one value a motion beat.

    PantoMatrix's own code averages over the onsets instead, which punishes a speaker who rests: its figures are others.
    nan when nothing moves. Raises InputError for a sound without onsets.
    """
    if len(onsets) == 0:
        raise InputError("The sound has no onsets that motion could follow.", "Give a voice that speaks.")
    if len(motion_beats) == 0:
        return score(BC, np.full(1, np.nan))
    away = np.abs(np.asarray(motion_beats)[:, None] - np.asarray(onsets)[None]).min(axis=1)
    return score(BC, np.exp(-(away**2) / (2 * SIGMA**2)))


def chance_consistency(onsets: np.ndarray, duration: float) -> float:
    """The BC of motion that pays no heed to the voice: its mean over every instant of `duration` seconds.

    Read BC beside it. Against the seven onsets a second of a fluent voice chance alone gives 0.96, and BC tells little;
    against the pitch accents of `Prosody` it gives 0.45, and the product's own heads 0.64 to 0.69.
    """
    return beat_consistency(np.arange(0, duration, HOP), onsets).value


def motion_beats(rotations: np.ndarray, fps: Fraction) -> np.ndarray:
    """(M,) seconds at which motion comes to rest for a moment: local minima of the angular speed.

    rotations: (F, 3) of a head or (F, J, 3) of joints, whose speeds are averaged; axis-angle, radians.
    Stillness has no beats: the speed must fall by 3 degrees a second or more, and rise again.
    Source: AIST++ (kinematic beats); a beat is the slowest within 7/30 s either side, as in PantoMatrix.
    """
    speed = angular_speed(rotations, fps)
    rate = float(fps)
    smooth = uniform_filter1d(speed, max(1, round(_SMOOTHING * rate)), mode="nearest")
    slowest, _ = scipy.signal.find_peaks(-smooth, distance=max(1, round(_APART * rate)), prominence=_MOVING)
    return (slowest + 0.5) / rate  # a speed lies between two frames


def angular_speed(rotations: np.ndarray, fps: Fraction) -> np.ndarray:
    """(F, 3) or (F, J, 3) axis-angle -> (F - 1,) radians a second, the mean of the joints; value i is at (i + 0.5) / fps."""
    if rotations.ndim not in (2, 3) or rotations.shape[-1] != 3:
        raise InputError(f"Rotations must be frames (by joints) by 3, not of the shape {rotations.shape}.")
    if len(rotations) < 2:
        raise InputError("Motion needs two frames or more.")
    matrices = rotation_matrices(np.asarray(rotations, np.float64))
    steps = axis_angles(np.swapaxes(matrices[:-1], -1, -2) @ matrices[1:])
    speed = np.linalg.norm(steps, axis=-1) * float(fps)
    return speed if speed.ndim == 1 else speed.mean(axis=1)


def audio_onsets(waveform: np.ndarray) -> np.ndarray:
    """(A,) seconds at which sounds begin in a (N,) float32 voice, 16 kHz mono.

    Source: spectral flux of mel bands and librosa's peak picking (McFee et al. 2015; Boeck et al. 2012), whose constants
    these are. Needs no other library.
    """
    if len(waveform) == 0:
        raise InputError("There is no sound to find onsets in.")
    mels = voice_mels(waveform)
    mels = np.maximum(mels, mels.max() - _DEEPEST)
    flux = np.maximum(np.diff(mels, axis=0, prepend=mels[:1]), 0).mean(axis=1)
    loudest = flux.max()
    if loudest <= 0:
        return np.zeros(0)
    flux = flux / loudest
    highest = maximum_filter1d(flux, 2 * round(_PEAK / HOP) + 1, mode="nearest")
    usual = uniform_filter1d(flux, 2 * round(_MEAN / HOP) + 1, mode="nearest")
    return np.flatnonzero((flux == highest) & (flux >= usual + _RISE)) * HOP
