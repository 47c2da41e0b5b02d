"""Takes side by side: only what is better beyond doubt is called so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from garrick.context import RunContext
from garrick.core.arkit import ARKIT_NAMES
from garrick.core.performance import Performance
from garrick.evaluation.judge import Evaluation
from garrick.evaluation.metric import CLOSER, HIGHER, LOWER, Metric, Score, score
from garrick.evaluation.pictures import evaluate
from garrick.evaluation.shot import read_shot
from garrick.evaluation.takes import compare_takes
from garrick.evaluation.takes_report import write_comparison


def take(*scores: tuple[str, Score]) -> Evaluation:
    return Evaluation(scores, (), np.zeros(1), np.zeros(1), ())


def best(better: str, *values, least: int = 1) -> tuple[int, ...]:
    metric = Metric("m", "", better, "", least)
    (row,) = compare_takes([take(("face", score(metric, value))) for value in values])
    return row.best


def test_the_better_end_decides_and_a_metric_without_one_has_no_best():
    assert best(HIGHER, 3.0, 9.0, 4.0) == (1,)
    assert best(LOWER, 3.0, 9.0, 4.0) == (0,)
    assert best(CLOSER, 3.0, 9.0, 4.0) == ()


def test_what_lies_near_the_best_is_as_good_and_nothing_is_best_where_all_do():
    assert best(HIGHER, 1.0, 0.99, 0.5) == (0, 1)
    assert best(LOWER, 1.0, 0.99, 0.985) == ()
    assert best(LOWER, 0.0, 0.0) == ()


def test_a_difference_within_the_spread_of_the_samples_is_none():
    narrow, wide = np.tile([0.99, 1.01], 50), np.tile([-3.0, 5.0], 50)
    assert best(HIGHER, narrow + 0.3, narrow) == (0,)
    assert best(HIGHER, wide + 0.3, wide) == ()


def test_a_warning_or_a_missing_score_leaves_the_row_without_a_best():
    assert best(HIGHER, [9.0, 9.0], [1.0, 1.0], least=2) == (0,)
    assert best(HIGHER, [9.0, 9.0], [1.0, np.nan], least=2) == ()
    metric = Metric("m", "", HIGHER, "", 1)
    rows = compare_takes([take(("face", score(metric, 5.0))), take(("head", score(metric, 1.0)))])
    assert [(row.subject, [held is None for held in row.scores], row.best) for row in rows] == [
        ("face", [False, True], ()),
        ("head", [True, False], ()),
    ]


def test_a_broken_take_beside_a_good_one_points_to_its_fault(
    shot: Path, good: Evaluation, damaged: Callable[[Callable[[Path], None]], Path], tmp_path: Path
) -> None:
    def open_lips(folder: Path) -> None:
        whole = Performance.load(folder / "performance.npz")
        face = whole.face.copy()
        face[:, ARKIT_NAMES.index("jawOpen")] += 0.25
        face[:, ARKIT_NAMES.index("mouthClose")] = 0
        replace(whole, face=face.clip(0, 1)).save(folder / "performance.npz")

    shots = [read_shot(shot), read_shot(damaged(open_lips))]
    found = [good, evaluate(shots[1], RunContext())]
    files, told = write_comparison(tmp_path / "new" / "takes.html", shots, found, RunContext())
    assert [path.name for path in files] == ["takes.html", "takes.json"]
    assert json.loads(files[1].read_text()) == told
    rows = {(row["subject"], row["metric"]): row for row in told["rows"]}
    closures = rows["lips of the curves", "bilabial closures"]
    assert closures["best"] == ["shot"]
    assert closures["values"][0] == 1
    assert closures["values"][1] < 0.5
    assert rows["lips in the pictures", "lip lag"]["best"] == []
    assert any("lips open on" in verdict for verdict in told["takes"][1]["verdicts"])
    page = files[0].read_text()
    assert "src='http" not in page
    assert page.count("data:image/svg+xml") == 2
    assert page.count("data:image/jpeg") == 16
    assert re.search(r"bilabial closures<td>higher<td class='best'[^>]*>1 share<td", page)
