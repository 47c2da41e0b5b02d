"""Dominance blending of mouth gestures (Cohen and Massaro 1993, Modeling Coarticulation in Synthetic Visual Speech)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PROFILE = 1.5  # the exponent p: between a cusp at the centre (1) and a bell whose neighbours hardly mix (2)
REACH = 0.8  # seconds from its centre beyond which a gesture is not felt (the slowest has decayed to a thousandth)
NEUTRAL = 0.03  # dominance of the mouth at rest, everywhere: gestures fade to it where nobody speaks for a channel


@dataclass(frozen=True)
class Gestures:
    """Targets that pull channels of the mouth, one row a gesture.

    centres: (G,) seconds.
    targets: (G, C) float64, 0..1.
    alpha:   (G, C) dominance at the centre; 0 leaves the channel to the neighbours.
    theta:   (G, C) rate at which the dominance falls off around the centre, 1/s; small starts early and ends late.
    """

    centres: np.ndarray
    targets: np.ndarray
    alpha: np.ndarray
    theta: np.ndarray


def blend(gestures: Gestures, times: np.ndarray) -> np.ndarray:
    """(F,) equally spaced seconds -> (F, C) float64: sum D T / (sum D + neutral), D = alpha exp(-(theta |t - c|)^p).

    Each gesture touches only the frames within REACH of it, so the work grows with the clip and not with its square.
    """
    frames, channels = len(times), gestures.targets.shape[1]
    step = times[1] - times[0] if frames > 1 else 1.0
    width = int(np.ceil(REACH / step))
    nearest = np.rint((gestures.centres - times[0]) / step).astype(np.int64)
    window = nearest[:, None] + np.arange(-width, width + 1)  # (G, W) frame numbers
    inside = (window >= 0) & (window < frames)
    rows = np.nonzero(inside)[0]
    away = np.abs(window * step + times[0] - gestures.centres[:, None])[inside]
    window = window[inside]
    total, weighted = np.empty((frames, channels)), np.empty((frames, channels))
    for channel in range(channels):
        alpha, theta = gestures.alpha[rows, channel], gestures.theta[rows, channel]
        dominance = alpha * np.exp(-((theta * away) ** PROFILE))
        total[:, channel] = np.bincount(window, dominance, frames)
        weighted[:, channel] = np.bincount(window, dominance * gestures.targets[rows, channel], frames)
    return weighted / (total + NEUTRAL)
