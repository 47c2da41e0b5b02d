"""The comparison of takes as JSON for programs and as one page for people."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from garrick.context import RunContext
from garrick.core.timing import nearest_frame
from garrick.evaluation.judge import Evaluation
from garrick.evaluation.page import image, named, number, page, sentences, thumb
from garrick.evaluation.plots import head_overlay, lips_overlay
from garrick.evaluation.record import finite
from garrick.evaluation.shot import Shot
from garrick.evaluation.takes import CLEAR, ERRORS, Row, compare_takes
from garrick.files import make_folder, write_bytes, write_json

_SHOWN = 8  # instants
_GREEN = (
    f"Green: the best, and what differs from it by less than {CLEAR:.0%} or {ERRORS:g} standard errors. Nothing is green "
    "where all takes lie so near, a score has a warning (brown), or the metric has no better end."
)


def write_comparison(
    path: Path, shots: Sequence[Shot], found: Sequence[Evaluation], ctx: RunContext
) -> tuple[list[Path], dict[str, Any]]:
    """Write the page, and its facts beside it as JSON; both files, and the facts.

    path: ends in .html. Raises InputError for frames that cannot be read, OutputError, Cancelled.
    """
    names, rows = _names(shots), compare_takes(found)
    told = {
        "takes": [
            {"name": name, "shot": str(shot.folder), "verdicts": list(evaluation.verdicts)}
            for name, shot, evaluation in zip(names, shots, found, strict=True)
        ],
        "rows": [_row_facts(row, names) for row in rows],
    }
    body = (
        f"<h2>Verdicts</h2>{_verdicts(names, found)}"
        f"<h2>Scores</h2>{_table(names, rows)}<p>{_GREEN}</p>"
        f"<h2>Lips</h2>{image(lips_overlay(names, shots, found))}"
        f"<h2>Head</h2>{image(head_overlay(names, shots))}"
        f"<h2>Frames at the same instants</h2>{_strips(names, shots, ctx)}"
    )
    make_folder(path.parent)
    files = [path, path.with_suffix(".json")]
    write_bytes(files[0], page(" / ".join(names), body))
    write_json(files[1], told)
    return files, told


def _names(shots: Sequence[Shot]) -> list[str]:
    """The folders' names; where two have the same, their paths."""
    names = [shot.name for shot in shots]
    return names if len(set(names)) == len(names) else [str(shot.folder) for shot in shots]


def _row_facts(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "metric": row.metric.name,
        "unit": row.metric.unit,
        "better": row.metric.better,
        "source": row.metric.source,
        "values": [None if score is None else finite(score.value) for score in row.scores],
        "warnings": ["" if score is None else score.warning for score in row.scores],
        "best": [names[index] for index in row.best],
    }


def _verdicts(names: Sequence[str], found: Sequence[Evaluation]) -> str:
    return "".join(
        f"<h3>{html.escape(name)}</h3>{sentences(evaluation.verdicts, 'Nothing to complain of.')}"
        for name, evaluation in zip(names, found, strict=True)
    )


def _table(names: Sequence[str], rows: Sequence[Row]) -> str:
    heads = "".join(f"<th>{html.escape(name)}" for name in names)
    lines = "".join(
        f"<tr><td>{html.escape(row.subject)}{named(row.metric)}<td>{html.escape(row.metric.better)}"
        f"{''.join(_cell(row, index) for index in range(len(names)))}"
        for row in rows
    )
    return f"<table><tr><th>of<th>metric<th>better{heads}</tr>{lines}</table>"


def _cell(row: Row, index: int) -> str:
    score = row.scores[index]
    if score is None:
        return "<td>-"
    kind = " class='best'" if index in row.best else " class='note'" if score.warning else ""
    return f"<td{kind} title='{html.escape(score.warning, quote=True)}'>{number(score.value, row.metric)}"


def _strips(names: Sequence[str], shots: Sequence[Shot], ctx: RunContext) -> str:
    """One row of pictures a take, at instants that all of them show; less where some end earlier."""
    first = max(shot.frames.start / shot.performance.fps for shot in shots)
    last = min((shot.frames.stop - 1) / shot.performance.fps for shot in shots)
    if last < first:
        return "<p>The takes have no instant in common.</p>"
    strips = ""
    for name, shot in zip(names, shots, strict=True):
        strips += f"<h3>{html.escape(name)}</h3>"
        for time in np.linspace(float(first), float(last), _SHOWN):
            ctx.check()
            frame = min(max(nearest_frame(time, shot.performance.fps), shot.frames.start), shot.frames.stop - 1)
            strips += thumb([shot.picture(frame, shot.behind())], f"{time:.2f} s, frame {frame}")
    return strips
