"""How the trunk carries what head and arms do: it breathes, sways, and turns a little with the head."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from garrick.core.performance import BODY_JOINTS
from garrick.motion.rules.activity import smoothstep
from garrick.motion.rules.head import breath
from garrick.motion.rules.wander import wander

_SPINE = [BODY_JOINTS.index(name) for name in ("spine1", "spine2", "spine3")]
_COLLARS = [BODY_JOINTS.index(f"{side}_collar") for side in ("left", "right")]
_SWAY = np.radians([0.9, 0.7, 0.6])  # standard deviation of pitch, yaw and roll of the whole spine
_WITH_HEAD = np.array([0.0, 0.16, 0.10])  # share of the head's pitch, yaw and roll that the spine takes
_SLOW = 0.45  # seconds: standard deviation of the smoothing of what the spine takes over
_SETTLE = 2.0  # seconds in which it leaves where it stood, as the head does
_CHEST, _COLLAR = np.radians([0.7, 0.9])  # by which a breath lifts chest and collars


def trunk(times: np.ndarray, turns: np.ndarray, rng: np.random.Generator, breathing: np.random.Generator) -> np.ndarray:
    """(F, 13, 3) axis-angle radians of the spine and the collars, the rest of `BODY_JOINTS` zero.

    times: (F,) seconds.    turns: (F, 3) radians of the head from where it rests: pitch (+ down), yaw, roll.
    breathing: the generator that the head's breathing draws from, so that both rise together.
    """
    pose = np.zeros((len(times), len(BODY_JOINTS), 3))
    step = times[1] - times[0] if len(times) > 1 else 1.0
    follows = gaussian_filter1d(turns, _SLOW / step, axis=0, mode="nearest") * _WITH_HEAD
    spine = (wander(times, 3, rng) * _SWAY + follows) * smoothstep(times / _SETTLE)[:, None]
    lifted = breath(times, breathing)
    pose[:, _SPINE] = spine[:, None] / len(_SPINE)
    pose[:, _SPINE[-1], 0] -= _CHEST * lifted
    pose[:, _COLLARS[0], 2], pose[:, _COLLARS[1], 2] = _COLLAR * lifted, -_COLLAR * lifted
    return pose
