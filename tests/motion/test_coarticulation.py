"""The blend is Cohen and Massaro's sum, computed fast."""

from __future__ import annotations

import numpy as np
from garrick.motion.rules.coarticulation import NEUTRAL, PROFILE, REACH, Gestures, blend
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.integers(1, 80), st.sampled_from([12.0, 25.0, 60.0]))
def test_the_windowed_blend_is_the_sum_over_all_gestures(seed: int, count: int, frames: int, fps: float) -> None:
    rng = np.random.default_rng(seed)
    channels = 3
    gestures = Gestures(
        np.sort(rng.uniform(0, frames / fps, count)),
        rng.random((count, channels)),
        rng.uniform(0, 1.2, (count, channels)),
        rng.uniform(6, 40, (count, channels)),  # slower than 1/s * 6 no gesture of speech decays
    )
    times = np.arange(frames) / fps
    assert np.allclose(blend(gestures, times), slow_blend(gestures, times), atol=2e-3)


def slow_blend(gestures: Gestures, times: np.ndarray) -> np.ndarray:
    """The readable twin: every gesture at every instant."""
    curves = np.zeros((len(times), gestures.targets.shape[1]))
    for frame, time in enumerate(times):
        for channel in range(curves.shape[1]):
            pull, total = 0.0, NEUTRAL
            for row, centre in enumerate(gestures.centres):
                decay = (gestures.theta[row, channel] * abs(time - centre)) ** PROFILE
                dominance = gestures.alpha[row, channel] * np.exp(-decay)
                pull += dominance * gestures.targets[row, channel]
                total += dominance
            curves[frame, channel] = pull / total
    return curves


def test_the_slowest_gesture_has_decayed_where_the_window_ends() -> None:
    assert np.exp(-((6 * REACH) ** PROFILE)) < 1e-4
