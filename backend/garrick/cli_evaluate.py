"""`garrick evaluate`: shots judged by themselves, beside a real video, and beside each other, with reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from garrick.errors import InputError
from garrick.terminal import Reporter, ending, reporter, run_interruptible

if TYPE_CHECKING:
    from garrick.context import RunContext
    from garrick.evaluation.judge import Evaluation
    from garrick.evaluation.shot import Shot

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.


def evaluate(
    shots: Annotated[
        list[Path], typer.Argument(help="Shot folders that garrick perform has finished.", metavar="SHOT...")
    ],
    truth: Annotated[
        Path | None,
        typer.Option(help="A real video of the same words, from the same instant: compare with it.", metavar="VIDEO"),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Also a page with all shots side by side, and its .json.", metavar="FILE.html")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Measure lips, motion and pictures; evaluation.html and evaluation.json are written into each shot's folder."""
    tell = reporter(as_json)
    with ending(tell):
        _evaluate(shots, truth, compare, tell)


def _evaluate(folders: list[Path], truth: Path | None, compare: Path | None, tell: Reporter) -> None:
    from garrick.context import RunContext
    from garrick.evaluation.shot import read_shot

    if compare is not None and compare.suffix != ".html":
        raise InputError(f"{compare.name} must end in .html.")
    if compare is not None and len(folders) < 2:
        raise InputError("One shot cannot be compared with itself.", "Name two shots or more, or leave --compare out.")
    ctx = RunContext(progress=tell.progress, log=tell.log)
    shots = [read_shot(folder) for folder in folders]
    found = [_judge(shot, truth, ctx, tell) for shot in shots]
    if compare is not None:
        from garrick.evaluation.takes_report import write_comparison

        files, told = run_interruptible(lambda: write_comparison(compare, shots, found, ctx), ctx.cancel)
        tell.result([str(files[0])], told)


def _judge(shot: Shot, truth: Path | None, ctx: RunContext, tell: Reporter) -> Evaluation:
    from garrick.evaluation.pictures import evaluate as judge
    from garrick.evaluation.record import facts
    from garrick.evaluation.report import write_report

    found = run_interruptible(lambda: judge(shot, ctx, truth), ctx.cancel)
    files = run_interruptible(lambda: write_report(shot, found, shot.folder, ctx), ctx.cancel)
    lines = [f"{shot.folder}: {verdict}" for verdict in found.verdicts or ("nothing to complain of.",)]
    notes = [] if found.truth is None else [f"  {note}" for note in found.truth.notes]
    tell.result([*lines, *notes, f"{files[1]}"], {"shot": str(shot.folder)} | facts(shot, found))
    return found
