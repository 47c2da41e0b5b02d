"""`garrick ...`: thin, one verb a command. Exit codes: 0 done, 1 failed, 2 usage, 130 cancelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

import garrick
from garrick.cli_edit import edit
from garrick.cli_enhance import Backend, Pose, drive, retarget, sharpen
from garrick.cli_evaluate import evaluate
from garrick.cli_exchange import convert, export
from garrick.cli_job import carry_out, look_ahead_file, perform_job, run_file, size_of
from garrick.cli_match import match
from garrick.cli_preview import preview
from garrick.cli_render import Blend, JobsOnly, Only, Out, Prores, render_blend
from garrick.cli_serve import serve
from garrick.cli_speak import speak, voices
from garrick.cli_track import track
from garrick.doctor import doctor
from garrick.terminal import Reporter, ending, reporter
from garrick.weights.cli import weights_app

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A portrait, a voice and a line of text become an editable performance in Blender.",
)


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
    camera: Annotated[
        Path | None,
        typer.Option(help="A camera.json; orbit, dolly or handheld; else the photo's own.", metavar="FILE|MOVE"),
    ] = None,
    camera_amount: Annotated[
        float | None, typer.Option(help="Of orbit: degrees; of dolly: percent; of handheld: millimetres.")
    ] = None,
    performance: Annotated[
        Path | None, typer.Option(help="An edited performance.npz; without a voice or a text the film is silent.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Shot folder; by default out/PORTRAIT-VOICE.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same job and seed give the same bytes.")] = 0,
    seeds: Annotated[str, typer.Option(help="Seeds of groups, which make these anew, e.g. head=5,jaw=7.")] = "",
    groups: Annotated[
        str,
        typer.Option(
            help="Gain or off, smoothing, seed of groups, e.g. 'jaw=1.2,eyes=off,head=0.8 smooth 0.1 seed 5'."
        ),
    ] = "",
    size: Annotated[str, typer.Option(help="Width and height in pixels, e.g. 512 or 512x768.")] = "512",
    framing: Annotated[str, typer.Option(help="What the frames show of the person: head or upper-body.")] = "head",
    background: Annotated[
        Path | None, typer.Option(help="A picture behind the person instead of the photo's own.")
    ] = None,
    fps: Annotated[str, typer.Option(help="Frames a second, e.g. 25, 23.976 or 30000/1001.")] = "25",
    frames: Annotated[str | None, typer.Option(help="Render only these, from 0, e.g. 0-99.")] = None,
    face_index: Annotated[int | None, typer.Option(help="Which face, from the left, from 0.")] = None,
    expression: Annotated[float, typer.Option(help="Gain of the lips and the face, 0 to 2.")] = 1.0,
    head_motion: Annotated[float, typer.Option(help="Gain of head, gaze and blinks, 0 to 2.")] = 1.0,
    gestures: Annotated[float, typer.Option(help="Gain of arms, hands and trunk, 0 to 2; at 0 arms hang.")] = 1.0,
    emotion: Annotated[str, typer.Option(help="neutral, happy, sad ...; auto: by words and voice.")] = "neutral",
    emotion_strength: Annotated[float, typer.Option(help="How much of it shows, 0 to 1.")] = 0.7,
    learned: Annotated[float, typer.Option(help="How much the mouth moves as captured people do, 0 to 1.")] = 0.5,
    learned_body: Annotated[
        bool, typer.Option("--learned-body", help="Arms by the learned net; an experiment.")
    ] = False,
    style: Annotated[
        Path | None, typer.Option(help="A performance.npz or Live Link CSV whose manner of speaking is taken on.")
    ] = None,
    refine: Annotated[bool, typer.Option("--refine", help="Mend the moving face with a small net; slower.")] = False,
    passes: Annotated[bool, typer.Option("--passes", help="EXR with depth, normals, ids, UV beside each PNG.")] = False,
    prores: Annotated[bool, typer.Option("--prores", help="alpha.mov: ProRes 4444 of the person alone.")] = False,
    quality: Annotated[str, typer.Option(help="final, or draft: half the width and height.")] = "final",
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
        "camera_amount": camera_amount,
        "performance": performance,
        "seed": seed,
        "seeds": seeds,
        "groups": groups,
        "size": size,
        "framing": framing,
        "background": background,
        "fps": fps,
        "frames": frames,
        "face_index": face_index,
        "expression": expression,
        "head_motion": head_motion,
        "gestures": gestures,
        "emotion": emotion,
        "emotion_strength": emotion_strength,
        "learned": learned,
        "learned_body": learned_body,
        "style": style,
        "refine": refine,
        "passes": passes,
        "prores": prores,
        "quality": quality,
    }
    tell = reporter(as_json)
    _end(perform_job, settings, out, overwrite, scene, tell=tell)


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
        _end(look_ahead_file, job_file, changes, out, chunk, overwrite, tell=reporter(as_json))
    else:
        _end(run_file, job_file, changes, out, chunk, overwrite, scene, tell=reporter(as_json))


def render(
    blend: Blend,
    only: Only = None,
    out: Out = None,
    chunk: Annotated[int | None, typer.Option(min=1, help="Finish so many frames before the next are begun.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite/--resume", help="Start anew, or go on with what is finished.")
    ] = False,
    jobs_only: JobsOnly = False,
    prores: Prores = False,
    scene: Annotated[bool, typer.Option("--scene/--no-scene", help="Write a scene.blend for each shot.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Render the shots of a .blend as an artist left them: curves, cameras and camera markers as Blender plays them."""
    tell = reporter(as_json)
    how = {"overwrite": overwrite, "scene": scene, "chunk": chunk}
    _end(
        lambda tell: render_blend(
            blend, only or [], out, jobs_only, prores, lambda job, folder: carry_out(job, folder, tell, **how), tell
        ),
        tell=tell,
    )


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
        job, driven = drive(video, pose, sound, settings | {"size": size_of(size)}, folder, tell)
        same_view = pose is None and camera is None
        then = (lambda: sharpen(video, driven, folder, tell)) if same_view else None
        carry_out(job, folder, tell, then, overwrite=overwrite, scene=scene)

    _end(work, tell=reporter(as_json))


def _end(command: Callable[..., None], *arguments: Any, tell: Reporter) -> None:
    """Run a command and turn what it raises into a line and an exit code."""
    with ending(tell):
        command(*arguments, tell)


# In the order of `garrick --help`.
for _command in (
    perform, run, render, enhance, speak, voices, track, preview, edit, retarget, match, convert, export, evaluate,
    serve, doctor,
):  # fmt: skip
    app.command()(_command)
app.add_typer(weights_app, name="weights")
