"""`garrick ...`: thin, one verb a command. Exit codes: 0 done, 1 failed, 2 usage, 130 cancelled."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import garrick
from garrick.doctor import doctor
from garrick.errors import Cancelled, GarrickError, InputError
from garrick.terminal import Reporter, reporter, run_interruptible
from garrick.weights.cli import weights_app

if TYPE_CHECKING:
    from garrick.context import RunContext
    from garrick.job import Job
    from garrick.pipeline import Result

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A portrait, a voice and a line of text become an editable performance in Blender.",
)
app.add_typer(weights_app, name="weights")
app.command()(doctor)


def main() -> None:
    """The console script."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"garrick {garrick.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


@app.command()
def perform(
    portrait: Annotated[Path, typer.Option(help="Photo of one person: PNG, JPEG, WebP or TIFF.")],
    audio: Annotated[Path | None, typer.Option(help="Any sound or video file with a voice in it.")] = None,
    text: Annotated[str | None, typer.Option(help="What to say when no voice is given (English).")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Shot folder; by default out/PORTRAIT-VOICE.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same job and seed give the same bytes.")] = 0,
    size: Annotated[str, typer.Option(help="Width and height in pixels, e.g. 512 or 512x768.")] = "512",
    fps: Annotated[str, typer.Option(help="Frames a second, e.g. 25, 23.976 or 30000/1001.")] = "25",
    frames: Annotated[str | None, typer.Option(help="Render only these, from 0, e.g. 0-99.")] = None,
    face_index: Annotated[int | None, typer.Option(help="Which face, from the left, from 0.")] = None,
    expression: Annotated[float, typer.Option(help="Gain of the lips and the face, 0 to 2.")] = 1.0,
    head_motion: Annotated[float, typer.Option(help="Gain of head, gaze and blinks, 0 to 2.")] = 1.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start anew in a folder that holds a shot.")] = False,
    scene: Annotated[bool, typer.Option("--scene/--no-scene", help="Write scene.blend.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Make the person in the portrait say it: performance, frames, preview.mp4 and scene.blend.

    Run again with the same settings, it goes on where it stopped.
    """
    settings = {
        "portrait": portrait,
        "audio": audio,
        "text": text,
        "seed": seed,
        "size": size,
        "fps": fps,
        "frames": frames,
        "face_index": face_index,
        "expression": expression,
        "head_motion": head_motion,
    }
    tell = reporter(as_json)
    _end(_perform, settings, out, overwrite, scene, tell=tell)


def _end(command: Callable[..., None], *arguments: Any, tell: Reporter) -> None:
    """Run a command and turn what it raises into a line and an exit code."""
    try:
        command(*arguments, tell)
    except (GarrickError, KeyboardInterrupt) as raised:
        error = Cancelled() if isinstance(raised, KeyboardInterrupt) else raised
        tell.error(error)
        tell.close()
        if isinstance(error, Cancelled):
            os._exit(error.exit_code)  # a thread may still be computing; every file that has its name is whole
        raise typer.Exit(error.exit_code) from None
    finally:
        tell.close()


def _perform(settings: dict[str, Any], out: Path | None, overwrite: bool, scene: bool, tell: Reporter) -> None:
    from garrick.context import RunContext

    job = _job(settings)
    out = out or _default_folder(job)
    ctx = RunContext(seed=job.seed, progress=tell.progress)
    result = run_interruptible(lambda: _work(job, out, ctx, overwrite, scene), ctx.cancel)
    for warning in result.warnings:
        tell.warning(warning)
    spent = sum(result.seconds.values())
    shown = [name for name in ("preview.mp4", "scene.blend", "performance.npz", "report.json") if name in result.files]
    tell.result(
        [
            f"{out}: frames {result.first}-{result.last} in {spent:.1f} s ({result.kept} kept from an earlier run).",
            *(f"  {result.files[name]}" for name in shown),
        ],
        {
            "out": str(result.out),
            "files": {name: str(path) for name, path in result.files.items()},
            "frames": {"first": result.first, "last": result.last, "rendered": result.rendered, "kept": result.kept},
            "seconds": {phase: round(value, 3) for phase, value in result.seconds.items()},
            "warnings": list(result.warnings),
        },
    )


def _work(job: Job, out: Path, ctx: RunContext, overwrite: bool, scene: bool) -> Result:
    from garrick.pipeline import perform  # here, so that Ctrl-C ends the import too

    return perform(job, out, ctx, overwrite=overwrite, scene=scene)


def _job(settings: dict[str, Any]) -> Job:
    """The job of the command line's words. Raises InputError."""
    from pydantic import ValidationError

    from garrick.job import Job

    pair = settings["frames"]
    parsed = settings | {
        "size": _numbers(settings["size"], "x", "--size", "512 or 512x768"),
        "frames": None if pair is None else _numbers(pair, "-", "--frames", "0-99"),
    }
    try:
        return Job(**parsed)
    except ValidationError as error:
        raise InputError("; ".join(map(_sentence, error.errors()))) from error


def _numbers(word: str, separator: str, option: str, example: str) -> tuple[int, int]:
    """Two whole numbers of "A", "AxB" or "A-B"; one counts twice. Raises InputError."""
    parts = word.lower().split(separator)
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError(f"{option} {word!r} is not understood.", f"Write it like {example}.")
    return int(parts[0]), int(parts[-1])


def _sentence(error: Any) -> str:
    """One of pydantic's errors as a line."""
    message = str(error["msg"]).removeprefix("Value error, ")
    option = str(error["loc"][0]).replace("_", "-") if error["loc"] else ""
    return f"--{option}: {message}" if option else message


def _default_folder(job: Job) -> Path:
    voice = "text" if job.audio is None else job.audio.stem
    return Path("out") / f"{job.portrait.stem}-{voice}"
