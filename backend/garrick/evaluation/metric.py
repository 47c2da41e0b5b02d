"""What a metric is, and what one measurement of it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from garrick.errors import InputError

HIGHER = "higher"
LOWER = "lower"
CLOSER = "closer to the real value"


@dataclass(frozen=True)
class Metric:
    """One way to measure.

    name:   as a report shows it.
    unit:   "dB", "px", ...; "" for a plain number.
    better: HIGHER, LOWER or CLOSER.
    source: the paper or the specification that defines it.
    least:  the smallest number of samples (frames, windows, beats) that gives a figure to rely on.
    """

    name: str
    unit: str
    better: str
    source: str
    least: int


@dataclass(frozen=True)
class Score:
    """What was measured.

    value:   of the whole clip or set; nan where the metric is defined for none of its samples.
    samples: how many samples the value rests on.
    each:    (F,) float64, one value a sample, nan where the metric is not defined; None for a metric of the whole.
    warning: one sentence where the value is not to be relied on, else "".
    """

    metric: Metric
    value: float
    samples: int
    each: np.ndarray | None = None
    warning: str = ""


def score(metric: Metric, measured: float | Sequence[float] | np.ndarray, samples: int | None = None) -> Score:
    """Put a measurement with its metric, and say when it rests on too little.

    measured: one value a sample, of which the score is the mean (a nan is left out and not counted), or the one value
              of the whole.
    samples:  what the one value of the whole rests on; else counted.
    Raises InputError when there are no samples at all.
    """
    values = np.asarray(measured, np.float64)
    each = values if values.ndim else None
    given = np.atleast_1d(values)
    if given.size == 0 or samples == 0:
        raise InputError(f"There is nothing to measure {metric.name} on.", "Give at least one frame.")
    defined = given[~np.isnan(given)]
    value = float(defined.mean()) if defined.size else float("nan")
    count = defined.size if samples is None else samples
    return Score(metric, value, count, each, _warning(metric, value, count))


def _warning(metric: Metric, value: float, samples: int) -> str:
    if np.isnan(value):
        return f"{metric.name} is not defined for anything that was measured."
    if samples < metric.least:
        return f"{metric.name} rests on {samples} of at least {metric.least} samples that it needs."
    return ""
