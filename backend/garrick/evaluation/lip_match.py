"""How the lips of a clip follow those of another one that says the same."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from garrick.core.timing import frame_times
from garrick.evaluation.metric import CLOSER, HIGHER, LOWER, Metric, Score, score
from garrick.evaluation.sync import best_lag

LIP_CORRELATION = Metric("lip aperture correlation", "-1..1", HIGHER, "Pearson, at the same instants", 75)
LIP_DIFFERENCE = Metric(
    "lip aperture difference, median", "of the eyes' distance", LOWER, "median over frames of the absolute difference", 75
)  # fmt: skip
LIP_LAG = Metric(
    "lip lag behind the video", "ms", CLOSER, "peak of the correlation of both apertures; > 0: lips late", 75
)

_FOLLOWS = 0.5  # correlation at the best lag, below which a lag means nothing


def lip_match(found: np.ndarray, real: np.ndarray, fps: Fraction) -> tuple[Score, Score, Score]:
    """Correlation, median difference and lag of two (F,) lip apertures of the same unit, nan where no face is seen.

    Scores rest on the frames that show both; lips that never move have no correlation and no lag.
    """
    both = np.isfinite(found) & np.isfinite(real)
    count = int(both.sum())
    apart = np.abs(found - real)
    difference = score(LIP_DIFFERENCE, float(np.median(apart[both])) if count else float("nan"), max(count, 1))
    moving = count > 1 and min(np.ptp(found[both]), np.ptp(real[both])) > 0
    alike = float(np.corrcoef(found[both], real[both])[0, 1]) if moving else float("nan")
    times = frame_times(len(found), fps)
    seconds, peak, warning = best_lag(found, times, times[both], real[both]) if moving else (float("nan"), 1.0, "")
    if peak < _FOLLOWS:
        warning = warning or f"The lips follow the video's at no lag (correlation {peak:.2f} at the best)."
    lag = score(LIP_LAG, seconds * 1000, max(count, 1))
    return (
        score(LIP_CORRELATION, alike, max(count, 1)),
        replace(difference, each=apart),
        replace(lag, warning=warning or lag.warning),
    )
