"""How the trunk carries what head and arms do: it breathes, sways, turns a little with the head, and now and then shifts."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.core.easing import smoothstep
from garrick.core.performance import BODY_JOINTS
from garrick.motion.rules.head import breath
from garrick.motion.rules.wander import wander

SPINE = [BODY_JOINTS.index(name) for name in ("spine1", "spine2", "spine3")]
_COLLARS = [BODY_JOINTS.index(f"{side}_collar") for side in ("left", "right")]
_SWAY = np.radians([0.9, 0.7, 0.6])  # standard deviation of pitch, yaw and roll of the whole spine
_WITH_HEAD = np.array([0.0, 0.16, 0.10])  # share of the head's pitch, yaw and roll that the spine takes
_SLOW = 0.45  # seconds: standard deviation of the smoothing of what the spine takes over
_SHIFT = np.radians(
    [0.9, 2.0, 1.5]
)  # standard deviation of pitch, yaw and roll of how it stands from one shift to the next
_BETWEEN, _SPREAD = 7.0, 0.5  # seconds between two shifts, their median, and its deviation in nat (by eye)
_SHIFTING = 1.3  # seconds that a shift takes
_SETTLE = 2.0  # seconds in which it leaves where it stood, as the head does
_CHEST, _COLLAR = np.radians([0.7, 0.9])  # by which a breath lifts chest and collars


def trunk(times: np.ndarray, turns: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F, 13, 3) axis-angle radians of the spine, the rest of `BODY_JOINTS` zero.

    times: (F,) seconds.    turns: (F, 3) radians of the head from where it rests: pitch (+ down), yaw, roll.
    """
    pose = np.zeros((len(times), len(BODY_JOINTS), 3))
    step = times[1] - times[0] if len(times) > 1 else 1.0
    follows = gaussian_filter1d(turns, _SLOW / step, axis=0, mode="nearest") * _WITH_HEAD
    swaying = wander(times, 3, rng) * _SWAY + _stands(times, rng)
    pose[:, SPINE] = ((swaying + follows) * smoothstep(times / _SETTLE)[:, None])[:, None] / len(SPINE)
    return pose


def breathe(pose: np.ndarray, times: np.ndarray, rng: np.random.Generator) -> None:
    """Lift chest and collars of (F, 13, 3) `pose`, whose collars rest, with the breath.

    rng: the generator that the head's breathing draws from, so that both rise together.
    """
    lifted = breath(times, rng)
    pose[:, SPINE[-1], 0] -= _CHEST * lifted
    pose[:, _COLLARS[0], 2], pose[:, _COLLARS[1], 2] = _COLLAR * lifted, -_COLLAR * lifted


def _stands(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(F, 3) radians of how the spine stands: for some seconds so, then otherwise."""
    ends = times[-1] if len(times) else 0.0
    turns, at = np.repeat(rng.normal(0, _SHIFT)[None], len(times), axis=0), 0.0
    stands = turns[0] if len(times) else np.zeros(3)
    while (at := at + float(rng.lognormal(np.log(_BETWEEN), _SPREAD))) < ends:
        other = rng.normal(0, _SHIFT)
        turns += smoothstep((times - at) / _SHIFTING)[:, None] * (other - stands)
        stands = other
    return turns
