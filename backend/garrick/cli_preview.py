"""`garrick preview`: a performance played by a clay figure, as a film and as a contact sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from garrick.errors import InputError
from garrick.terminal import Reporter, ending, reporter, run_interruptible

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.


def preview(
    performance: Annotated[Path, typer.Argument(help="A performance.npz, or the shot folder that holds one.")],
    to: Annotated[Path, typer.Option(help="The .mp4 to write.", metavar="FILE")],
    sheet: Annotated[
        Path | None, typer.Option(help="Also a .png with frames of it side by side.", metavar="FILE")
    ] = None,
    yaw: Annotated[
        float, typer.Option(min=-180, max=180, help="Degrees by which the camera goes round to the figure's left.")
    ] = 0.0,
    size: Annotated[str, typer.Option(help="Width and height in pixels, e.g. 512 or 512x640.")] = "512x640",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Show a performance on a clay figure: face, head, arms and hands, with the voice where it lies beside it."""
    tell = reporter(as_json)
    with ending(tell):
        _preview(performance, to, sheet, yaw, size, tell)


def _preview(source: Path, to: Path, sheet: Path | None, yaw: float, size: str, tell: Reporter) -> None:
    from garrick.context import RunContext
    from garrick.inputs import read_performance
    from garrick.jobfile import numbers
    from garrick.motion.body import with_body
    from garrick.outputs.clay_film import write_clay_film

    for path, suffix in ((to, ".mp4"), (sheet, ".png")):
        if path is not None and path.suffix != suffix:
            raise InputError(f"{path.name} must end in {suffix}.")
    width, height = numbers(size, "--size", "x", "512 or 512x640")
    if width % 2 or height % 2 or not 64 <= min(width, height) <= max(width, height) <= 2048:
        raise InputError("Width and height must be even and lie between 64 and 2048 pixels.")
    file = source / "performance.npz" if source.is_dir() else source
    shown = read_performance(file)
    if len(shown) == 0:
        raise InputError(f"{file.name} holds no frames.")
    voice = file.parent / shown.audio.name if shown.audio is not None else None
    ctx = RunContext(progress=tell.progress, log=tell.log)
    heard = voice if voice is not None and voice.is_file() else None
    run_interruptible(
        lambda: write_clay_film(to, sheet, with_body(shown), heard, (width, height), yaw, ctx), ctx.cancel
    )
    told = f"{to}: {len(shown)} frames at {float(shown.fps):.6g} a second{'' if heard is None else ', with its voice'}."
    tell.result([told], {"frames": len(shown), "voice": heard is not None})
