"""`garrick evaluate`: shots judged by themselves, with a report beside each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from garrick.terminal import Reporter, ending, reporter, run_interruptible

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.


def evaluate(
    shots: Annotated[
        list[Path], typer.Argument(help="Shot folders that garrick perform has finished.", metavar="SHOT...")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Measure lips, motion and pictures; evaluation.html and evaluation.json are written into each shot's folder."""
    tell = reporter(as_json)
    with ending(tell):
        for shot in shots:
            _evaluate(shot, tell)


def _evaluate(folder: Path, tell: Reporter) -> None:
    from garrick.context import RunContext
    from garrick.evaluation.judge import evaluate as judge
    from garrick.evaluation.report import facts, write_report
    from garrick.evaluation.shot import read_shot

    ctx = RunContext(progress=tell.progress, log=tell.log)
    shot = read_shot(folder)
    found = run_interruptible(lambda: judge(shot, ctx), ctx.cancel)
    files = write_report(shot, found, folder)
    lines = [f"{folder}: {verdict}" for verdict in found.verdicts or ("nothing to complain of.",)]
    tell.result([*lines, f"{files[1]}"], facts(shot, found))
