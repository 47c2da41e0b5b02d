"""An evaluation for people: one page that needs nothing but itself."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np

from garrick.context import RunContext
from garrick.evaluation.judge import Evaluation
from garrick.evaluation.page import LARGE, SMALL, image, named, number, page, sentences, thumb
from garrick.evaluation.plots import lips_plot, motion_plot, truth_plot
from garrick.evaluation.record import write_record
from garrick.evaluation.shot import Shot
from garrick.evaluation.truth import framed_pictures
from garrick.files import write_bytes

_SHOWN, _WORST = 10, 20  # pictures of the whole shot; of its worst frames


def write_report(shot: Shot, found: Evaluation, folder: Path, ctx: RunContext) -> list[Path]:
    """Write evaluation.json and evaluation.html into a folder. Raises InputError, OutputError, Cancelled."""
    ctx.step("report", 0, 1)
    record, path = folder / "evaluation.json", folder / "evaluation.html"
    text = page(shot.name, _body(shot, found, ctx))
    write_record(shot, found, folder)
    write_bytes(path, text)
    ctx.step("report", 1, 1)
    return [record, path]


def _body(shot: Shot, found: Evaluation, ctx: RunContext) -> str:
    spread = np.unique(np.linspace(shot.frames.start, shot.frames.stop - 1, _SHOWN).round().astype(int)).tolist()
    worst = found.worst[:_WORST]
    wanted = {*spread, *(frame for frame, _ in worst)}
    real = {} if found.truth is None else framed_pictures(shot, found.truth, wanted, ctx)
    behind = None if found.truth is None else shot.behind()

    def shown(frame: int, why: str, height: int) -> str:
        ctx.check()
        pictures = [shot.picture(frame, behind), *([real[frame]] if frame in real else [])]
        return thumb(pictures, f"{frame}{': ' if why else ''}{why}", height)

    beside = "" if found.truth is None else ": shot and video"
    return (
        f"{sentences(found.verdicts, 'Nothing to complain of.')}"
        f"<h2>Lips and voice</h2>{image(lips_plot(shot, found))}"
        f"<h2>Head and face</h2>{image(motion_plot(shot))}"
        f"{_truth(shot, found)}"
        f"<h2>Scores</h2>{_table(found)}"
        f"<h2>Frames{beside}</h2>{''.join(shown(frame, '', SMALL) for frame in spread)}"
        + (f"<h2>Worst frames{beside}</h2>{''.join(shown(*bad, LARGE) for bad in worst)}" if worst else "")
    )


def _truth(shot: Shot, found: Evaluation) -> str:
    if found.truth is None:
        return ""
    title = f"<h2>Beside {html.escape(found.truth.video.name)}</h2>"
    return f"{title}{sentences(found.truth.notes)}{image(truth_plot(shot, found.truth))}"


def _table(found: Evaluation) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(subject)}{named(score.metric)}<td>{number(score.value, score.metric)}"
        f"<td>{html.escape(score.metric.better)}<td>{score.samples}<td class='note'>{html.escape(score.warning)}"
        for subject, score in found.scores
    )
    return f"<table><tr><th>of<th>metric<th>value<th>better<th>samples<th>{rows}</table>"
