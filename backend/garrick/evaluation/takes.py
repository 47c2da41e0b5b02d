"""Several takes beside each other: one row a metric, one score a take, and which take is better beyond doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from garrick.evaluation.judge import Evaluation
from garrick.evaluation.metric import HIGHER, LOWER, Metric, Score

CLEAR, ERRORS = 0.02, 2.0
"""Share of the larger value, and standard errors: a take that differs by less than either is not called better."""


@dataclass(frozen=True)
class Row:
    """One metric of one subject.

    scores: one a take, None where a take has none.
    best:   indices of the takes that are better than the others beyond doubt; empty where none is.
    """

    subject: str
    metric: Metric
    scores: tuple[Score | None, ...]
    best: tuple[int, ...]


def compare_takes(found: Sequence[Evaluation]) -> tuple[Row, ...]:
    """The rows of all metrics that any take has, in the order of the takes."""
    held = [{(subject, score.metric.name): score for subject, score in evaluation.scores} for evaluation in found]
    rows = []
    for subject, name in dict.fromkeys(key for scores in held for key in scores):
        scores = tuple(of_take.get((subject, name)) for of_take in held)
        metric = next(score.metric for score in scores if score is not None)
        rows.append(Row(subject, metric, scores, _best(metric, scores)))
    return tuple(rows)


def _best(metric: Metric, scores: Sequence[Score | None]) -> tuple[int, ...]:
    """The best and those that lie near it, where any lies farther.

    Empty where the metric has no better end, or a score is missing or carries a warning.
    """
    known = [score for score in scores if score is not None and not score.warning]
    if metric.better not in (HIGHER, LOWER) or len(known) < len(scores):
        return ()
    top = (max if metric.better == HIGHER else min)(known, key=lambda score: score.value)
    near = tuple(index for index, score in enumerate(known) if not _apart(top, score))
    return near if len(near) < len(known) else ()


def _apart(one: Score, other: Score) -> bool:
    """Whether two scores differ by more than CLEAR and ERRORS."""
    gap = abs(one.value - other.value)
    share = CLEAR * max(abs(one.value), abs(other.value))
    return gap > max(share, ERRORS * float(np.hypot(_error(one), _error(other))))


def _error(score: Score) -> float:
    """Standard error of a score that is the mean of its samples; 0 for one of the whole."""
    each = np.zeros(0) if score.each is None else score.each[np.isfinite(score.each)]
    return float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else 0.0
