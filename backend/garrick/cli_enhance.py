"""`garrick enhance` and `garrick retarget`: motion of a video or of a performance, for another person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from garrick.errors import InputError
from garrick.terminal import Reporter, one_line_errors, run_interruptible

if TYPE_CHECKING:
    from garrick.core.performance import Performance
    from garrick.enhance import Driven
    from garrick.job import Job

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.

Backend = Annotated[
    Path, typer.Argument(help="A talking head of the portrait's person, made by any tool.", metavar="VIDEO")
]
Pose = Annotated[
    Path | None,
    typer.Option(help="How the head moves: a second video, a performance.npz, or a .json of 4 x 4 matrices."),
]


def drive(
    video: Path, pose: Path | None, sound: bool, settings: dict[str, Any], out: Path, tell: Reporter
) -> tuple[Job, Driven]:
    """Track the video, leave what the portrait shall do in the shot folder, and give the job that renders it."""
    from garrick import enhance
    from garrick.context import RunContext
    from garrick.files import make_folder, whole_file
    from garrick.jobfile import make_job
    from garrick.perception import analyse
    from garrick.perception.video import Video
    from garrick.speech.audio import load_sound

    ctx = RunContext(progress=tell.progress, log=tell.log)
    with Video(video) as film:
        sound = sound and film.facts.sound
    if sound:
        try:
            load_sound(video, ctx)
        except InputError as error:
            sound = False
            tell.warning(f"The film will be silent. {error}")
    given = {"performance": out / enhance.DRIVEN, "audio": video if sound else None}
    job = make_job(settings | given, option=True)

    def work() -> enhance.Driven:
        return enhance.run(video, analyse.run(job.portrait, job.size, job.face_index, ctx), pose, ctx)

    driven = run_interruptible(work, ctx.cancel)
    make_folder(out)
    with whole_file(out / enhance.DRIVEN) as aside:
        driven.performance.save(aside)
    if driven.seen < 1:
        tell.warning(f"{video.name} shows a face in {driven.seen:.0%} of its frames; the others are bridged.")
    if driven.start is None:
        tell.warning(f"No frame of {video.name} looks like the photo; its motion is taken as it is.")
    return job.model_copy(update={"fps": driven.performance.fps}), driven


def sharpen(video: Path, driven: Driven, out: Path, tell: Reporter) -> dict[str, Path]:
    """Write the video with the detail of the finished shot in `out`; name and path of the film, {} where none can be."""
    from garrick import enhance
    from garrick.context import RunContext
    from garrick.outputs.sound import read_wav

    matrix = driven.to_video
    if matrix is None:
        return {}
    film, wav = out / enhance.ENHANCED, out / "audio.wav"
    heard = read_wav(wav) if wav.exists() else None
    ctx = RunContext(progress=tell.progress, log=tell.log)
    run_interruptible(lambda: enhance.write_enhanced(film, video, out / "preview.mp4", matrix, heard, ctx), ctx.cancel)
    return {enhance.ENHANCED: film}


def retarget(
    driver: Annotated[Path, typer.Argument(help="The performance.npz whose motion is taken, or its shot folder.")],
    to: Annotated[Path, typer.Option(help="The performance.npz to write.", metavar="FILE")],
    parts: Annotated[
        str,
        typer.Option(
            help="What is taken of it: face, upper-face, lower-face, jaw, tongue, eyes, head, body, hands, left-hand, "
            "right-hand; several with commas."
        ),
    ] = "face,eyes,head,body,hands",
    onto: Annotated[
        Path | None, typer.Option(help="The performance that gets these parts and keeps the others; else one at rest.")
    ] = None,
    like: Annotated[
        Path | None, typer.Option(help="A performance of the person to be driven: motion gets its range.")
    ] = None,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Take the motion as it is, not from the driver's own rest.")
    ] = False,
) -> None:
    """Make one person's motion another's: from rest, in the other's range, all of it or some parts."""
    from garrick.core.groups import listed
    from garrick.core.performance import Performance
    from garrick.core.transfer import from_rest, in_range_of, layered
    from garrick.files import make_folder, whole_file

    with one_line_errors():
        if to.suffix != ".npz":
            raise InputError(f"{to.name} must end in .npz.")
        try:
            taken = listed(parts)
        except ValueError as error:
            raise InputError(str(error)) from error
        motion = _load(driver)
        if not as_is:
            motion = from_rest(motion)
        if like is not None:
            if as_is:
                raise InputError("--like compares motion from rest; it cannot go with --as-is.")
            motion = in_range_of(motion, from_rest(_load(like)))
        base = Performance.rest(len(motion), motion.fps, motion.identity) if onto is None else _load(onto)
        made = layered(base, motion, taken)
        make_folder(to.parent)
        with whole_file(to) as aside:
            made.save(aside)
    typer.echo(f"{to}: {len(made)} frames at {float(made.fps):.6g} a second, {', '.join(taken)} of {driver}.")


def _load(path: Path) -> Performance:
    """The performance in a file or a shot folder. Raises InputError."""
    from garrick.inputs import read_performance

    return read_performance(path / "performance.npz" if path.is_dir() else path)
