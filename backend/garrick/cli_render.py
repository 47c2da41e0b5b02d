"""`garrick render`: the shots of a .blend, as an artist left them, rendered without a window."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from garrick.errors import InputError
from garrick.terminal import Reporter, run_interruptible

if TYPE_CHECKING:
    from garrick.job import Job

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.

Blend = Annotated[Path, typer.Option(help="A file that holds shots imported by the Garrick extension.", metavar="FILE")]
Only = Annotated[list[str] | None, typer.Option(help="Render only this scene or shot; again for more.", metavar="NAME")]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for the shots' folders; by default out/NAME-OF-THE-FILE.", show_default=False),
]
Prores = Annotated[bool, typer.Option("--prores", help="alpha.mov for each shot: ProRes 4444 of the person alone.")]
JobsOnly = Annotated[
    bool, typer.Option("--jobs-only", help="Write the job files into --out and render nothing: for a farm.")
]


def render_blend(
    blend: Path,
    only: list[str],
    out: Path | None,
    jobs_only: bool,
    prores: bool,
    carry_out: Callable[[Job, Path], None],
    tell: Reporter,
) -> None:
    """Read a .blend's shots in Blender and carry their jobs out one after another.

    prores:    ask for that film too.
    carry_out: does one job in its folder and tells how it went.
    Raises what `garrick.pipeline.perform` and `garrick.engines.blender.run_add_on` raise.
    """
    from garrick.jobfile import read_job_file

    if not blend.is_file():
        raise InputError(f"There is no file {blend}.")
    if jobs_only and prores:
        raise InputError("Job files are written without a film.", "Ask later: garrick run FILE --set prores=true.")
    out = out or Path("out") / blend.stem
    if jobs_only:
        if out.is_dir() and any(out.iterdir()):
            raise InputError(f"{out} is not empty.", "Name a new folder with --out.")
        files = _read(blend, out, only, tell)
        tell.result([f"{blend}: {len(files)} jobs.", *map(str, files)], {"jobs": [str(file) for file in files]})
        return
    with tempfile.TemporaryDirectory(prefix="garrick-jobs-") as folder:
        for file in _read(blend, Path(folder), only, tell):
            carry_out(read_job_file(file, ["prores=true"] if prores else []).job, out / file.stem)


def _read(blend: Path, folder: Path, only: list[str], tell: Reporter) -> list[Path]:
    """The job files of a .blend, in the empty `folder`."""
    from garrick.context import RunContext
    from garrick.engines.blender import run_add_on
    from garrick.files import make_folder

    make_folder(folder)
    ctx = RunContext(progress=tell.progress, log=tell.log)
    arguments = ["jobs", str(blend.resolve()), str(folder.resolve()), *only]
    run_interruptible(lambda: run_add_on(arguments, "read", ctx), ctx.cancel)
    return sorted(folder.glob("*.json"))
