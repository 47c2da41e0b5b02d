"""`garrick ...`: thin, one verb a command. Exit codes: 0 done, 1 failed, 2 usage, 130 cancelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import garrick
from garrick.cli_edit import edit
from garrick.cli_enhance import Backend, Pose, drive, retarget, sharpen
from garrick.cli_evaluate import evaluate
from garrick.cli_exchange import convert, export
from garrick.cli_match import match
from garrick.cli_preview import preview
from garrick.cli_render import Blend, JobsOnly, Only, Out, render_blend
from garrick.cli_speak import speak, voices
from garrick.cli_track import track
from garrick.doctor import doctor
from garrick.errors import InputError
from garrick.terminal import Reporter, ending, reporter, run_interruptible
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
app.command()(export)
app.command()(convert)
app.command()(speak)
app.command()(voices)
app.command()(evaluate)
app.command()(track)
app.command()(preview)
app.command()(retarget)
app.command()(edit)
app.command()(match)


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
    text: Annotated[str | None, typer.Option(help="What the audio says; without audio, what to say.")] = None,
    voice: Annotated[str, typer.Option(help="Who says the text; garrick voices lists them.")] = "hibari",
    language: Annotated[str | None, typer.Option(help="Of the text, e.g. de; else the speaker's own.")] = None,
    transcribe: Annotated[
        bool, typer.Option("--transcribe", help="Write down what the audio says and use it as the text.")
    ] = False,
    speed: Annotated[float, typer.Option(help="How fast the text is said, 0.5 to 2.")] = 1.0,
    camera: Annotated[Path | None, typer.Option(help="A camera.json to see it from; else the photo's own.")] = None,
    performance: Annotated[
        Path | None, typer.Option(help="An edited performance.npz; without a voice or a text the film is silent.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Shot folder; by default out/PORTRAIT-VOICE.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same job and seed give the same bytes.")] = 0,
    size: Annotated[str, typer.Option(help="Width and height in pixels, e.g. 512 or 512x768.")] = "512",
    framing: Annotated[str, typer.Option(help="What the frames show of the person: head or upper-body.")] = "head",
    fps: Annotated[str, typer.Option(help="Frames a second, e.g. 25, 23.976 or 30000/1001.")] = "25",
    frames: Annotated[str | None, typer.Option(help="Render only these, from 0, e.g. 0-99.")] = None,
    face_index: Annotated[int | None, typer.Option(help="Which face, from the left, from 0.")] = None,
    expression: Annotated[float, typer.Option(help="Gain of the lips and the face, 0 to 2.")] = 1.0,
    head_motion: Annotated[float, typer.Option(help="Gain of head, gaze and blinks, 0 to 2.")] = 1.0,
    gestures: Annotated[float, typer.Option(help="Gain of arms, hands and trunk, 0 to 2; at 0 arms hang.")] = 1.0,
    emotion: Annotated[str, typer.Option(help="neutral, happy, sad ...; auto: by words and voice.")] = "neutral",
    emotion_strength: Annotated[float, typer.Option(help="How much of it shows, 0 to 1.")] = 0.7,
    learned: Annotated[float, typer.Option(help="How much the mouth moves as captured people do, 0 to 1.")] = 0.5,
    style: Annotated[Path | None, typer.Option(help="A performance.npz whose manner of speaking is taken on.")] = None,
    passes: Annotated[bool, typer.Option("--passes", help="EXR with depth, ids and UV besides each PNG.")] = False,
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
        "voice": voice,
        "language": language,
        "transcribe": transcribe,
        "speed": speed,
        "camera": camera,
        "performance": performance,
        "seed": seed,
        "size": size,
        "framing": framing,
        "fps": fps,
        "frames": frames,
        "face_index": face_index,
        "expression": expression,
        "head_motion": head_motion,
        "gestures": gestures,
        "emotion": emotion,
        "emotion_strength": emotion_strength,
        "learned": learned,
        "style": style,
        "passes": passes,
    }
    tell = reporter(as_json)
    _end(_perform, settings, out, overwrite, scene, tell=tell)


@app.command()
def run(
    job_file: Annotated[Path, typer.Argument(help="A job file, .json or .toml.", metavar="JOBFILE")],
    frames: Annotated[str | None, typer.Option(help="Render only these, from 0, e.g. 100-199.")] = None,
    chunk: Annotated[int | None, typer.Option(min=1, help="Finish so many frames before the next are begun.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite/--resume", help="Start anew, or go on with what is finished.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, say what would be done, write nothing.")] = False,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="key=value instead of what the file says; again for more.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Shot folder instead of the job file's.", show_default=False)] = None,
    scene: Annotated[bool, typer.Option("--scene/--no-scene", help="Write scene.blend.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Carry out a job file, or a part of it: any parts, in any order, on any machines, make the same shot."""
    changes = [*(change or []), *([] if frames is None else [f"frames={frames}"])]
    if dry_run:
        _end(_look_ahead, job_file, changes, out, chunk, overwrite, tell=reporter(as_json))
    else:
        _end(_run, job_file, changes, out, chunk, overwrite, scene, tell=reporter(as_json))


@app.command()
def render(
    blend: Blend,
    only: Only = None,
    out: Out = None,
    chunk: Annotated[int | None, typer.Option(min=1, help="Finish so many frames before the next are begun.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite/--resume", help="Start anew, or go on with what is finished.")
    ] = False,
    jobs_only: JobsOnly = False,
    scene: Annotated[bool, typer.Option("--scene/--no-scene", help="Write a scene.blend for each shot.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Render the shots of a .blend as an artist left them: curves, cameras and camera markers as Blender plays them."""
    tell = reporter(as_json)
    how = {"overwrite": overwrite, "scene": scene, "chunk": chunk}
    _end(
        lambda tell: render_blend(
            blend, only or [], out, jobs_only, lambda job, folder: _carry_out(job, folder, tell, **how), tell
        ),
        tell=tell,
    )


@app.command()
def enhance(
    video: Backend,
    portrait: Annotated[Path, typer.Option(help="The photo that the talking head was made of.")],
    pose: Pose = None,
    camera: Annotated[Path | None, typer.Option(help="A camera.json to see it from; else the photo's own.")] = None,
    out: Annotated[Path | None, typer.Option(help="Shot folder; by default out/VIDEO-enhanced.")] = None,
    size: Annotated[str, typer.Option(help="Width and height in pixels, e.g. 512 or 512x768.")] = "512",
    face_index: Annotated[int | None, typer.Option(help="Which face, from the left, from 0.")] = None,
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="With the video's sound.")] = True,
    passes: Annotated[bool, typer.Option("--passes", help="EXR with depth, ids and UV besides each PNG.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start anew in a folder that holds a shot.")] = False,
    scene: Annotated[bool, typer.Option("--scene/--no-scene", help="Write scene.blend.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Render another tool's talking head anew from the photo: its expression, sharp, editable, from any side."""
    settings = {"portrait": portrait, "camera": camera, "size": size, "face_index": face_index, "passes": passes}
    folder = out or Path("out") / f"{video.stem}-enhanced"

    def work(tell: Reporter) -> None:
        job, driven = drive(video, pose, sound, settings | {"size": _size(size)}, folder, tell)
        same_view = pose is None and camera is None
        then = (lambda: sharpen(video, driven, folder, tell)) if same_view else None
        _carry_out(job, folder, tell, then, overwrite=overwrite, scene=scene)

    _end(work, tell=reporter(as_json))


@app.command()
def serve(
    data: Annotated[
        Path | None, typer.Option(help="Data folder; by default the user's own.", show_default=False)
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's own needs TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM.")] = None,
    insecure_network: Annotated[
        bool, typer.Option("--insecure-network", help="Serve a network without TLS: others on it can read all.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Jobs at the same time.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    idle_minutes: Annotated[float, typer.Option(min=0, help="Stop after so long without work; 0: never.")] = 0,
    keep_days: Annotated[float, typer.Option(min=0, help="Delete finished jobs after so long; 0: never.")] = 30,
    scene: Annotated[bool, typer.Option("--scene/--no-scene", help="Write scene.blend.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Serve jobs to the panel, to scripts and to farms. A second start finds the first and says where it is."""
    settings = {
        "host": host,
        "port": port,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "insecure_network": insecure_network,
        "workers": workers,
        "device": device,
        "idle_minutes": idle_minutes,
        "keep_days": keep_days,
        "scene": scene,
    }
    tell = reporter(as_json)
    _end(_serve, settings if data is None else settings | {"data": data.absolute()}, tell=tell)


def _serve(settings: dict[str, Any], tell: Reporter) -> None:
    from pydantic import ValidationError

    from garrick.jobfile import sentences
    from garrick.server.runtime import Runtime
    from garrick.server.serve import serve
    from garrick.server.settings import Settings

    try:
        checked = Settings(**settings)
    except ValidationError as error:
        raise InputError(sentences(error, option=True)) from error

    def ready(runtime: Runtime, joined: bool) -> None:
        facts = {"url": runtime.url, "pid": runtime.pid, "joined": joined, "runtime": str(checked.runtime)}
        tell.result(
            [f"{'Already serving' if joined else 'Serving'} at {runtime.url}  (token in {checked.runtime})"], facts
        )
        tell.close()  # the line must be out: what follows may take days

    serve(checked, ready)


def _end(command: Callable[..., None], *arguments: Any, tell: Reporter) -> None:
    """Run a command and turn what it raises into a line and an exit code."""
    with ending(tell):
        command(*arguments, tell)


def _perform(settings: dict[str, Any], out: Path | None, overwrite: bool, scene: bool, tell: Reporter) -> None:
    job = _job(settings)
    _carry_out(job, out or _default_folder(job), tell, overwrite=overwrite, scene=scene)


def _run(
    path: Path, changes: list[str], out: Path | None, chunk: int | None, overwrite: bool, scene: bool, tell: Reporter
) -> None:
    from garrick.jobfile import read_job_file

    file = read_job_file(path, changes)
    _carry_out(file.job, out or file.out, tell, overwrite=overwrite, scene=scene, chunk=chunk)


def _look_ahead(
    path: Path, changes: list[str], out: Path | None, chunk: int | None, overwrite: bool, tell: Reporter
) -> None:
    from garrick.context import RunContext
    from garrick.dryrun import look_ahead
    from garrick.jobfile import read_job_file

    file = read_job_file(path, changes)
    out = out or file.out
    outlook = look_ahead(file.job, out, chunk, RunContext(), overwrite)
    parts = [(part.start, part.stop - 1) for part in outlook.parts]
    frames = None if outlook.frames is None else (outlook.frames.start, outlook.frames.stop - 1)
    asked = "all frames" if frames is None else f"frames {frames[0]}-{frames[1]}, {outlook.finished} of them finished"
    tell.result(
        [f"{file.name} -> {out}: {asked}.", *(f"  --frames {first}-{last}" for first, last in parts), *outlook.notes],
        {
            "dry_run": True,
            "name": file.name,
            "out": str(out),
            "job": file.job.model_dump(mode="json"),
            "clip": outlook.clip,
            "frames": frames,
            "finished": outlook.finished,
            "parts": parts,
            "notes": outlook.notes,
        },
    )


def _carry_out(
    job: Job, out: Path, tell: Reporter, then: Callable[[], dict[str, Path]] | None = None, **how: Any
) -> None:
    """Do a job and tell how it went. then: makes more files of it.    how: what `garrick.pipeline.perform` takes."""
    from garrick.context import RunContext

    ctx = RunContext(seed=job.seed, progress=tell.progress, log=tell.log)
    result = run_interruptible(lambda: _work(job, out, ctx, how), ctx.cancel)
    for warning in result.warnings:
        tell.warning(warning)
    files = {**result.files, **(then() if then is not None else {})}
    spent = sum(result.seconds.values())
    shown = [
        name
        for name in ("preview.mp4", "enhanced.mp4", "scene.blend", "performance.npz", "report.json")
        if name in files
    ]
    tell.result(
        [
            f"{out}: frames {result.first}-{result.last} in {spent:.1f} s ({result.kept} kept from an earlier run).",
            *(f"  {verdict}" for verdict in result.verdicts),
            *(f"  {files[name]}" for name in shown),
        ],
        {
            "out": str(result.out),
            "files": {name: str(path) for name, path in files.items()},
            "frames": {"first": result.first, "last": result.last, "rendered": result.rendered, "kept": result.kept},
            "cached": list(result.cached),
            "seconds": {phase: round(value, 3) for phase, value in result.seconds.items()},
            "warnings": list(result.warnings),
            "verdicts": list(result.verdicts),
        },
    )


def _work(job: Job, out: Path, ctx: RunContext, how: dict[str, Any]) -> Result:
    from garrick.pipeline import perform  # here, so that Ctrl-C ends the import too

    return perform(job, out, ctx, **how)


def _job(settings: dict[str, Any]) -> Job:
    """The job of the command line's words. Raises InputError."""
    from garrick.jobfile import make_job, numbers

    pair = settings["frames"]
    parsed = {
        "size": _size(settings["size"]),
        "frames": None if pair is None else numbers(pair, "--frames", "-", "0-99"),
    }
    return make_job(settings | parsed, option=True)


def _size(words: str) -> tuple[int, int]:
    from garrick.jobfile import numbers

    return numbers(words, "--size", "x", "512 or 512x768")


def _default_folder(job: Job) -> Path:
    voice = "text" if job.text is not None and not job.audio else (job.audio or job.performance or job.portrait).stem
    return Path("out") / f"{job.portrait.stem}-{voice}"
